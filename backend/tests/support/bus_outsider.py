"""Use a bus's server without the log's key, to read the visible messages and publish forged ones."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg  # type: ignore[import-untyped] # it ships no types
import redis.asyncio

from deploy.engines import Postgres, Redis

#: The channel of the database on which `alcove_send` says that an item has new entries.
SENDS_CHANNEL = "alcove_send"


class Outsider:
    """A client that receives every message on a bus's server, as (channel, payload)."""

    def __init__(self) -> None:
        self.received: list[tuple[str, bytes]] = []

    async def publish(self, channel: str, message: bytes) -> None:
        """Publish a message on a channel, named as on the server."""
        raise NotImplementedError


class RedisOutsider(Outsider):
    """A client that subscribes to every channel of a Redis server."""

    def __init__(self, client: "redis.asyncio.Redis") -> None:
        super().__init__()
        self._client = client

    async def publish(self, channel: str, message: bytes) -> None:
        """Publish a message with a sender's id in front, as the bus does (Outsider)."""
        await self._client.publish(channel, b"outsider0000" + message)

    @classmethod
    @asynccontextmanager
    async def connect(cls, engine: Redis, _database: str, _prefix: str) -> AsyncIterator["RedisOutsider"]:
        """Subscribe, and receive messages while the block runs."""
        async with redis.asyncio.Redis.from_url(engine.url) as client, client.pubsub() as subscriber:
            outsider = cls(client)
            await subscriber.psubscribe("*")
            await anext(subscriber.listen())  # the confirmation of the subscription

            async def listen() -> None:
                async for message in subscriber.listen():
                    outsider.received.append((message["channel"].decode(), message["data"][12:]))

            task = asyncio.create_task(listen())
            try:
                yield outsider
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


class PostgresOutsider(Outsider):
    """A role without grants, which PostgreSQL lets listen and notify like every role that may connect."""

    def __init__(self, connection: asyncpg.Connection, prefix: str) -> None:
        super().__init__()
        self._connection = connection
        self._prefix = prefix

    async def publish(self, channel: str, message: bytes) -> None:
        """Notify in the format of the bus, or on the database's own channel (Outsider)."""
        name = SENDS_CHANNEL if channel == "!sends" else self._prefix
        payload = f"outsider0000 1/1 {channel}\n{message.decode()}"
        await self._connection.execute("SELECT pg_notify($1, $2)", name, payload)

    def _on_notification(self, _connection: object, _pid: int, name: str, payload: str) -> None:
        head, _, message = payload.partition("\n")
        self.received.append((name if name == SENDS_CHANNEL else head.split()[-1], message.encode()))

    @classmethod
    @asynccontextmanager
    async def connect(cls, _engine: Postgres, database: str, prefix: str) -> AsyncIterator["PostgresOutsider"]:
        """Connect, and receive notifications while the block runs."""
        role = f"outsider_{uuid4().hex[:8]}"
        owner = await asyncpg.connect(database)
        await owner.execute(f"CREATE ROLE {role} LOGIN")
        try:
            parts = urlsplit(database)
            outsider_url = parts._replace(netloc=f"{role}@{parts.hostname}:{parts.port}").geturl()
            connection = await asyncpg.connect(outsider_url)
            outsider = cls(connection, prefix)
            for name in (prefix, SENDS_CHANNEL):
                await connection.add_listener(name, outsider._on_notification)
            try:
                yield outsider
            finally:
                await connection.close()
        finally:
            await owner.execute(f"DROP ROLE {role}")
            await owner.close()
