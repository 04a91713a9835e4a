"""The bus over Redis: pub/sub, one connection to hear, one to tell."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from alcove.bus.network import Message, NetworkBus

#: Bytes that a process's id takes at the beginning of a payload.
_ID = 12


class RedisBus(NetworkBus):
    """A Bus over `redis://` or `rediss://`, with password and database number as the URL has them."""

    def __init__(self, url: str, prefix: str) -> None:
        parts = urlsplit(url)
        super().__init__(f"{parts.scheme}://{parts.hostname}:{parts.port or 6379}{parts.path}")
        # Connections are used as they are: whoever reconnects on his own would not tell what was lost meanwhile.
        self._pool = ConnectionPool.from_url(url, protocol=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0))
        # Pub/sub knows no databases, so the number is part of the channels' names.
        self._prefix = f"{prefix}:{parts.path.strip('/') or '0'}:"
        # Not connected yet; each is used for one life of the link.
        self._subscriber, self._publisher = self._connections()
        self._heard_now: set[str] = set()
        self._changed = asyncio.Event()

    async def connect(self) -> None:
        """Open both connections (NetworkBus)."""
        self._heard_now = set()
        self._subscriber, self._publisher = self._connections()
        await self._subscriber.connect()  # type: ignore[no-untyped-call] # it ships half its types
        await self._publisher.connect()  # type: ignore[no-untyped-call] # the same
        self._changed.set()

    async def disconnect(self) -> None:
        """Close both (NetworkBus)."""
        for connection in (self._subscriber, self._publisher):
            with suppress(Exception):  # it may be broken in any way
                await connection.disconnect(nowait=True)

    def _connections(self) -> tuple[AbstractConnection, AbstractConnection]:
        make: Callable[[], AbstractConnection] = self._pool.make_connection  # it ships half its types
        return make(), make()

    def wants(self) -> None:
        """Subscribe, or unsubscribe, soon (NetworkBus)."""
        self._changed.set()

    async def send(self, messages: Sequence[Message]) -> None:
        """Publish in one go (NetworkBus)."""
        own = self.id.encode()
        commands = [("PUBLISH", self._prefix + channel, own + message) for channel, message in messages]
        await self._publisher.send_packed_command(self._publisher.pack_commands(commands))
        for _ in commands:
            await self._publisher.read_response()

    def receive(self) -> Sequence[Coroutine[None, None, None]]:
        """Hear, and follow what is wanted (NetworkBus)."""
        return [self._hear(), self._follow()]

    async def _hear(self) -> None:
        cut = len(self._prefix)
        while True:
            kind, name, payload = await self._subscriber.read_response(disable_decoding=True)
            channel = name.decode()[cut:]
            if kind == b"message":
                self.hear(channel, payload[:_ID].decode(), payload[_ID:])
            elif kind == b"subscribe" and channel in self.wanted:
                self.missed({channel})

    async def _follow(self) -> None:
        """Tell Redis which channels are wanted, as that changes."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            listening = self.listening
            for command, channels in (
                ("SUBSCRIBE", listening - self._heard_now),
                ("UNSUBSCRIBE", self._heard_now - listening),
            ):
                if channels:
                    await self._subscriber.send_command(command, *[self._prefix + channel for channel in channels])
            self._heard_now = listening
