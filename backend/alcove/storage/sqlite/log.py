"""The embedded log: a SQLite file, a thread that writes, two that read, one that lists rooms."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self, TypeVar

from alcove import background
from alcove.descriptors import reserve
from alcove.item_ranges import Range
from alcove.protocol import Entry
from alcove.storage.base import (
    Draft,
    ItemSummary,
    ListLimits,
    LockMode,
    LogUnavailableError,
    LogUnusableError,
    Outcome,
    Page,
    Position,
    Retention,
    RoomReadMark,
    RoomState,
    UnreadCount,
)
from alcove.storage.list_queue import ListQueue
from alcove.storage.sqlite.file import connect, prepare
from alcove.storage.sqlite.item_list import SlowListError
from alcove.storage.sqlite.lock import SqliteLock
from alcove.storage.sqlite.scrub import Scrubber
from alcove.storage.sqlite.store import SqliteStore

T = TypeVar("T")

#: Seconds between two sweeps of what retention lets go in rooms nobody writes to.
_SWEEP_S = 3600.0


class _Thread:
    """One thread with one connection: what runs on it runs alone."""

    def __init__(self, path: Path, retention: Retention, name: str) -> None:
        self._path = path
        self._retention = retention
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._connection: sqlite3.Connection | None = None
        self._store: SqliteStore | None = None
        #: The file that the connection has open.
        self._file: tuple[int, int] | None = None
        self._closed = False

    def run(self, work: Callable[[SqliteStore], T]) -> asyncio.Future[T]:
        """Do the work on this thread. Raises LogUnavailableError where SQLite cannot (S7)."""
        loop = asyncio.get_running_loop()
        if self._closed:
            late: asyncio.Future[T] = loop.create_future()
            late.set_exception(LogUnavailableError(f"{self._path} is closed"))
            return late
        return loop.run_in_executor(self._executor, self._run, work)

    def _run(self, work: Callable[[SqliteStore], T]) -> T:
        try:
            store = self._store
            # A connection keeps a file that was moved away or replaced: what it stored there would be lost.
            if store is None or self._file != _identity(self._path):
                store = self._open()
            return work(store)
        except sqlite3.Error as error:
            # A connection that failed to commit may have lost its footing; the next work gets a new one.
            self._let_go()
            raise LogUnavailableError(f"{self._path}: {error}") from error

    def _open(self) -> SqliteStore:
        """Open the file, or open it again. Raises sqlite3.Error."""
        self._let_go()
        with reserve.lent():
            self._connection = connect(self._path)
            self._file = _identity(self._path)
            # A copy by VACUUM INTO that was put in the file's place has another one, which takes a descriptor a commit.
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._store = SqliteStore(self._connection, self._retention)
        return self._store

    def _let_go(self) -> None:
        connection, self._connection, self._store = self._connection, None, None
        if connection is not None:
            connection.close()

    async def close(self) -> None:
        """Finish what waits, then close; a second time does nothing."""
        if self._closed:
            return
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(self._executor, self._let_go)
        self._executor.shutdown()


class SqliteLog:
    """A log in one file (Log)."""

    def __init__(
        self,
        path: Path,
        log_id: str,
        retention: Retention,
        lock: SqliteLock | None = None,
        lists: ListLimits | None = None,
    ) -> None:
        self.id = log_id
        self._lock = lock
        self._writer = _Thread(path, retention, "alcove-writer")
        self._readers = [_Thread(path, retention, f"alcove-reader-{n}") for n in range(2)]
        # Lists of rooms have a thread of their own, so that no crowd of them keeps a join waiting.
        self._lister = _Thread(path, retention, "alcove-lister")
        self._list_limits = lists or ListLimits()
        self._lists = ListQueue(self._list_limits)
        self._turn = 0
        self._scrubber = Scrubber(self._writer.run, str(path))
        self._scrubber.request()  # a process that was killed may have erased something before
        self._prunes = bool(retention.days or retention.entries)
        self._sweeper = asyncio.create_task(self._sweep()) if retention.days or retention.entries else None

    @classmethod
    async def open(
        cls, path: Path, retention: Retention, lock_mode: LockMode | None = None, lists: ListLimits | None = None
    ) -> Self:
        """Open the file, making it where there is none; with a `hold` of either kind, lock it until it is closed.

        Raises LogUnusableError with one line for the operator: no such folder, not a database, not ours, too new,
        read-only, locked, in use by another process.
        """
        log_id, lock = await asyncio.to_thread(_prepare, path, lock_mode)
        log = cls(path, log_id, retention, lock, lists)
        try:
            # Now, as descriptors may be short by the time somebody sends.
            await asyncio.gather(*(thread.run(_nothing) for thread in (log._writer, log._lister, *log._readers)))
        except LogUnavailableError as error:
            await log.close()
            raise LogUnusableError(f"{error}") from None
        return log

    def append(
        self,
        drafts: Sequence[Draft],
        io_pending: asyncio.Event | None = None,
        seen: Mapping[str, Position] | None = None,
    ) -> Awaitable[list[Outcome]]:
        """Store a batch (Log)."""
        io_pending = io_pending or asyncio.Event()
        loop = asyncio.get_running_loop()

        def tell() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed, which must not decide whether it is stored
                loop.call_soon_threadsafe(io_pending.set)

        stored = self._writer.run(lambda store: store.append(drafts, tell, seen))
        if stored.done():
            io_pending.set()  # a closed log answers at once, and to await that lets no callback run
        stored.add_done_callback(lambda _: io_pending.set())
        if self._prunes or any(draft.kind != "message" for draft in drafts):
            stored.add_done_callback(lambda _: self._scrubber.request())
        return stored

    async def read(
        self, item: str, *, after: int | None = None, before: int | None = None, limit: int, max_bytes: int = 1 << 20
    ) -> Page:
        """A page of entries (Log)."""
        return await self._reader().run(lambda store: store.read(item, after, before, limit, max_bytes))

    async def room_states(self, items: Sequence[str]) -> dict[str, RoomState]:
        """The rooms' states (Log)."""
        return await self._reader().run(lambda store: store.room_states(items))

    async def verify_history(self, item: str, seen: Position) -> str:
        """Compare what was seen of a room with what it holds (Log)."""
        return await self._writer.run(lambda store: store.verify_history(item, seen))

    async def move_read_marks(self, marks: Sequence[RoomReadMark]) -> list[RoomReadMark]:
        """Move read marks forward (Log)."""
        return await self._writer.run(lambda store: store.move_read_marks(marks))

    async def list_rooms(
        self, ranges: Sequence[Range], member: str, *, limit: int, before: str | None = None
    ) -> list[ItemSummary]:
        """Rooms in the ranges, latest first (Log)."""
        async with self._lists.slot():
            try:
                return await self._lister.run(
                    lambda store: store.list_rooms(
                        ranges, member, limit=limit, seconds=self._list_limits.seconds, before=before
                    )
                )
            except SlowListError:
                raise self._lists.timeout_error() from None

    async def count_unread(self, wanted: Sequence[tuple[str, str]]) -> list[UnreadCount]:
        """Return head and unread messages for each item and member (Log)."""
        return await self._reader().run(lambda store: store.count_unread(wanted))

    async def entries_at(self, places: Collection[tuple[str, int]]) -> dict[tuple[str, int], Entry]:
        """Return the entries at these items and seqs (Log)."""
        return await self._reader().run(lambda store: store.entries_at(places))

    async def changed_since(self, at: int, *, limit: int) -> list[tuple[str, int]]:
        """Return rooms written to since then (Log)."""
        return await self._reader().run(lambda store: store.changed_since(at, limit))

    async def bus_key(self) -> bytes:
        """Return the key of the processes' messages (Log)."""
        return await self._writer.run(SqliteStore.bus_key)

    async def check_writable(self) -> None:
        """Write and commit something small (Log)."""
        await self._writer.run(SqliteStore.check_writable)

    async def close(self) -> None:
        """Finish what was begun and close the file (Log)."""
        await background.end(self._sweeper)
        await self._scrubber.close()
        for thread in (self._writer, self._lister, *self._readers):
            await thread.close()
        if self._lock is not None:
            self._lock.release()

    def _reader(self) -> _Thread:
        self._turn ^= 1
        return self._readers[self._turn]

    async def _sweep(self) -> None:
        """Apply the retention where nobody writes, now and every hour, in steps that let writes through."""
        while True:
            with contextlib.suppress(LogUnavailableError):  # the next hour brings another try
                while await self._writer.run(SqliteStore.sweep):
                    pass
                await self._writer.run(SqliteStore.forget_ids)
            self._scrubber.request()
            await asyncio.sleep(_SWEEP_S)


def _nothing(_: SqliteStore) -> None:
    """Use the connection for nothing: it is open then."""


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file the path leads to; None: to none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _prepare(path: Path, lock_mode: LockMode | None) -> tuple[str, SqliteLock | None]:
    """Lock the file where a server asks for it, then make or check it. Raises LogUnusableError."""
    if not path.absolute().parent.is_dir():
        raise LogUnusableError(f"{path}: there is no folder {path.absolute().parent}; make it first")
    lock: SqliteLock | None = None
    try:
        # Before the file is looked at: a process of another version may be serving it.
        lock = None if lock_mode is None else SqliteLock.take(path)
        with contextlib.closing(connect(path, make=True)) as connection:
            return prepare(connection, path), lock
    except BaseException as error:
        if lock is not None:
            lock.release()
        if isinstance(error, sqlite3.Error):
            raise LogUnusableError(f"{path} cannot be used as a log: {error}") from error
        raise
