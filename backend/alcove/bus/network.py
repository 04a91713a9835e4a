"""The base class of buses over a network: reconnects, queues messages, and checks that messages arrive.

Each process subscribes to its own channel and publishes to it every half second. The bus is up while these messages
(echoes) come back.
"""

import asyncio
import logging
import random
from collections.abc import Coroutine, Sequence
from uuid import uuid4

from alcove import background
from alcove.bus.base import OnGap, OnMessage
from alcove.bus.outbox import Message, Outbox
from alcove.descriptors import reserve

logger = logging.getLogger(__name__)

#: Seconds between the return of an echo and the next echo.
_ECHO_PERIOD_S = 0.5
#: Seconds after which the bus counts as down if an echo has not returned.
_ECHO_TIMEOUT_S = 0.5
#: Seconds without an echo after which the connection is closed.
_SILENT_S = 5.0
#: Seconds after which an attempt to connect fails.
_CONNECT_S = 3.0
#: The first and the longest delay between two attempts to connect, in seconds; each delay is twice the one before.
_BACKOFF_S = (0.1, 1.0)
#: The channel on which a process reports that messages it published may be lost. No other channel begins with `~`.
_LOSS_CHANNEL = "~all"


class NetworkBus:
    """A bus over a server. Subclasses connect, send and receive (Bus)."""

    shared = True
    max_bytes = 256 * 1024
    #: Always False: this bus does not decode messages, so it does not know their version (Bus).
    mixed_versions = False

    def __init__(self, address: str) -> None:
        """Create the bus; `start` connects it.

        Args:
            address: The name of the server in log messages, without a password (A6).

        """
        self.address = address
        #: The id of this process on the bus.
        self.id = uuid4().hex[:12]
        #: Whether echoes arrive (Bus).
        self.up = False
        #: The channels that callers subscribed to.
        self.subscribed: set[str] = set()
        self._echo_channel = f"~{self.id}"
        self._outbox = Outbox()
        self._connected = False
        #: Set when the echo published last has arrived.
        self._echo_received = asyncio.Event()
        self._first_echo_received = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._down_logged = False

    # --- what subclasses implement

    async def connect(self) -> None:
        """Open the connections and subscribe to `channels`. Raises any error of the driver."""
        raise NotImplementedError

    async def disconnect(self) -> None:
        """Close the connections, which may be in any state."""
        raise NotImplementedError

    async def send(self, messages: Sequence[Message]) -> None:
        """Publish the messages in this order. Raises any error of the driver."""
        raise NotImplementedError

    def receivers(self) -> Sequence[Coroutine[None, None, None]]:
        """Return coroutines that receive messages until the connection is lost; each then raises the driver's error."""
        raise NotImplementedError

    def on_subscriptions_changed(self) -> None:
        """Start to apply a change of `channels`; called after each change."""

    # --- what subclasses call

    @property
    def channels(self) -> set[str]:
        """All channels to receive: those that callers subscribed to, and the two that the bus itself needs."""
        return self.subscribed | {self._echo_channel, _LOSS_CHANNEL}

    @property
    def connected(self) -> bool:
        """Whether `connect` has succeeded and the connection is not lost."""
        return self._connected

    def receive(self, channel: str, sender: str, message: bytes) -> None:
        """Pass a received message on, or handle it as an echo or a report of lost messages.

        Args:
            channel: The channel on which it arrived.
            sender: The id of the process that published it.
            message: The message.

        """
        if sender == self.id:
            if channel == self._echo_channel:
                self._echo_received.set()
        elif channel == _LOSS_CHANNEL:
            self.report_gap(self.subscribed)
        elif channel in self.subscribed:
            self._on_message(channel, message)

    def report_gap(self, channels: set[str]) -> None:
        """Call `on_gap` with these subscribed channels, on which messages may have been lost."""
        if channels:
            self._on_gap(frozenset(channels))

    # --- Bus

    async def start(self, on_message: OnMessage, on_gap: OnGap) -> None:
        """Start to connect; return when the first echo has arrived, or after 3 s without one (Bus)."""
        self._on_message = on_message
        self._on_gap = on_gap
        self._task = asyncio.create_task(self._stay_connected())
        try:
            async with asyncio.timeout(_CONNECT_S):
                await self._first_echo_received.wait()
        except TimeoutError:
            logger.warning("%s does not answer: until it does, entries are read from the log", self.address)

    def subscribe(self, channel: str) -> None:
        """Subscribe to the channel (Bus)."""
        self.subscribed.add(channel)
        self.on_subscriptions_changed()

    def unsubscribe(self, channel: str) -> None:
        """Unsubscribe from the channel (Bus)."""
        self.subscribed.discard(channel)
        self.on_subscriptions_changed()

    def publish(self, channel: str, message: bytes, fallback: bytes | None = None) -> None:
        """Add the message to the outbox, or its fallback if it is too large (Bus)."""
        if fallback is not None and len(message) > self.max_bytes:
            message = fallback
        self._outbox.put(channel, message)

    async def close(self) -> None:
        """Send the messages in the outbox, wait up to half a second for an echo after them, and disconnect (Bus)."""
        if self._task is None:
            return
        # Messages keep their order: when this echo returns, all messages before it were sent.
        self._echo_received.clear()
        if self.up and not await self._echo_returns():
            logger.info("%s: the last messages may be lost", self.address)
        await background.cancel(self._task)

    # --- staying connected

    async def _stay_connected(self) -> None:
        """Connect, serve the connection until it is lost, and connect again after a delay, until cancelled."""
        delay = _BACKOFF_S[0]
        while True:
            try:
                with reserve.lend():
                    async with asyncio.timeout(_CONNECT_S):
                        await self.connect()
                delay = _BACKOFF_S[0]
                self._connected = True
                self._outbox.open()
                await self._serve()
            except Exception as error:  # noqa: BLE001 - no error of a driver may end the attempts
                self._log_down(error)
            finally:
                self.up = self._connected = False
                self._outbox.close()
                await self.disconnect()
            await asyncio.sleep(delay * random.uniform(0.5, 1))  # noqa: S311 - spreads attempts, guards nothing
            delay = min(2 * delay, _BACKOFF_S[1])

    async def _serve(self) -> None:
        """Receive, send and check echoes until one of these tasks fails; raise its error."""
        tasks = [asyncio.create_task(work) for work in (*self.receivers(), self._send(), self._check_echoes())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await background.cancel(*tasks)

    async def _send(self) -> None:
        """Send the outbox's messages as they are added; if some were lost, tell the other processes."""
        while True:
            await self._outbox.wait()
            while messages := self._outbox.take():
                await self.send(messages)
            if self._outbox.take_loss():
                await self.send([(_LOSS_CHANNEL, b"")])

    async def _check_echoes(self) -> None:
        """Publish echoes, and set `up` by whether they arrive in time. Raises TimeoutError after 5 s without one."""
        while True:
            self._echo_received.clear()
            async with asyncio.timeout(_SILENT_S):
                while not await self._echo_returns():
                    self.up = False
            if not self.up:
                self._mark_up()
            await asyncio.sleep(_ECHO_PERIOD_S)

    async def _echo_returns(self) -> bool:
        """Publish an echo, and return whether it arrives within half a second."""
        self.publish(self._echo_channel, b"")
        try:
            async with asyncio.timeout(_ECHO_TIMEOUT_S):
                await self._echo_received.wait()
        except TimeoutError:
            return False
        return True

    def _mark_up(self) -> None:
        """Mark the bus as up, and report a gap on all channels: messages may have been lost while it was down."""
        self.up = True
        if self._down_logged:
            logger.warning("%s answers again", self.address)
            self._down_logged = False
        self._first_echo_received.set()
        self.report_gap(self.subscribed)

    def _log_down(self, error: Exception) -> None:
        """Log an error as a warning, but only the first one since the bus was up."""
        if not self._down_logged:
            self._down_logged = True
            logger.warning("%s is down: %s", self.address, str(error) or type(error).__name__)
