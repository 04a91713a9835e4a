"""Run the list of rooms on a log in memory, with clients that decode their lines."""

import asyncio
import json
from typing import Any

from alcove.access.authenticator import Authenticator, Caller
from alcove.access.revocations import Revocations
from alcove.access.tokens import Claims, Keys
from alcove.clock import now_ms
from alcove.protocol import Person, raw
from alcove.rooms.list_feed import ListFeed
from alcove.rooms.list_reader import ListReader
from alcove.storage.base import Draft
from tests.support.fake_connection import FakeConnection
from tests.support.held_log import HeldLog
from tests.support.turns import run_turns

_FAR_FUTURE = 4_000_000_000.0


class ListHarness:
    """A ListFeed in signed mode on a HeldLog."""

    def __init__(self) -> None:
        self.log = HeldLog()
        self.revocations = Revocations()
        self.feed = ListFeed(self.log, Authenticator(Keys("s" * 32, None, 0), self.revocations))

    def write(self, *items: str, body: str = "hello", id: str | None = None) -> None:
        """Store a message in each room, as another process would."""
        for item in items:
            head = self.log.store.room_states([item])[item].head
            draft = Draft(item, "message", id or f"id-{head}", Person("eve", "Eve"), now_ms(), raw(body))
            self.log.store.append([draft], lambda: None)

    async def follow(
        self, items: dict[str, str] | None = None, *, member: str = "ada", pending: int = 100, reads: bool = True
    ) -> "FakeListClient":
        """Let a member follow the list."""
        person = Person(member, member)
        caller = Caller(person, Claims(member, _FAR_FUTURE, member, 1.0, {"*": "r"} if items is None else items))
        socket = FakeConnection(reads=reads)
        reader = ListReader(socket, caller, prefix="", limit=10, pending_limit=pending)
        starting = asyncio.create_task(self.feed.start(reader))
        await self.settle()
        self.feed.send_latest(reader, await starting)
        await run_turns()
        return FakeListClient(reader, socket)

    async def settle(self) -> None:
        """Perform and answer storage calls until none is waiting."""
        await run_turns()
        while self.log.pending_calls:
            self.log.settle()
            await run_turns()

    async def close(self) -> None:
        """Cancel the background tasks."""
        await self.feed.close()
        await self.log.close()


class FakeListClient:
    """A client of the list of rooms in memory."""

    def __init__(self, reader: ListReader, socket: FakeConnection) -> None:
        self.reader = reader
        self.socket = socket

    def lines(self) -> list[dict[str, Any]]:  # Any: what JSON holds
        """Return the lines that the client has read since the last call."""
        lines = [json.loads(line) for frame in self.socket.frames for line in frame.split(b"\n")]
        self.socket.frames.clear()
        return lines

    def new_items(self) -> list[str]:
        """Return the items of the lines that the client has read since the last call."""
        return [line["item"] for line in self.lines() if line["type"] == "item"]
