"""Store the log in a PostgreSQL database, which several processes can share: one statement stores one batch."""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import asyncpg  # type: ignore[import-untyped] # it ships no types

from alcove import background
from alcove.item_ranges import Range
from alcove.limits import ListLimits, Retention
from alcove.postgres_driver import ERRORS, PoolerError, check_sessions, connect_options
from alcove.protocol import Entry
from alcove.storage.base import (
    Draft,
    ItemSummary,
    LockMode,
    LogUnavailableError,
    LogUnusableError,
    Outcome,
    Page,
    Position,
    RoomReadMark,
    RoomState,
    UnreadCount,
)
from alcove.storage.deleted_rooms import DeletedRoomRemover
from alcove.storage.list_queue import ListQueue
from alcove.storage.postgres.append import append, entries_by_seq
from alcove.storage.postgres.connections import CONNECT_S, ConnectionPools
from alcove.storage.postgres.consumers import PostgresConsumers
from alcove.storage.postgres.item_list import count_unread, list_rooms
from alcove.storage.postgres.lock import PostgresLock
from alcove.storage.postgres.removal import erase_member, hide_room, remove_before, remove_deleted
from alcove.storage.postgres.retention import remove_expired
from alcove.storage.postgres.schema import prepare_schema
from alcove.storage.queries import load_queries
from alcove.storage.rows import ENTRY_COLUMNS, entry_from_row
from alcove.urls import url_location

_SQL = load_queries(Path(__file__).with_name("queries.sql"))
#: Seconds that appends in progress have to finish, and connections to close, when the process stops.
_CLOSE_S = 1.0
#: Seconds between two removals of expired entries in rooms that are not written to.
_RETENTION_INTERVAL_S = 3600.0


