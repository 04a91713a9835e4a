"""The bus over PostgreSQL: LISTEN on one connection, NOTIFY on another."""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any

import asyncpg  # type: ignore[import-untyped] # it ships no types

from alcove.bus.network import NetworkBus
from alcove.bus.notifications import PART_BYTES, PartAssembler, payloads
from alcove.bus.outbox import Message
from alcove.postgres_driver import connect_options
from alcove.urls import url_location


class PostgresBus(NetworkBus):
    """A bus over one notification channel of a database, named by the prefix.

    Every process receives all messages and drops those of channels that it has not subscribed to: PostgreSQL wakes
    every listener in any case.
    """

    max_bytes = PART_BYTES

    def __init__(self, url: str, prefix: str) -> None:
        """Create the bus; `start` connects it.

        Args:
            url: The address of the database.
            prefix: The name of the notification channel.

        """
        super().__init__(url_location(url))
        self._url = url
        self._notification_channel = prefix
        self._subscriber: Any = None
        self._publisher: Any = None
        self._connection_lost = asyncio.Event()
        self._parts = PartAssembler()

    async def connect(self) -> None:
        """Open both connections and start to listen (NetworkBus)."""
        self._connection_lost = lost = asyncio.Event()
        self._parts = PartAssembler()
        options = connect_options(self._url, "alcove bus", "primary")
        self._subscriber = await asyncpg.connect(self._url, **options)
        self._subscriber.add_termination_listener(lambda _: lost.set())
        await self._subscriber.add_listener(self._notification_channel, self._on_notification)
        self._publisher = await asyncpg.connect(self._url, command_timeout=5, **options)
        # Notifications do not survive a crash, so sending them need not wait for the disk.
        await self._publisher.execute("SET synchronous_commit = off")
        self.report_gap(self.subscribed)

    async def disconnect(self) -> None:
        """Close both connections (NetworkBus)."""
        for connection in (self._subscriber, self._publisher):
            if connection is not None:
                with suppress(Exception):  # the driver may raise anything for a broken connection
                    connection.terminate()

    def subscribe(self, channel: str) -> None:
        """Subscribe to the channel (Bus); no statement is sent, because this process already receives every channel."""
        super().subscribe(channel)
        # Messages that arrived before this call were dropped.
        if self.connected:
            asyncio.get_running_loop().call_soon(self.report_gap, {channel})

    async def send(self, messages: Sequence[Message]) -> None:
        """Send the messages as notifications of one transaction, which keeps their order (NetworkBus)."""
        texts = [payload for channel, message in messages for payload in payloads(self.id, channel, message)]
        await self._publisher.execute(
            "SELECT pg_notify($1, p) FROM unnest($2::text[]) WITH ORDINALITY AS u (p, n) ORDER BY n",
            self._notification_channel,
            texts,
        )

    def receivers(self) -> Sequence[Coroutine[None, None, None]]:
        """Return a coroutine that waits until the connection is lost; the driver calls `_on_notification` meanwhile."""
        return [self._wait_until_lost()]

    async def _wait_until_lost(self) -> None:
        """Wait until the listening connection is lost, then raise ConnectionError."""
        await self._connection_lost.wait()
        raise ConnectionError("the connection was lost")

    def _on_notification(self, _connection: object, _pid: int, _channel: str, payload: str) -> None:
        """Join the payload with earlier parts, and handle the message when it is complete (asyncpg's callback)."""
        if (received := self._parts.add(payload)) is not None:
            self.receive(received.channel, received.sender, received.message)
