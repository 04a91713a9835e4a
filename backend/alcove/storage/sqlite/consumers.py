"""Consumers in a SQLite log (ConsumerStorage)."""

import sqlite3
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TypeVar

from alcove.clock import now_ms
from alcove.storage.consumers import Backlog, ConsumerRecord, ItemPosition
from alcove.storage.queries import load_queries
from alcove.storage.rows import position_from_row
from alcove.storage.sqlite.connection import transaction
from alcove.storage.sqlite.threads import StoreThread

T = TypeVar("T")

_SQL = load_queries(Path(__file__).with_name("consumers.sql"))


class SqliteConsumers:
    """Runs the queries of consumers on the threads of a log.

    The lock on the file ensures that one process uses it at a time (X7), so that process has every lease.
    """

    def __init__(self, writer: StoreThread, reader: StoreThread) -> None:
        """Store the threads for queries that write and for queries that only read."""
        self._writer = writer
        self._reader = reader

    async def register(self, name: str) -> None:
        """Create the consumer at the current heads (ConsumerStorage.register)."""

        def register(db: sqlite3.Connection) -> None:
            if db.execute(_SQL["create"], (name,)).rowcount:
                db.execute(_SQL["begin_at_heads"], (name,))

        await self._write(register)

    async def names(self) -> list[str]:
        """Return the names of all consumers (ConsumerStorage.names)."""
        return [name for (name,) in await self._read(lambda db: db.execute(_SQL["names"]).fetchall())]

    async def lease(self, names: Sequence[str], holder: str, duration_ms: int) -> dict[str, ConsumerRecord]:  # noqa: ARG002 - the file's lock is the lease
        """Return all consumers, whose leases this process has (ConsumerStorage.lease)."""
        rows = await self._read(lambda db: db.execute(_SQL["records"]).fetchall())
        return {name: ConsumerRecord(revision, disabled) for name, revision, disabled in rows if name in names}

    async def release(self, holder: str) -> None:
        """Do nothing: the end of the file's lock ends the leases (ConsumerStorage.release)."""

    async def positions(self, name: str, items: Collection[str]) -> list[ItemPosition]:
        """Return the positions of these items (ConsumerStorage.positions)."""

        def positions(db: sqlite3.Connection) -> list[ItemPosition]:
            rows = (db.execute(_SQL["position"], {"name": name, "item": item}).fetchone() for item in items)
            return [position_from_row(row) for row in rows if row is not None]

        return await self._read(positions)

    async def pending_positions(self, name: str, after: int, *, limit: int) -> tuple[list[ItemPosition], int | None]:
        """Return positions that are behind their heads (ConsumerStorage.pending_positions)."""

        def pending(db: sqlite3.Connection) -> tuple[list[ItemPosition], int | None]:
            last, count = db.execute(_SQL["last_room"], (after, limit)).fetchone()
            rows = db.execute(_SQL["pending_positions"], {"name": name, "after": after, "last": last}).fetchall()
            return [position_from_row(row) for row in rows], last if count == limit else None

        return await self._read(pending)

    async def save(self, name: str, holder: str, positions: Sequence[ItemPosition]) -> set[str]:  # noqa: ARG002 - the file's lock is the lease
        """Store positions (ConsumerStorage.save)."""

        def save(db: sqlite3.Connection) -> set[str]:
            return {
                position.item
                for position in positions
                if db.execute(_SQL["save"], _save_parameters(name, position)).fetchone()
            }

        return await self._write(save)

    async def imported_ranges(self, item: str, first: int, last: int) -> list[tuple[int, int]]:
        """Return the ranges of imported entries (ConsumerStorage.imported_ranges)."""
        parameters = {"item": item, "first": first, "last": last}
        return await self._read(lambda db: db.execute(_SQL["imported_ranges"], parameters).fetchall())

    async def disable(self, name: str, digest: str | None) -> None:
        """Record the disabled endpoint (ConsumerStorage.disable)."""
        await self._write(lambda db: db.execute(_SQL["disable"], {"name": name, "digest": digest}))

    async def find(self, name: str) -> ConsumerRecord | None:
        """Return the stored state of the consumer (ConsumerStorage.find)."""
        return (await self.lease([name], "", 0)).get(name)

    async def backlog(self, name: str) -> Backlog:
        """Count undelivered items and entries (ConsumerStorage.backlog)."""
        items, entries = await self._read(lambda db: db.execute(_SQL["backlog"], (name,)).fetchone())
        return Backlog(items, entries, await self.parked_count(name))

    async def parked_count(self, name: str) -> int:
        """Return the number of parked items (ConsumerStorage.parked_count)."""
        return int((await self._read(lambda db: db.execute(_SQL["parked_count"], (name,)).fetchone()))[0])

    async def failing_positions(self, name: str, *, limit: int) -> list[ItemPosition]:
        """Return positions with a failure (ConsumerStorage.failing_positions)."""
        rows = await self._read(lambda db: db.execute(_SQL["failing_positions"], (name, limit)).fetchall())
        return [position_from_row(row) for row in rows]

    async def retry(self, name: str, item: str | None) -> int:
        """Make failing positions due now (ConsumerStorage.retry)."""
        return await self._run_command("retry", {"name": name, "item": item, "now": now_ms()})

    async def skip(self, name: str, item: str) -> bool:
        """Move a failing position past its entry (ConsumerStorage.skip)."""
        return bool(await self._run_command("skip", {"name": name, "item": item}))

    async def _run_command(self, query: str, values: dict[str, object]) -> int:
        """Execute an operator's command, and increment the revision; return the number of changed positions."""

        def command(db: sqlite3.Connection) -> int:
            db.execute(_SQL["increment_revision"], (values["name"],))
            return db.execute(_SQL[query], values).rowcount

        return await self._write(command)

    async def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run a query on the reading thread."""
        return await self._reader.run(lambda store: store.with_connection(query))

    async def _write(self, change: Callable[[sqlite3.Connection], T]) -> T:
        """Run a function that changes rows on the writing thread, in a transaction."""

        def within_transaction(db: sqlite3.Connection) -> T:
            with transaction(db):
                return change(db)

        return await self._writer.run(lambda store: store.with_connection(within_transaction))


def _save_parameters(name: str, position: ItemPosition) -> dict[str, object]:
    """Convert a position to the parameters of the query `save`."""
    failure = position.failure
    return {
        "name": name,
        "item": position.item,
        "log": position.log,
        "seq": position.seq,
        "revision": position.revision,
        "attempts": 0 if failure is None else failure.attempts,
        "since": 0 if failure is None else failure.since,
        "due": 0 if failure is None else failure.due,
        "error": "" if failure is None else failure.error,
        "parked": failure is not None and failure.parked,
    }