class PostgresLog:
    """The log in a PostgreSQL database (Log)."""

    def __init__(
        self, connections: ConnectionPools, log_id: str, retention: Retention, lists: ListLimits | None = None
    ) -> None:
        """Start the background tasks: one removes deleted rooms; one applies retention, if it removes anything.

        Args:
            connections: The connection pools.
            log_id: The id of the log.
            retention: How much of each room is kept.
            lists: The limits of lists of rooms; None: the defaults.

        """
        self.id = log_id
        self._connections = connections
        #: The storage of consumers.
        self.consumers = PostgresConsumers(connections)
        self._retention = retention
        self._list_limits = lists or ListLimits()
        self._lists = ListQueue(self._list_limits)
        self._append_lock = asyncio.Lock()
        #: Appends in progress.
        self._appends: set[asyncio.Task[list[Outcome]]] = set()
        self._deleted_rooms = DeletedRoomRemover(self._remove_some, lambda: None)
        removes_entries = bool(retention.days or retention.entries)
        self._retention_task = asyncio.create_task(self._apply_retention()) if removes_entries else None

    @classmethod
    async def open(
        cls,
        url: str,
        retention: Retention,
        connections: int,
        lock_mode: LockMode | None = None,
        lists: ListLimits | None = None,
    ) -> Self:
        """Open the log of a database; create or migrate its schema if necessary.

        Args:
            url: The address of the database.
            retention: How much of each room is kept.
            connections: The maximum number of connections.
            lock_mode: How to lock the log until it is closed; None: no lock.
            lists: The limits of lists of rooms; None: the defaults.

        Raises:
            LogUnusableError: The database cannot be reached, is not a log, or is locked by another process.

        """
        lock: PostgresLock | None = None
        try:
            await check_sessions(url)
            # Before the schema is read: a process of another version may be using it.
            lock = None if lock_mode is None else await PostgresLock.take(url, url_location(url), lock_mode)
            options = connect_options(url, "alcove", "read-write")

            def connect() -> Awaitable[Any]:
                return asyncpg.connect(url, timeout=CONNECT_S, command_timeout=60, **options)  # type: ignore[no-any-return]

            connection = await connect()
            try:
                log_id = await prepare_schema(connection, connect)
            finally:
                await connection.close(timeout=CONNECT_S)
            return cls(await ConnectionPools.open(url, connections, lock), log_id, retention, lists)
        except BaseException as error:
            if lock is not None:
                await lock.close()
            if isinstance(error, LogUnusableError | PoolerError):
                raise LogUnusableError(f"{url_location(url)}: {error}") from None
            if isinstance(error, (*ERRORS, ValueError)):
                reason = error or type(error).__name__
                raise LogUnusableError(f"{url_location(url)} cannot be used as a log: {reason}") from error
            raise

    def append(
        self,
        drafts: Sequence[Draft],
        io_pending: asyncio.Event | None = None,
        positions: Mapping[str, Position] | None = None,
    ) -> Awaitable[list[Outcome]]:
        """Start to store a batch, after all batches passed before (Log.append)."""
        io_pending = io_pending or asyncio.Event()
        task = asyncio.create_task(self._append(drafts, io_pending, positions or {}))
        self._appends.add(task)
        task.add_done_callback(self._appends.discard)
        task.add_done_callback(lambda _: io_pending.set())
        return task

    async def _append(
        self, drafts: Sequence[Draft], io_pending: asyncio.Event, positions: Mapping[str, Position]
    ) -> list[Outcome]:
        """Wait until the batches passed before are stored, then store this one."""
        if not drafts:
            return []
        # One batch after the other, so that the batches of this process are stored in call order (S2).
        async with self._append_lock, self._connections.writing() as connection:
            return await append(connection, drafts, io_pending, positions, self._retention)

    async def read(
        self, item: str, *, after: int | None = None, before: int | None = None, limit: int, max_bytes: int = 1 << 20
    ) -> Page:
        """Read a page of entries (Log.read)."""
        query, bound = ("entries_before", before) if after is None else ("entries_after", after)
        async with self._connections.reading() as connection:
            rows = [tuple(row) for row in await connection.fetch(_SQL[query], item, bound, limit, max_bytes)]
        if not rows:
            return Page([], oldest=1, head=0, log=self.id)
        oldest, head, log_id = rows[0][len(ENTRY_COLUMNS) :]
        entries = [entry_from_row(row[: len(ENTRY_COLUMNS)]) for row in rows if row[0] is not None]
        return Page(entries, oldest=oldest, head=head, log=log_id)

    async def room_states(self, items: Sequence[str]) -> dict[str, RoomState]:
        """Read the state of each room (Log.room_states)."""
        async with self._connections.reading() as connection:
            rows = await connection.fetch(_SQL["rooms"], list(items))
        states = {item: RoomState(log=self.id, oldest=1, head=0, reads={}) for item in items}
        for item, log_id, oldest, head, members, seqs in rows:
            reads = dict(zip(members or (), seqs or (), strict=True))
            states[item] = RoomState(log=log_id, oldest=oldest, head=head, reads=reads)
        return states

    async def verify_history(self, item: str, position: Position) -> str:
        """Check whether a room still has the entry at the position (Log.verify_history)."""
        async with self._connections.writing() as connection:
            return str(
                await connection.fetchval(_SQL["verify_history"], item, position.log, position.head, position.at)
            )

    async def move_read_marks(self, marks: Sequence[RoomReadMark]) -> list[RoomReadMark]:
        """Move read marks forward (Log.move_read_marks)."""
        items = [mark.item for mark in marks]
        members = [mark.member for mark in marks]
        async with self._connections.writing() as connection:
            await connection.execute(_SQL["move_read_marks"], items, members, [mark.seq for mark in marks])
            rows = await connection.fetch(_SQL["read_marks"], items, members)
        return [RoomReadMark(mark.item, mark.member, seq) for mark, (seq,) in zip(marks, rows, strict=True)]

    async def list_rooms(
        self, ranges: Sequence[Range], member: str, *, limit: int, before: str | None = None
    ) -> list[ItemSummary]:
        """List the rooms in the ranges, the latest first (Log.list_rooms)."""
        async with self._lists.slot(), self._connections.listing() as connection:
            try:
                return await list_rooms(
                    connection, ranges, member, limit=limit, seconds=self._list_limits.seconds, before=before
                )
            except asyncpg.QueryCanceledError:
                raise self._lists.timeout_error() from None

    async def count_unread(self, pairs: Sequence[tuple[str, str]]) -> list[UnreadCount]:
        """Count the unread messages of each item and member (Log.count_unread)."""
        async with self._connections.reading() as connection:
            return await count_unread(connection, pairs)

    async def entries_by_seq(self, item_seqs: Collection[tuple[str, int]]) -> dict[tuple[str, int], Entry]:
        """Read the entries with these pairs of item and seq (Log.entries_by_seq)."""
        if not item_seqs:
            return {}
        async with self._connections.reading() as connection:
            return await entries_by_seq(connection, item_seqs)

    async def changed_since(self, at: int, *, limit: int) -> list[tuple[str, int]]:
        """List the rooms whose last entry has the time `at` or later (Log.changed_since)."""
        async with self._connections.reading() as connection:
            return [tuple(row) for row in await connection.fetch(_SQL["changed_since"], at, limit)]

    async def read_marks(self, item: str, *, first: str, limit: int) -> list[RoomReadMark]:
        """List read marks of a room (Log.read_marks)."""
        async with self._connections.reading() as connection:
            rows = await connection.fetch(_SQL["marks_from"], item, first, limit)
        return [RoomReadMark(item, member, seq) for member, seq in rows]

    async def rooms_of_member(self, member: str) -> list[str]:
        """List the rooms in which the member has entries or a read mark (Log.rooms_of_member)."""
        async with self._connections.reading() as connection:
            return [item for (item,) in await connection.fetch(_SQL["rooms_of_member"], member)]

    async def entries_of_member(self, item: str, member: str, *, after: int, limit: int) -> list[Entry]:
        """Read entries that the member wrote in a room (Log.entries_of_member)."""
        async with self._connections.reading() as connection:
            rows = await connection.fetch(_SQL["entries_of_member"], item, member, after, limit)
        return [entry_from_row(tuple(row)) for row in rows]

    async def seqs_of(self, keys: Collection[tuple[str, str, str]]) -> dict[tuple[str, str, str], int]:
        """Return the seqs of stored entries by item, author and id (Log.seqs_of)."""
        if not keys:
            return {}
        async with self._connections.reading() as connection:
            rows = await connection.fetch(_SQL["seqs_of"], *map(list, zip(*keys, strict=True)))
        return {(item, by, id_): seq for item, by, id_, seq in rows}

    async def erase_member(self, items: Sequence[str], member: str) -> None:
        """Erase the member from these rooms (Log.erase_member)."""
        async with self._connections.writing() as connection:
            await erase_member(connection, items, member)

    async def delete_room(self, item: str) -> str:
        """Hide a room (Log.delete_room)."""
        async with self._connections.writing() as connection:
            return await hide_room(connection, item) or self.id

    async def remove_before(self, item: str, seq: int) -> int:
        """Remove the first entries of a room (Log.remove_before)."""
        async with self._connections.writing() as connection:
            return await remove_before(connection, item, seq)

    async def remove_deleted(self) -> None:
        """Remove the rows of deleted rooms (Log.remove_deleted)."""
        await self._deleted_rooms.remove_all()

    async def _remove_some(self) -> bool:
        """Remove some rows of deleted rooms; return False if there are none."""
        async with self._connections.writing() as connection:
            return await remove_deleted(connection)

    async def bus_key(self) -> bytes:
        """Read the key for messages between processes; generate it at the first call (Log.bus_key)."""
        async with self._connections.writing() as connection:
            key = await connection.fetchval(_SQL["bus_key"])
            if key is None:  # in a separate statement, so that a role that may only read the table can use a key
                await connection.execute(_SQL["create_bus_key"], secrets.token_hex(32))
                key = await connection.fetchval(_SQL["bus_key"])
        return bytes.fromhex(key)

    async def check_writable(self) -> None:
        """Commit a small write (Log.check_writable)."""
        async with self._connections.writing() as connection:
            await connection.execute(_SQL["check_writable"])

    async def close(self) -> None:
        """Stop the background tasks, wait for appends, close the connections and release the lock (Log.close)."""
        await background.cancel(self._retention_task)
        await self._deleted_rooms.close()
        if self._appends:
            await asyncio.wait(self._appends, timeout=_CLOSE_S)
        await self._connections.close(_CLOSE_S)

    async def _apply_retention(self) -> None:
        """Remove expired entries and ids, now and every hour, until cancelled."""
        while True:
            with contextlib.suppress(LogUnavailableError):  # retried after the interval
                async with self._connections.reading() as connection:
                    await remove_expired(connection, self._retention)
            await asyncio.sleep(_RETENTION_INTERVAL_S)
