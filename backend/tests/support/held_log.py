"""A log in memory whose calls wait until the test performs them and resolves their results."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Collection, Generator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

from alcove.item_ranges import Range
from alcove.limits import Retention
from alcove.protocol import Entry
from alcove.storage.base import (
    Draft,
    ItemSummary,
    LogUnavailableError,
    Outcome,
    Page,
    Position,
    RoomReadMark,
    RoomState,
    UnreadCount,
    UnstorableError,
)
from alcove.storage.sqlite.schema import prepare_schema
from alcove.storage.sqlite.store import SqliteStore

T = TypeVar("T")

#: A fault of a storage: either nothing was stored, or the draft was stored and the answer was lost.
Fault = Literal["nothing stored", "answer lost"]


class PendingCall:
    """One call of a log: the test performs it first, and resolves its future later."""

    def __init__(self, work: Callable[[], object], *, writes: bool) -> None:
        self.writes = writes
        self.performed = False
        self._work = work
        self._outcome: object = None
        self._future: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    def __await__(self) -> Generator[object, None, object]:
        return self._future.__await__()

    def perform(self, fault: Fault | None = None) -> None:
        """Run the statements of the call; with a fault, run them or not and fail."""
        try:
            self._outcome = None if fault == "nothing stored" else self._work()
        except (sqlite3.Error, ValueError, UnstorableError) as error:
            self._outcome = error
        if fault is not None:
            self._outcome = LogUnavailableError(fault)
        self.performed = True

    def resolve(self) -> None:
        """Resolve the caller's future with the result."""
        if self._future.done():
            return
        if isinstance(self._outcome, Exception):
            self._future.set_exception(self._outcome)
        else:
            self._future.set_result(self._outcome)


