"""The log in PostgreSQL, which processes share: one statement a batch, locks in the items' order, dense numbers."""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import asyncpg  # type: ignore[import-untyped] # it ships no types
from msgspec import UNSET

from alcove import background
from alcove.clock import now_ms
from alcove.item_ranges import Range
from alcove.postgres_driver import ERRORS, PoolerError, check_sessions, connect_options
from alcove.protocol import Entry
from alcove.storage.base import (
    Appended,
    Draft,
    ItemSummary,
    ListLimits,
    LockMode,
    LogUnavailableError,
    LogUnusableError,
    Outcome,
    Page,
    Position,
    Refused,
    Retention,
    RoomReadMark,
    RoomState,
    UnreadCount,
)
from alcove.storage.list_queue import ListQueue
from alcove.storage.postgres.connections import CONNECT_S, Connections
from alcove.storage.postgres.item_list import count_unread, list_rooms
from alcove.storage.postgres.lock import PostgresLock
from alcove.storage.postgres.schema import prepare
from alcove.storage.queries import load_queries
from alcove.storage.rows import entry_from_row, removed_entry
from alcove.urls import place

_SQL = load_queries(Path(__file__).with_name("queries.sql"))
#: Seconds that what was begun has to finish, and connections to close, when the process ends.
_CLOSE_S = 1.0
#: Seconds between two sweeps of what retention lets go in rooms nobody writes to; one process does it for all.
_SWEEP_S = 3600.0
_SWEEP_LOCK = 0x416C6377


