"""The bus over Redis pub/sub: one connection subscribes, another one publishes."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from alcove.bus.network import NetworkBus
from alcove.bus.outbox import Message

#: Bytes of the sender's id, with which a payload begins.
_ID_BYTES = 12


class RedisBus(NetworkBus):
    """A bus over a Redis server. The database number of the URL becomes part of the channels' names."""

    def __init__(self, url: str, prefix: str) -> None:
        """Create the bus; `start` connects it.

        Args:
            url: `redis://` or `rediss://` with host, and perhaps password and database number.
            prefix: The prefix of the channels' names on the server.

        """
        parts = urlsplit(url)
        super().__init__(f"{parts.scheme}://{parts.hostname}:{parts.port or 6379}{parts.path}")
        # Without the library's own retries: they would hide a reconnect, and with it the loss of messages.
        self._pool = ConnectionPool.from_url(url, protocol=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0))
        # Pub/sub ignores the database number, so it is part of the channels' names.
        self._prefix = f"{prefix}:{parts.path.strip('/') or '0'}:"
        # Replaced at each attempt to connect.
        self._subscriber, self._publisher = self._make_connections()
        #: The channels that the server was told to subscribe to.
        self._applied_channels: set[str] = set()
        #: Set when `channels` may differ from these.
        self._channels_changed = asyncio.Event()

    async def connect(self) -> None:
        """Open both connections, and start to subscribe to all channels (NetworkBus)."""
        self._applied_channels = set()
        self._subscriber, self._publisher = self._make_connections()
        await self._subscriber.connect()  # type: ignore[no-untyped-call] # it ships half its types
        await self._publisher.connect()  # type: ignore[no-untyped-call] # as above
        self._channels_changed.set()

    async def disconnect(self) -> None:
        """Close both connections (NetworkBus)."""
        for connection in (self._subscriber, self._publisher):
            with suppress(Exception):  # the driver may raise anything for a broken connection
                await connection.disconnect(nowait=True)

    def _make_connections(self) -> tuple[AbstractConnection, AbstractConnection]:
        """Create the connections for subscribing and publishing; they are not connected yet."""
        make: Callable[[], AbstractConnection] = self._pool.make_connection  # it ships half its types
        return make(), make()

    def on_subscriptions_changed(self) -> None:
        """Wake the task that sends SUBSCRIBE and UNSUBSCRIBE (NetworkBus)."""
        self._channels_changed.set()

    async def send(self, messages: Sequence[Message]) -> None:
        """Send a PUBLISH for each message in one pipeline, and read the replies (NetworkBus)."""
        own_id = self.id.encode()
        commands = [("PUBLISH", self._prefix + channel, own_id + message) for channel, message in messages]
        await self._publisher.send_packed_command(self._publisher.pack_commands(commands))
        for _ in commands:
            await self._publisher.read_response()

    def receivers(self) -> Sequence[Coroutine[None, None, None]]:
        """Return two coroutines: one receives messages, the other applies changed subscriptions (NetworkBus)."""
        return [self._receive_messages(), self._apply_subscriptions()]

    async def _receive_messages(self) -> None:
        """Read messages and confirmed subscriptions from the server until the connection is lost."""
        prefix_chars = len(self._prefix)
        while True:
            kind, name, payload = await self._subscriber.read_response(disable_decoding=True)
            channel = name.decode()[prefix_chars:]
            if kind == b"message":
                self.receive(channel, payload[:_ID_BYTES].decode(), payload[_ID_BYTES:])
            elif kind == b"subscribe" and channel in self.subscribed:
                self.report_gap({channel})

    async def _apply_subscriptions(self) -> None:
        """After every change, send SUBSCRIBE for the added channels, and UNSUBSCRIBE for the removed ones."""
        while True:
            await self._channels_changed.wait()
            self._channels_changed.clear()
            channels = self.channels
            for command, difference in (
                ("SUBSCRIBE", channels - self._applied_channels),
                ("UNSUBSCRIBE", self._applied_channels - channels),
            ):
                if difference:
                    await self._subscriber.send_command(command, *[self._prefix + channel for channel in difference])
            self._applied_channels = channels