class HeldLog:
    """A log in memory with SQLite's own statements (Log); each call waits until the test performs and resolves it."""

    def __init__(self, retention: Retention | None = None) -> None:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        self.id = prepare_schema(connection, Path(":memory:"))
        self.store = SqliteStore(connection, retention or Retention())
        self.pending_calls: list[PendingCall] = []
        #: The batches that were passed to `append`.
        self.batches: list[list[Draft]] = []
        #: Whether `io_pending` is set only when the batch is performed, instead of immediately.
        self.holds_io_pending = False
        self._connection = connection

    def _hold(self, work: Callable[[], T], *, writes: bool = False) -> Awaitable[T]:
        call = PendingCall(work, writes=writes)
        self.pending_calls.append(call)
        return call  # type: ignore[return-value] # resolved with what the work returns

    def append(
        self,
        drafts: Sequence[Draft],
        io_pending: asyncio.Event | None = None,
        positions: Mapping[str, Position] | None = None,
    ) -> Awaitable[list[Outcome]]:
        """Store a batch (Log.append)."""
        self.batches.append(list(drafts))
        io_pending = io_pending or asyncio.Event()
        if not self.holds_io_pending:
            io_pending.set()
        return self._hold(lambda: self.store.append(drafts, io_pending.set, positions), writes=True)

    async def read(
        self, item: str, *, after: int | None = None, before: int | None = None, limit: int, max_bytes: int = 1 << 20
    ) -> Page:
        """Read a page of entries (Log.read)."""
        return await self._hold(lambda: self.store.read(item, after, before, limit, max_bytes))

    async def room_states(self, items: Sequence[str]) -> dict[str, RoomState]:
        """Read the state of each room (Log.room_states)."""
        return await self._hold(lambda: self.store.room_states(items))

    async def verify_history(self, item: str, position: Position) -> str:
        """Check whether a room still has the entry at the position (Log.verify_history)."""
        return await self._hold(lambda: self.store.verify_history(item, position), writes=True)

    async def move_read_marks(self, marks: Sequence[RoomReadMark]) -> list[RoomReadMark]:
        """Move read marks forward (Log.move_read_marks)."""
        return await self._hold(lambda: self.store.move_read_marks(marks), writes=True)

    async def list_rooms(
        self, ranges: Sequence[Range], member: str, *, limit: int, before: str | None = None
    ) -> list[ItemSummary]:
        """List the rooms in the ranges (Log.list_rooms)."""
        return await self._hold(lambda: self.store.list_rooms(ranges, member, limit=limit, seconds=60, before=before))

    async def count_unread(self, pairs: Sequence[tuple[str, str]]) -> list[UnreadCount]:
        """Count unread messages (Log.count_unread)."""
        return await self._hold(lambda: self.store.count_unread(pairs))

    async def entries_by_seq(self, item_seqs: Collection[tuple[str, int]]) -> dict[tuple[str, int], Entry]:
        """Read entries by item and seq (Log.entries_by_seq)."""
        return await self._hold(lambda: self.store.entries_by_seq(item_seqs))

    async def changed_since(self, at: int, *, limit: int) -> list[tuple[str, int]]:
        """List the rooms written to since a time (Log.changed_since)."""
        return await self._hold(lambda: self.store.changed_since(at, limit))

    async def read_marks(self, item: str, *, first: str, limit: int) -> list[RoomReadMark]:
        """List read marks of a room (Log.read_marks)."""
        return await self._hold(lambda: self.store.read_marks(item, first, limit))

    async def rooms_of_member(self, member: str) -> list[str]:
        """List the rooms of a member (Log.rooms_of_member)."""
        return await self._hold(lambda: self.store.rooms_of_member(member))

    async def entries_of_member(self, item: str, member: str, *, after: int, limit: int) -> list[Entry]:
        """Read entries of a member (Log.entries_of_member)."""
        return await self._hold(lambda: self.store.entries_of_member(item, member, after, limit))

    async def seqs_of(self, keys: Collection[tuple[str, str, str]]) -> dict[tuple[str, str, str], int]:
        """Return the seq of what was stored (Log)."""
        return await self._hold(lambda: self.store.seqs_of(keys))

    async def erase_member(self, items: Sequence[str], member: str) -> None:
        """Erase a member from rooms (Log.erase_member)."""
        position: tuple[int, str] | None = (0, "")
        while position is not None:
            position = await self._hold(partial(self.store.erase_author, items, member, position), writes=True)

    async def delete_room(self, item: str) -> str:
        """Hide a room (Log.delete_room)."""
        return await self._hold(lambda: self.store.delete_room(item), writes=True)

    async def remove_before(self, item: str, seq: int) -> int:
        """Remove the first entries of a room (Log.remove_before)."""
        return await self._hold(lambda: self.store.remove_before(item, seq), writes=True)

    async def remove_deleted(self) -> None:
        """Remove the rows of deleted rooms (Log.remove_deleted)."""
        while await self._hold(self.store.remove_deleted, writes=True):
            pass

    async def bus_key(self) -> bytes:
        """Return the key for messages between processes (Log.bus_key)."""
        return await self._hold(self.store.bus_key)

    async def check_writable(self) -> None:
        """Commit a small write (Log.check_writable)."""
        await self._hold(self.store.check_writable, writes=True)

    async def close(self) -> None:
        """Close the database (Log.close)."""
        self._connection.close()

    def performable(self) -> list[PendingCall]:
        """Return the calls that may be performed next, which are all that read and the first that writes."""
        waiting = [call for call in self.pending_calls if not call.performed]
        return [call for call in waiting if not call.writes] + [call for call in waiting if call.writes][:1]

    def resolvable(self) -> list[PendingCall]:
        """Return the calls that may be resolved next, which are all that read and the first that wrote."""
        performed = [call for call in self.pending_calls if call.performed]
        return [call for call in performed if not call.writes] + [call for call in performed if call.writes][:1]

    def resolve(self, call: PendingCall) -> None:
        """Resolve the future of a performed call, and remove the call."""
        self.pending_calls.remove(call)
        call.resolve()

    def settle(self, fault: Fault | None = None) -> None:
        """Perform and resolve the first pending call, or let it fail with `fault`."""
        first = self.pending_calls[0]
        first.perform(fault)
        self.resolve(first)
