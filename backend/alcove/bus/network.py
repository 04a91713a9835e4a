"""What buses over a network share: one connection kept up, a bounded outbox, and a message to itself as its pulse."""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Coroutine, Sequence
from uuid import uuid4

from alcove import background
from alcove.bus.base import OnGap, OnMessage
from alcove.descriptors import reserve

log = logging.getLogger("alcove.bus")

#: Seconds between two messages to itself, and until one that has not come back makes the bus count as down.
_PULSE_S = 0.5
_ECHO_S = 0.5
#: Seconds after which a silent connection is given up, and one that does not open.
_SILENT_S = 5.0
_CONNECT_S = 3.0
#: Seconds before the next attempt to connect, growing to the second.
_RETRY_S = (0.1, 1.0)
#: What waits to be published, at most, in messages and bytes; beyond, it is lost, and that is told.
_WAITING = 20_000
_WAITING_BYTES = 16 * 1024 * 1024
#: The channel on which a process tells that what it published before may be lost. No channel of others has a `~`.
_ALL = "~all"

Message = tuple[str, bytes]


class NetworkBus:
    """A Bus whose medium is someone else's server. Subclasses say how to connect, tell and hear."""

    shared = True
    #: The largest message in bytes for which no brief one stands in.
    max_bytes = 256 * 1024
    #: It reads no message, so it cannot tell (Bus).
    mixed = False

    def __init__(self, name: str) -> None:
        #: For people; without a password (A6).
        self.name = name
        self.id = uuid4().hex[:12]
        self.up = False
        self.wanted: set[str] = set()
        self._own = f"~{self.id}"
        self._waiting: deque[Message] = deque()
        self._bytes = 0
        self._connected = False
        self._lost = False
        self._news = asyncio.Event()
        self._echo = asyncio.Event()
        self._began = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._complained = False

    # --- what a medium does

    async def connect(self) -> None:
        """Open the connections and hear `listening`."""
        raise NotImplementedError

    async def disconnect(self) -> None:
        """Let go of the connections, whatever state they are in."""
        raise NotImplementedError

    async def send(self, messages: Sequence[Message]) -> None:
        """Publish in order."""
        raise NotImplementedError

    def receive(self) -> Sequence[Coroutine[None, None, None]]:
        """What hears: each works until the connection is lost, then raises."""
        raise NotImplementedError

    def wants(self) -> None:
        """`wanted` changed."""

    @property
    def listening(self) -> set[str]:
        """Every channel to hear: those that are wanted, and those of the house."""
        return self.wanted | {self._own, _ALL}

    # --- Bus

    async def start(self, heard: OnMessage, restored: OnGap) -> None:
        """Connect, and keep connected (Bus)."""
        self._heard = heard
        self._restored = restored
        self._task = asyncio.create_task(self._keep())
        try:
            async with asyncio.timeout(_CONNECT_S):
                await self._began.wait()
        except TimeoutError:
            log.warning("%s does not answer: readers are fed from the log until it does", self.name)

    def subscribe(self, channel: str) -> None:
        """Hear the channel from soon on (Bus)."""
        self.wanted.add(channel)
        self.wants()

    def unsubscribe(self, channel: str) -> None:
        """Hear the channel no more (Bus)."""
        self.wanted.discard(channel)
        self.wants()

    def publish(self, channel: str, message: bytes, brief: bytes | None = None) -> None:
        """Tell the other processes (Bus)."""
        if brief is not None and len(message) > self.max_bytes:
            message = brief
        if not self._connected or len(self._waiting) >= _WAITING or self._bytes > _WAITING_BYTES:
            self._lost = True
            return
        self._waiting.append((channel, message))
        self._bytes += len(message)
        self._news.set()

    async def close(self) -> None:
        """Tell what was still to be told, and let go of the connection (Bus)."""
        if self._task is None:
            return
        # What waits was told when a message that comes after it has come back.
        self._echo.clear()
        if self.up and not await self._echoes():
            log.info("%s: what was last told may be lost", self.name)
        await background.end(self._task)

    # --- keeping it up

    def hear(self, channel: str, sender: str, message: bytes) -> None:
        """A message came."""
        if sender == self.id:
            if channel == self._own:
                self._echo.set()
        elif channel == _ALL:
            self.missed(self.wanted)
        elif channel in self.wanted:
            self._heard(channel, message)

    def missed(self, channels: set[str]) -> None:
        """Messages on these channels may have been missed; they are heard now."""
        if channels:
            self._restored(frozenset(channels))

    async def _keep(self) -> None:
        """Connect, again and again."""
        wait = _RETRY_S[0]
        while True:
            try:
                with reserve.lent():
                    async with asyncio.timeout(_CONNECT_S):
                        await self.connect()
                wait = _RETRY_S[0]
                self._connected = self._lost = True
                self._news.set()
                await self._live()
            except Exception as error:  # noqa: BLE001 - whatever it is, the bus is a hint, and another try is due
                self._complain(error)
            finally:
                self.up = self._connected = False
                self._waiting.clear()
                self._bytes = 0
                await self.disconnect()
            await asyncio.sleep(wait * random.uniform(0.5, 1))  # noqa: S311 - spreads attempts, guards nothing
            wait = min(2 * wait, _RETRY_S[1])

    async def _live(self) -> None:
        """Hear, tell and feel the pulse until one of them fails; raise what it raised."""
        works = [asyncio.create_task(work) for work in (*self.receive(), self._send(), self._pulse())]
        try:
            done, _ = await asyncio.wait(works, return_when=asyncio.FIRST_COMPLETED)
            for work in done:
                work.result()
        finally:
            await background.end(*works)

    async def _send(self) -> None:
        """Publish what waits, all of it at a time."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._waiting:
                messages = list(self._waiting)
                self._waiting.clear()
                self._bytes = 0
                await self.send(messages)
            if self._lost:
                self._lost = False
                await self.send([(_ALL, b"")])

    async def _pulse(self) -> None:
        """Tell oneself something; the bus is up while that comes back in time."""
        while True:
            self._echo.clear()
            async with asyncio.timeout(_SILENT_S):
                while not await self._echoes():
                    self.up = False
            if not self.up:
                self.up = True
                if self._complained:
                    log.warning("%s answers again", self.name)
                    self._complained = False
                self._began.set()
                self.missed(self.wanted)
            await asyncio.sleep(_PULSE_S)

    async def _echoes(self) -> bool:
        """Whether what one tells oneself comes back in time."""
        self.publish(self._own, b"")
        try:
            async with asyncio.timeout(_ECHO_S):
                await self._echo.wait()
        except TimeoutError:
            return False
        return True

    def _complain(self, error: Exception) -> None:
        """Say once that it is down."""
        if not self._complained:
            self._complained = True
            log.warning("%s is down: %s", self.name, str(error) or type(error).__name__)
