"""The log in PostgreSQL, which processes share: one statement a batch, locks in the items' order, dense numbers."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped] # it ships no types
from msgspec import UNSET

from alcove import tasks
from alcove.log.base import (
    Appended,
    Draft,
    Hold,
    ItemSummary,
    LogUnavailableError,
    LogUnusableError,
    Mark,
    Outcome,
    Page,
    Position,
    Refused,
    Retention,
    RoomState,
)
from alcove.log.postgres_lock import PostgresLock
from alcove.log.postgres_schema import prepare
from alcove.log.queries import load_queries
from alcove.log.rows import entry_of, gone
from alcove.protocol import Entry

_SQL = load_queries(Path(__file__).with_name("postgres") / "queries.sql")
#: Seconds to connect, and that one statement may take. After them storage counts as away (S7).
_CONNECT_S = 5.0
_STATEMENT_S = 10.0
#: Seconds that what was begun has to finish, and connections to close, when the process ends.
_CLOSE_S = 1.0
#: Seconds between two sweeps of what retention lets go in rooms nobody writes to; one process does it for all.
_SWEEP_S = 3600.0
_SWEEP_LOCK = 0x416C6377
#: What the driver raises when the database is away, restarts, is too busy, or refuses.
_BROKEN = (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
_ERRORS = (asyncpg.PostgresError, *_BROKEN)


class PostgresLog:
    """A log in a database (Log)."""

    def __init__(
        self, pools: tuple[Any, Any], log_id: str, name: str, retention: Retention, lock: PostgresLock | None = None
    ) -> None:
        self.id = log_id
        self._name = name
        self._lock = lock
        # Writing has connections of its own, so that no crowd of readers keeps a batch waiting.
        self._writers, self._readers = pools
        self._retention = retention
        self._turn = asyncio.Lock()
        self._begun: set[asyncio.Task[list[Outcome]]] = set()
        self._sweeper = asyncio.create_task(self._sweep()) if retention.days or retention.entries else None

    @classmethod
    async def open(cls, url: str, retention: Retention, connections: int = 8, hold: Hold | None = None) -> Self:
        """Connect with up to `connections`, and make the schema where there is none; lock it as `hold` says.

        Raises LogUnusableError with one line for the operator.
        """
        parts = urlsplit(url)
        name = f"{parts.scheme}://{parts.hostname or ''}{parts.path}"  # without the password (A6)
        lock: PostgresLock | None = None
        try:
            # Before the schema is looked at: a process of another version may be using it.
            lock = None if hold is None else await PostgresLock.take(url, name, hold)
            connection = await asyncpg.connect(url, timeout=_CONNECT_S, command_timeout=60)
            try:
                log_id = await prepare(connection)
            finally:
                await connection.close(timeout=_CONNECT_S)
            writers = await _pool(url, 2)
            readers = await _pool(url, max(1, connections - 2))
        except BaseException as error:
            if lock is not None:
                await lock.close()
            if isinstance(error, LogUnusableError):
                raise LogUnusableError(f"{name}: {error}") from None
            if isinstance(error, (*_ERRORS, ValueError)):
                raise LogUnusableError(f"{name} cannot be used as a log: {error or type(error).__name__}") from error
            raise
        return cls((writers, readers), log_id, name, retention, lock)

    def append(
        self,
        drafts: Sequence[Draft],
        computed: asyncio.Event | None = None,
        seen: Mapping[str, Position] | None = None,
    ) -> Awaitable[list[Outcome]]:
        """Store a batch (Log)."""
        computed = computed or asyncio.Event()
        task = asyncio.create_task(self._append(drafts, computed, seen or {}))
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)
        task.add_done_callback(lambda _: computed.set())
        return task

    async def _append(
        self, drafts: Sequence[Draft], computed: asyncio.Event, seen: Mapping[str, Position]
    ) -> list[Outcome]:
        if not drafts:
            return []
        columns = zip(*map(_row, drafts), strict=True)
        positions = [(item, position.log, position.head, position.at) for item, position in seen.items()]
        compared = map(list, zip(*positions, strict=True)) if positions else [None] * 4
        # One batch after the other, so that what one process hands in keeps its order (S2).
        async with self._turn, self._using(self._writers) as connection:
            # In the loop's next turn, when the statement has been sent.
            asyncio.get_running_loop().call_soon(computed.set)
            rows = await connection.fetch(_SQL["append"], *map(list, columns), *self._bounds(), *compared)
            known = {(draft.item, row[0]) for draft, row in zip(drafts, rows, strict=True) if row[2]}
            stood = await self._entries(connection, known) if known else {}
        return [_outcome(draft, row, stood) for draft, row in zip(drafts, rows, strict=True)]

    async def _entries(self, connection: Any, places: set[tuple[str, int]]) -> dict[tuple[str, int], Entry]:
        """The entries at these items and seqs, but those that retention removed."""
        items, seqs = zip(*sorted(places), strict=True)
        rows = await connection.fetch(_SQL["entries"], list(items), list(seqs))
        return {(row[10], row[0]): entry_of(row[:10]) for row in map(tuple, rows)}

    async def read(
        self, item: str, *, after: int | None = None, before: int | None = None, limit: int, max_bytes: int = 1 << 20
    ) -> Page:
        """A page of entries (Log)."""
        query, bound = ("entries_before", before) if after is None else ("entries_after", after)
        async with self._using(self._readers) as connection:
            rows = [tuple(row) for row in await connection.fetch(_SQL[query], item, bound, limit, max_bytes)]
        if not rows:
            return Page([], oldest=1, head=0, log=self.id)
        oldest, head, log_id = rows[0][10:]
        entries = [entry_of(row[:10]) for row in rows if row[0] is not None]
        return Page(entries, oldest=oldest, head=head, log=log_id)

    async def rooms(self, items: Sequence[str]) -> dict[str, RoomState]:
        """The rooms' states (Log)."""
        async with self._using(self._readers) as connection:
            rows = await connection.fetch(_SQL["rooms"], list(items))
        states = {item: RoomState(log=self.id, oldest=1, head=0, reads={}) for item in items}
        for item, log_id, oldest, head, members, seqs in rows:
            reads = dict(zip(members or (), seqs or (), strict=True))
            states[item] = RoomState(log=log_id, oldest=oldest, head=head, reads=reads)
        return states

    async def verify(self, item: str, seen: Position) -> str:
        """Compare what was seen of a room with what it holds (Log)."""
        async with self._using(self._writers) as connection:
            return str(await connection.fetchval(_SQL["verify"], item, seen.log, seen.head, seen.at))

    async def mark(self, marks: Sequence[Mark]) -> list[Mark]:
        """Move read marks forward (Log)."""
        items = [mark.item for mark in marks]
        members = [mark.member for mark in marks]
        async with self._using(self._writers) as connection:
            await connection.execute(_SQL["move_marks"], items, members, [mark.seq for mark in marks])
            rows = await connection.fetch(_SQL["marks"], items, members)
        return [Mark(mark.item, mark.member, seq) for mark, (seq,) in zip(marks, rows, strict=True)]

    async def items(self, patterns: Sequence[str], member: str, *, limit: int) -> list[ItemSummary]:
        """Rooms the patterns match, latest first (Log)."""
        async with self._using(self._readers) as connection:
            rows = await connection.fetch(_SQL["items"], list(patterns), member, limit)
        return [
            ItemSummary(item=item, head=head, last=None if last[0] is None else entry_of(last), unread=unread)
            for item, head, unread, *last in rows
        ]

    async def bus_key(self) -> bytes:
        """Return the key of the processes' messages (Log)."""
        async with self._using(self._writers) as connection:
            key = await connection.fetchval(_SQL["bus_key"])
            if key is None:  # apart, so that a role that may only read the table gets a key that is there
                await connection.execute(_SQL["make_bus_key"], secrets.token_hex(32))
                key = await connection.fetchval(_SQL["bus_key"])
        return bytes.fromhex(key)

    async def close(self) -> None:
        """Finish what was begun and close the connections (Log)."""
        await tasks.end(self._sweeper)
        if self._begun:
            await asyncio.wait(self._begun, timeout=_CLOSE_S)
        try:
            async with asyncio.timeout(_CLOSE_S):
                await asyncio.gather(self._writers.close(), self._readers.close())
        except _ERRORS:
            self._writers.terminate()
            self._readers.terminate()
        if self._lock is not None:
            await self._lock.close()

    @contextlib.asynccontextmanager
    async def _using(self, pool: Any) -> AsyncIterator[Any]:
        """A connection of the pool, made anew where it was lost. Raises LogUnavailableError, also without the lock."""
        if self._lock is not None and not self._lock.held:
            raise LogUnavailableError(f"{self._name}: this process has lost the lock on the log, and asks for it")
        try:
            async with pool.acquire(timeout=_STATEMENT_S) as connection:
                try:
                    yield connection
                except _BROKEN:
                    connection.terminate()  # whatever state it is in, the next one is new
                    raise
        except asyncpg.DataError:
            raise  # what was asked is at fault, not the storage
        except _ERRORS as error:
            raise LogUnavailableError(f"{self._name}: {error or type(error).__name__}") from error

    def _bounds(self) -> tuple[int | None, int | None]:
        """How many entries a room keeps, and since when, in ms since the epoch (L5)."""
        return self._retention.entries, self._retention.since(_now_ms())

    async def _sweep(self) -> None:
        """Apply the retention where nobody writes, now and every hour, in steps that let writes through."""
        while True:
            with contextlib.suppress(LogUnavailableError):  # the next hour brings another try
                await self._sweep_once()
            await asyncio.sleep(_SWEEP_S)

    async def _sweep_once(self) -> None:
        keep, since = self._bounds()
        async with self._using(self._readers) as connection:
            if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _SWEEP_LOCK):
                return
            try:
                while since is not None and await connection.fetchval(_SQL["sweep"], keep, since) == 100:
                    pass
                await connection.execute(_SQL["forget_ids"], self._retention.ids_since(_now_ms()))
            finally:
                await connection.execute("SELECT pg_advisory_unlock($1)", _SWEEP_LOCK)


def _now_ms() -> int:
    return int(time.time() * 1000)


async def _pool(url: str, size: int) -> Any:
    """Up to `size` connections; statements are prepared once on each."""

    async def as_it_is(_: object) -> None:
        """Nothing here changes a connection's state, so giving one back takes no query."""

    return await asyncpg.create_pool(
        url,
        min_size=0,  # a floor would have the pool complain, at length, while the database is away
        max_size=size,
        timeout=_CONNECT_S,
        command_timeout=_STATEMENT_S,
        reset=as_it_is,
        # Every question here has its index; a plan kept from when a table was small must not outlive it.
        server_settings={"application_name": "alcove", "enable_seqscan": "off"},
    )


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
        entry = stood.get((draft.item, seq)) or gone(draft, seq, at)
        return Appended(entry, duplicate=True, oldest=oldest, log=log_id)
    target = UNSET if draft.target is None else draft.target
    entry = Entry(seq, draft.kind, draft.id, draft.by, at, target, UNSET if draft.body is None else draft.body)
    return Appended(entry, duplicate=False, oldest=oldest, log=log_id)