class PostgresLog:
    """A log in a database (Log)."""

    def __init__(
        self, connections: Connections, log_id: str, retention: Retention, lists: ListLimits | None = None
    ) -> None:
        self.id = log_id
        self._connections = connections
        self._retention = retention
        self._list_limits = lists or ListLimits()
        self._lists = ListQueue(self._list_limits)
        self._turn = asyncio.Lock()
        self._begun: set[asyncio.Task[list[Outcome]]] = set()
        self._sweeper = asyncio.create_task(self._sweep()) if retention.days or retention.entries else None

    @classmethod
    async def open(
        cls,
        url: str,
        retention: Retention,
        connections: int = 8,
        lock_mode: LockMode | None = None,
        lists: ListLimits | None = None,
    ) -> Self:
        """Connect with up to `connections`, and make the schema where there is none; lock it as `hold` says.

        Raises LogUnusableError with one line for the operator.
        """
        lock: PostgresLock | None = None
        try:
            await check_sessions(url)
            # Before the schema is looked at: a process of another version may be using it.
            lock = None if lock_mode is None else await PostgresLock.take(url, place(url), lock_mode)
            options = connect_options(url, "alcove", "read-write")
            connection = await asyncpg.connect(url, timeout=CONNECT_S, command_timeout=60, **options)
            try:
                log_id = await prepare(connection)
            finally:
                await connection.close(timeout=CONNECT_S)
            return cls(await Connections.open(url, connections, lock), log_id, retention, lists)
        except BaseException as error:
            if lock is not None:
                await lock.close()
            if isinstance(error, LogUnusableError | PoolerError):
                raise LogUnusableError(f"{place(url)}: {error}") from None
            if isinstance(error, (*ERRORS, ValueError)):
                reason = error or type(error).__name__
                raise LogUnusableError(f"{place(url)} cannot be used as a log: {reason}") from error
            raise

    def append(
        self,
        drafts: Sequence[Draft],
        io_pending: asyncio.Event | None = None,
        seen: Mapping[str, Position] | None = None,
    ) -> Awaitable[list[Outcome]]:
        """Store a batch (Log)."""
        io_pending = io_pending or asyncio.Event()
        task = asyncio.create_task(self._append(drafts, io_pending, seen or {}))
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)
        task.add_done_callback(lambda _: io_pending.set())
        return task

    async def _append(
        self, drafts: Sequence[Draft], io_pending: asyncio.Event, seen: Mapping[str, Position]
    ) -> list[Outcome]:
        if not drafts:
            return []
        columns = zip(*map(_row, drafts), strict=True)
        positions = [(item, position.log, position.head, position.at) for item, position in seen.items()]
        compared = map(list, zip(*positions, strict=True)) if positions else [None] * 4
        # One batch after the other, so that what one process hands in keeps its order (S2).
        async with self._turn, self._connections.writing() as connection:
            # In the loop's next turn, when the statement has been sent.
            asyncio.get_running_loop().call_soon(io_pending.set)
            rows = await connection.fetch(_SQL["append"], *map(list, columns), *self._bounds(), *compared)
            known = {(draft.item, row[0]) for draft, row in zip(drafts, rows, strict=True) if row[2]}
            stood = await self._entries(connection, known) if known else {}
        return [_outcome(draft, row, stood) for draft, row in zip(drafts, rows, strict=True)]

    async def _entries(self, connection: Any, places: Collection[tuple[str, int]]) -> dict[tuple[str, int], Entry]:
        """The entries at these items and seqs, but those that retention removed."""
        items, seqs = zip(*sorted(places), strict=True)
        rows = await connection.fetch(_SQL["entries"], list(items), list(seqs))
        return {(row[10], row[0]): entry_from_row(row[:10]) for row in map(tuple, rows)}

    async def read(
        self, item: str, *, after: int | None = None, before: int | None = None, limit: int, max_bytes: int = 1 << 20
    ) -> Page:
        """A page of entries (Log)."""
        query, bound = ("entries_before", before) if after is None else ("entries_after", after)
        async with self._connections.reading() as connection:
            rows = [tuple(row) for row in await connection.fetch(_SQL[query], item, bound, limit, max_bytes)]
        if not rows:
            return Page([], oldest=1, head=0, log=self.id)
        oldest, head, log_id = rows[0][10:]
        entries = [entry_from_row(row[:10]) for row in rows if row[0] is not None]
        return Page(entries, oldest=oldest, head=head, log=log_id)

    async def room_states(self, items: Sequence[str]) -> dict[str, RoomState]:
        """The rooms' states (Log)."""
        async with self._connections.reading() as connection:
            rows = await connection.fetch(_SQL["rooms"], list(items))
        states = {item: RoomState(log=self.id, oldest=1, head=0, reads={}) for item in items}
        for item, log_id, oldest, head, members, seqs in rows:
            reads = dict(zip(members or (), seqs or (), strict=True))
            states[item] = RoomState(log=log_id, oldest=oldest, head=head, reads=reads)
        return states

    async def verify_history(self, item: str, seen: Position) -> str:
        """Compare what was seen of a room with what it holds (Log)."""
        async with self._connections.writing() as connection:
            return str(await connection.fetchval(_SQL["verify"], item, seen.log, seen.head, seen.at))

    async def move_read_marks(self, marks: Sequence[RoomReadMark]) -> list[RoomReadMark]:
        """Move read marks forward (Log)."""
        items = [mark.item for mark in marks]
        members = [mark.member for mark in marks]
        async with self._connections.writing() as connection:
            await connection.execute(_SQL["move_marks"], items, members, [mark.seq for mark in marks])
            rows = await connection.fetch(_SQL["marks"], items, members)
        return [RoomReadMark(mark.item, mark.member, seq) for mark, (seq,) in zip(marks, rows, strict=True)]

    async def list_rooms(
        self, ranges: Sequence[Range], member: str, *, limit: int, before: str | None = None
    ) -> list[ItemSummary]:
        """Rooms in the ranges, latest first (Log)."""
        async with self._lists.slot(), self._connections.listing() as connection:
            try:
                return await list_rooms(
                    connection, ranges, member, limit=limit, seconds=self._list_limits.seconds, before=before
                )
            except asyncpg.QueryCanceledError:
                raise self._lists.timeout_error() from None

    async def count_unread(self, wanted: Sequence[tuple[str, str]]) -> list[UnreadCount]:
        """Return head and unread messages for each item and member (Log)."""
        async with self._connections.reading() as connection:
            return await count_unread(connection, wanted)

    async def entries_at(self, places: Collection[tuple[str, int]]) -> dict[tuple[str, int], Entry]:
        """Return the entries at these items and seqs (Log)."""
        if not places:
            return {}
        async with self._connections.reading() as connection:
            return await self._entries(connection, places)

    async def changed_since(self, at: int, *, limit: int) -> list[tuple[str, int]]:
        """Return rooms written to since then (Log)."""
        async with self._connections.reading() as connection:
            return [tuple(row) for row in await connection.fetch(_SQL["changed_since"], at, limit)]

    async def bus_key(self) -> bytes:
        """Return the key of the processes' messages (Log)."""
        async with self._connections.writing() as connection:
            key = await connection.fetchval(_SQL["bus_key"])
            if key is None:  # apart, so that a role that may only read the table gets a key that is there
                await connection.execute(_SQL["make_bus_key"], secrets.token_hex(32))
                key = await connection.fetchval(_SQL["bus_key"])
        return bytes.fromhex(key)

    async def check_writable(self) -> None:
        """Write and commit something small (Log)."""
        async with self._connections.writing() as connection:
            await connection.execute(_SQL["check"])

    async def close(self) -> None:
        """Finish what was begun and close the connections (Log)."""
        await background.end(self._sweeper)
        if self._begun:
            await asyncio.wait(self._begun, timeout=_CLOSE_S)
        await self._connections.close(_CLOSE_S)

    def _bounds(self) -> tuple[int | None, int | None]:
        """How many entries a room keeps, and since when, in ms since the epoch (L5)."""
        return self._retention.entries, self._retention.cutoff(now_ms())

    async def _sweep(self) -> None:
        """Apply the retention where nobody writes, now and every hour, in steps that let writes through."""
        while True:
            with contextlib.suppress(LogUnavailableError):  # the next hour brings another try
                await self._sweep_once()
            await asyncio.sleep(_SWEEP_S)

    async def _sweep_once(self) -> None:
        keep, since = self._bounds()
        async with self._connections.reading() as connection:
            if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _SWEEP_LOCK):
                return
            try:
                while since is not None and await connection.fetchval(_SQL["sweep"], keep, since) == 100:
                    pass
                await connection.execute(_SQL["forget_ids"], self._retention.ids_cutoff(now_ms()))
            finally:
                await connection.execute("SELECT pg_advisory_unlock($1)", _SWEEP_LOCK)


def _row(draft: Draft) -> tuple[object, ...]:
    """A draft as `alcove.append` takes it."""
    body = "null" if draft.body is None and draft.kind == "message" else None
    if draft.body is not None:
        body = bytes(draft.body).decode()
    by = draft.by
    return draft.item, draft.kind, draft.id, by.id, by.name, draft.at, body, draft.target, draft.moderate


def _outcome(draft: Draft, row: Sequence[Any], stood: dict[tuple[str, int], Entry]) -> Outcome:
    """What became of a draft."""
    seq, at, duplicate, refused, oldest, log_id = row
    if refused == "invalid":
        return Refused("invalid", f"entry {draft.target} is no message that could be changed")
    if refused == "forbidden":
        return Refused("forbidden", f"message {draft.target} is another member's; changing it takes `moderate`")
    if duplicate:
        entry = stood.get((draft.item, seq)) or removed_entry(draft, seq, at)
        return Appended(entry, duplicate=True, oldest=oldest, log=log_id)
    target = UNSET if draft.target is None else draft.target
    entry = Entry(seq, draft.kind, draft.id, draft.by, at, target, UNSET if draft.body is None else draft.body)
    return Appended(entry, duplicate=False, oldest=oldest, log=log_id)
