"""Store the log in a SQLite file, for one process: one thread writes, two read, one lists rooms."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Self

from alcove import background
from alcove.item_ranges import Range
from alcove.limits import ListLimits, Retention
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
from alcove.storage.sqlite.checkpoint import Checkpointer
from alcove.storage.sqlite.connection import connect
from alcove.storage.sqlite.consumers import SqliteConsumers
from alcove.storage.sqlite.item_list import SlowListError
from alcove.storage.sqlite.lock import SqliteLock
from alcove.storage.sqlite.schema import prepare_schema
from alcove.storage.sqlite.store import SqliteStore
from alcove.storage.sqlite.threads import StoreThread

#: Seconds between two removals of expired entries in rooms that are not written to.
_RETENTION_INTERVAL_S = 3600.0


class SqliteLog:
    """The log in a SQLite file (Log)."""

    def __init__(
        self,
        path: Path,
        log_id: str,
        retention: Retention,
        lock: SqliteLock | None = None,
        lists: ListLimits | None = None,
    ) -> None:
        """Start the threads and the background tasks; `open` also prepares the file.

        Args:
            path: The file.
            log_id: The id of the log.
            retention: How much of each room is kept.
            lock: The lock on the file, which `close` releases; None: the file is not locked.
            lists: The limits of lists of rooms; None: the defaults.

        """
        self.id = log_id
        self._lock = lock
        self._writer = StoreThread(path, retention, "alcove-writer")
        self._readers = [StoreThread(path, retention, f"alcove-reader-{n}") for n in range(2)]
        # A separate thread, so that joins do not wait for lists of rooms.
        self._lister = StoreThread(path, retention, "alcove-lister")
        self._list_limits = lists or ListLimits()
        self._lists = ListQueue(self._list_limits)
        #: The index of the reader that was used last.
        self._last_reader = 0
        #: The storage of consumers.
        self.consumers = SqliteConsumers(self._writer, self._readers[0])
        self._checkpointer = Checkpointer(self._writer.run, str(path))
        self._checkpointer.request()  # a process that was killed may have erased text before
        self._deleted_rooms = DeletedRoomRemover(
            lambda: self._writer.run(SqliteStore.remove_deleted), self._checkpointer.request
        )
        self._removes_entries = bool(retention.days or retention.entries)
        self._retention_task = asyncio.create_task(self._apply_retention()) if self._removes_entries else None

    @classmethod
    async def open(
        cls, path: Path, retention: Retention, lock_mode: LockMode | None = None, lists: ListLimits | None = None
    ) -> Self:
        """Open the file, and create it if it does not exist; lock it until it is closed, unless `lock_mode` is None.

        SQLite serves one process, so both modes lock the file exclusively.

        Raises:
            LogUnusableError: The folder is missing, or the file is not a log, too new, read-only or locked.

        """
        log_id, lock = await asyncio.to_thread(_prepare, path, lock_mode)
        log = cls(path, log_id, retention, lock, lists)
        try:
            # Connect now: no file descriptor may be left at the first send.
            await asyncio.gather(*(thread.run(_do_nothing) for thread in (log._writer, log._lister, *log._readers)))
        except LogUnavailableError as error:
            await log.close()
            raise LogUnusableError(f"{error}") from None
        return log

    def append(
        self,
        drafts: Sequence[Draft],
        io_pending: asyncio.Event | None = None,
        positions: Mapping[str, Position] | None = None,
    ) -> Awaitable[list[Outcome]]:
        """Start to store a batch on the writing thread (Log.append)."""
        io_pending = io_pending or asyncio.Event()
        loop = asyncio.get_running_loop()

        def set_io_pending() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed, which must not roll back the batch
                loop.call_soon_threadsafe(io_pending.set)

        stored = self._writer.run(lambda store: store.append(drafts, set_io_pending, positions))
        if stored.done():
            io_pending.set()  # the log is closed: awaiting a future that is done runs no callback
        stored.add_done_callback(lambda _: io_pending.set())
        if self._removes_entries or any(draft.kind != "message" for draft in drafts):
            stored.add_done_callback(lambda _: self._checkpointer.request())
        return stored

    async def read(
        self, item: str, *, after: int | None = None, before: int | None = None, limit: int, max_bytes: int = 1 << 20
    ) -> Page:
        """Read a page of entries (Log.read)."""
        return await self._next_reader().run(lambda store: store.read(item, after, before, limit, max_bytes))

    async def room_states(self, items: Sequence[str]) -> dict[str, RoomState]:
        """Read the state of each room (Log.room_states)."""
        return await self._next_reader().run(lambda store: store.room_states(items))

    async def verify_history(self, item: str, position: Position) -> str:
        """Check whether a room still has the entry at the position (Log.verify_history)."""
        return await self._writer.run(lambda store: store.verify_history(item, position))

    async def move_read_marks(self, marks: Sequence[RoomReadMark]) -> list[RoomReadMark]:
        """Move read marks forward (Log.move_read_marks)."""
        return await self._writer.run(lambda store: store.move_read_marks(marks))

    async def list_rooms(
        self, ranges: Sequence[Range], member: str, *, limit: int, before: str | None = None
    ) -> list[ItemSummary]:
        """List the rooms in the ranges, the latest first (Log.list_rooms)."""
        async with self._lists.slot():
            try:
                return await self._lister.run(
                    lambda store: store.list_rooms(
                        ranges, member, limit=limit, seconds=self._list_limits.seconds, before=before
                    )
                )
            except SlowListError:
                raise self._lists.timeout_error() from None

    async def count_unread(self, pairs: Sequence[tuple[str, str]]) -> list[UnreadCount]:
        """Count the unread messages of each item and member (Log.count_unread)."""
        return await self._next_reader().run(lambda store: store.count_unread(pairs))

    async def entries_by_seq(self, item_seqs: Collection[tuple[str, int]]) -> dict[tuple[str, int], Entry]:
        """Read the entries with these pairs of item and seq (Log.entries_by_seq)."""
        return await self._next_reader().run(lambda store: store.entries_by_seq(item_seqs))

    async def changed_since(self, at: int, *, limit: int) -> list[tuple[str, int]]:
        """List the rooms whose last entry has the time `at` or later (Log.changed_since)."""
        return await self._next_reader().run(lambda store: store.changed_since(at, limit))

    async def read_marks(self, item: str, *, first: str, limit: int) -> list[RoomReadMark]:
        """List read marks of a room (Log.read_marks)."""
        return await self._next_reader().run(lambda store: store.read_marks(item, first, limit))

    async def rooms_of_member(self, member: str) -> list[str]:
        """List the rooms in which the member has entries or a read mark (Log.rooms_of_member)."""
        return await self._lister.run(lambda store: store.rooms_of_member(member))

    async def entries_of_member(self, item: str, member: str, *, after: int, limit: int) -> list[Entry]:
        """Read entries that the member wrote in a room (Log.entries_of_member)."""
        return await self._lister.run(lambda store: store.entries_of_member(item, member, after, limit))

    async def seqs_of(self, keys: Collection[tuple[str, str, str]]) -> dict[tuple[str, str, str], int]:
        """Return the seqs of stored entries by item, author and id (Log.seqs_of)."""
        return await self._next_reader().run(lambda store: store.seqs_of(keys))

    async def erase_member(self, items: Sequence[str], member: str) -> None:
        """Erase the member from these rooms.

        The checkpoint that follows erases it from the files (Log.erase_member).
        """
        position: tuple[int, str] | None = (0, "")
        while position is not None:
            position = await self._writer.run(
                partial(SqliteStore.erase_author, items=items, member=member, start=position)
            )
        self._checkpointer.request()

    async def delete_room(self, item: str) -> str:
        """Hide a room (Log.delete_room)."""
        return await self._writer.run(lambda store: store.delete_room(item))

    async def remove_before(self, item: str, seq: int) -> int:
        """Remove the first entries of a room (Log.remove_before)."""
        return await self._writer.run(lambda store: store.remove_before(item, seq))

    async def remove_deleted(self) -> None:
        """Remove the rows of deleted rooms; the checkpoint that follows erases them from the files."""
        await self._deleted_rooms.remove_all()

    async def bus_key(self) -> bytes:
        """Read the key for messages between processes (Log.bus_key)."""
        return await self._writer.run(SqliteStore.bus_key)

    async def check_writable(self) -> None:
        """Commit a small write (Log.check_writable)."""
        await self._writer.run(SqliteStore.check_writable)

    async def close(self) -> None:
        """Stop the background tasks, finish the calls in progress, close the file and release the lock (Log.close)."""
        await background.cancel(self._retention_task)
        await self._deleted_rooms.close()
        await self._checkpointer.close()
        for thread in (self._writer, self._lister, *self._readers):
            await thread.close()
        if self._lock is not None:
            self._lock.release()

    def _next_reader(self) -> StoreThread:
        """Return the reading thread that was not used last."""
        self._last_reader ^= 1
        return self._readers[self._last_reader]

    async def _apply_retention(self) -> None:
        """Remove expired entries and ids, now and every hour until cancelled, in short transactions between writes."""
        while True:
            with contextlib.suppress(LogUnavailableError):  # retried after the interval
                while await self._writer.run(SqliteStore.remove_expired):
                    pass
                await self._writer.run(SqliteStore.delete_expired_ids)
            self._checkpointer.request()
            await asyncio.sleep(_RETENTION_INTERVAL_S)


def _do_nothing(_: SqliteStore) -> None:
    """Do nothing. Running this on a thread opens the thread's connection."""


def _prepare(path: Path, lock_mode: LockMode | None) -> tuple[str, SqliteLock | None]:
    """Lock the file unless `lock_mode` is None, then prepare its schema (blocking).

    Returns:
        The id of the log, and the lock.

    Raises:
        LogUnusableError: The file cannot be used or locked.

    """
    if not path.absolute().parent.is_dir():
        raise LogUnusableError(f"{path}: there is no folder {path.absolute().parent}; create it first")
    lock: SqliteLock | None = None
    try:
        # Before the schema is read: a process of another version may be using it.
        lock = None if lock_mode is None else SqliteLock.take(path)
        with contextlib.closing(connect(path, create=True)) as connection:
            return prepare_schema(connection, path), lock
    except BaseException as error:
        if lock is not None:
            lock.release()
        if isinstance(error, sqlite3.Error):
            raise LogUnusableError(f"{path} cannot be used as a log: {error}") from error
        raise
