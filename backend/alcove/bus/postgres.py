"""The bus over PostgreSQL: LISTEN on a connection of its own, NOTIFY on another."""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any

import asyncpg  # type: ignore[import-untyped] # it ships no types

from alcove.bus.network import Message, NetworkBus
from alcove.postgres_driver import connect_options
from alcove.urls import place

#: Bytes of a message in one notification: with its first line it stays below PostgreSQL's 8000.
_PART_BYTES = 7500
#: Parts that a message may have.
_PARTS = 256


class PostgresBus(NetworkBus):
    """A Bus over one channel of a database's notifications, named by the prefix.

    A payload is `sender part/parts channel`, a newline, and the message or one part of it. Every process gets all of
    them and drops what it does not want: PostgreSQL wakes every listener in any case.
    """

    max_bytes = _PART_BYTES

    def __init__(self, url: str, prefix: str) -> None:
        super().__init__(place(url))
        self._url = url
        self._channel = prefix
        self._subscriber: Any = None
        self._publisher: Any = None
        self._lost_ear = asyncio.Event()
        #: The parts of a message that have come: its sender, its channel, and their texts.
        self._partial: tuple[str, str, list[str]] = "", "", []

    async def connect(self) -> None:
        """Open both connections (NetworkBus)."""
        self._lost_ear = lost = asyncio.Event()
        self._partial = "", "", []
        options = connect_options(self._url, "alcove bus", "primary")
        self._subscriber = await asyncpg.connect(self._url, **options)
        self._subscriber.add_termination_listener(lambda _: lost.set())
        await self._subscriber.add_listener(self._channel, self._notified)
        self._publisher = await asyncpg.connect(self._url, command_timeout=5, **options)
        # Notifications do not outlive a crash, so telling need not wait for the disk.
        await self._publisher.execute("SET synchronous_commit = off")
        self.missed(self.wanted)

    async def disconnect(self) -> None:
        """Close both (NetworkBus)."""
        for connection in (self._subscriber, self._publisher):
            if connection is not None:
                with suppress(Exception):  # it may be broken in any way
                    connection.terminate()

    def subscribe(self, channel: str) -> None:
        """Hear the channel: what comes is heard from now on (Bus)."""
        super().subscribe(channel)
        if self._connected:
            asyncio.get_running_loop().call_soon(self.missed, {channel})

    async def send(self, messages: Sequence[Message]) -> None:
        """Notify in one transaction, in order (NetworkBus)."""
        payloads = [payload for channel, message in messages for payload in _payloads(self.id, channel, message)]
        await self._publisher.execute(
            "SELECT pg_notify($1, p) FROM unnest($2::text[]) WITH ORDINALITY AS u (p, n) ORDER BY n",
            self._channel,
            payloads,
        )

    def receive(self) -> Sequence[Coroutine[None, None, None]]:
        """Wait until the connection is lost: what comes is heard meanwhile (NetworkBus)."""
        return [self._wait()]

    async def _wait(self) -> None:
        await self._lost_ear.wait()
        raise ConnectionError("the connection was lost")

    def _notified(self, _connection: object, _pid: int, _channel: str, payload: str) -> None:
        """Hear a notification, or put a part to those before; whatever has another form is not ours.

        Whoever may connect may notify, so nothing here is taken for granted.
        """
        head, _, text = payload.partition("\n")
        try:
            sender, part, channel = head.split(" ", 2)
            number, parts = map(int, part.split("/"))
        except ValueError:
            return
        if parts > 1:
            # The parts of a message come one after the other: they were told in one transaction.
            gathered = self._partial[2] if self._partial[:2] == (sender, channel) else []
            if number != len(gathered) + 1 or parts > _PARTS:
                gathered = []
            gathered.append(text)
            self._partial = sender, channel, gathered
            if number < parts or len(gathered) < parts:
                return
            text = "".join(gathered)
        self._partial = "", "", []
        self.hear(channel, sender, text.encode())


def _payloads(sender: str, channel: str, message: bytes) -> list[str]:
    """The message as one notification or several; too large for any number, it stays unsaid."""
    cuts = [0]
    while len(message) - cuts[-1] > _PART_BYTES:
        cut = cuts[-1] + _PART_BYTES
        while message[cut] & 0xC0 == 0x80:  # within a character (UTF-8)
            cut -= 1
        cuts.append(cut)
    if len(cuts) > _PARTS:
        return []
    ends = [*cuts[1:], len(message)]
    return [
        f"{sender} {n}/{len(cuts)} {channel}\n{message[cut:end].decode()}"
        for n, (cut, end) in enumerate(zip(cuts, ends, strict=True), 1)
    ]
