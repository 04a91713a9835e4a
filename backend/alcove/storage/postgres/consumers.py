"""Consumers in a PostgreSQL log (ConsumerStorage)."""

from collections.abc import Collection, Sequence
from pathlib import Path

from alcove.storage.consumers import Backlog, ConsumerRecord, ItemPosition
from alcove.storage.postgres.connections import ConnectionPools
from alcove.storage.queries import load_queries
from alcove.storage.rows import position_from_row

_SQL = load_queries(Path(__file__).with_name("consumers.sql"))
#: Seconds that the registration of a new consumer may take: it writes a row for each room.
_REGISTER_S = 600


class PostgresConsumers:
    """Runs the queries of consumers on the connections of a log."""

    def __init__(self, connections: ConnectionPools) -> None:
        """Store the connection pools of the log."""
        self._connections = connections

    async def register(self, name: str) -> None:
        """Create the consumer at the current heads (ConsumerStorage.register)."""
        if await self.find(name) is None:
            async with self._connections.writing() as connection:
                await connection.execute(_SQL["register"], name, timeout=_REGISTER_S)

    async def names(self) -> list[str]:
        """Return the names of all consumers (ConsumerStorage.names)."""
        async with self._connections.reading() as connection:
            return [name for (name,) in await connection.fetch(_SQL["names"])]

    async def lease(self, names: Sequence[str], holder: str, duration_ms: int) -> dict[str, ConsumerRecord]:
        """Take or renew leases (ConsumerStorage.lease)."""
        async with self._connections.writing() as connection:
            rows = await connection.fetch(_SQL["lease"], list(names), holder, duration_ms)
        return {name: ConsumerRecord(revision, disabled) for name, revision, disabled in rows}

    async def release(self, holder: str) -> None:
        """End all leases of `holder` (ConsumerStorage.release)."""
        async with self._connections.writing() as connection:
            await connection.execute(_SQL["release"], holder)

    async def positions(self, name: str, items: Collection[str]) -> list[ItemPosition]:
        """Return the positions of these items (ConsumerStorage.positions)."""
        async with self._connections.reading() as connection:
            return [position_from_row(row) for row in await connection.fetch(_SQL["positions"], name, list(items))]

    async def pending_positions(self, name: str, after: int, *, limit: int) -> tuple[list[ItemPosition], int | None]:
        """Return positions that are behind their heads (ConsumerStorage.pending_positions)."""
        async with self._connections.reading() as connection:
            last, count = await connection.fetchrow(_SQL["last_room"], after, limit)
            rows = await connection.fetch(_SQL["pending_positions"], name, after, last)
        return [position_from_row(row) for row in rows], last if count == limit else None

    async def save(self, name: str, holder: str, positions: Sequence[ItemPosition]) -> set[str]:
        """Store positions (ConsumerStorage.save)."""
        columns = zip(*map(_save_row, positions), strict=True)
        async with self._connections.writing() as connection:
            rows = await connection.fetch(_SQL["save"], name, holder, *map(list, columns))
        return {item for (item,) in rows}

    async def imported_ranges(self, item: str, first: int, last: int) -> list[tuple[int, int]]:
        """Return the ranges of imported entries (ConsumerStorage.imported_ranges)."""
        async with self._connections.reading() as connection:
            return [tuple(row) for row in await connection.fetch(_SQL["imported_ranges"], item, first, last)]

    async def disable(self, name: str, digest: str | None) -> None:
        """Record the disabled endpoint (ConsumerStorage.disable)."""
        async with self._connections.writing() as connection:
            await connection.execute(_SQL["disable"], name, digest)

    async def find(self, name: str) -> ConsumerRecord | None:
        """Return the stored state of the consumer (ConsumerStorage.find)."""
        async with self._connections.reading() as connection:
            row = await connection.fetchrow(_SQL["find"], name)
        return None if row is None else ConsumerRecord(*row)

    async def backlog(self, name: str) -> Backlog:
        """Count undelivered items and entries (ConsumerStorage.backlog)."""
        async with self._connections.reading() as connection:
            items, entries = await connection.fetchrow(_SQL["backlog"], name)
        return Backlog(items, entries, await self.parked_count(name))

    async def parked_count(self, name: str) -> int:
        """Return the number of parked items (ConsumerStorage.parked_count)."""
        async with self._connections.reading() as connection:
            return int(await connection.fetchval(_SQL["parked_count"], name))

    async def failing_positions(self, name: str, *, limit: int) -> list[ItemPosition]:
        """Return positions with a failure (ConsumerStorage.failing_positions)."""
        async with self._connections.reading() as connection:
            return [position_from_row(row) for row in await connection.fetch(_SQL["failing_positions"], name, limit)]

    async def retry(self, name: str, item: str | None) -> int:
        """Make failing positions due now (ConsumerStorage.retry)."""
        return await self._run_command("retry", name, item)

    async def skip(self, name: str, item: str) -> bool:
        """Move a failing position past its entry (ConsumerStorage.skip)."""
        return bool(await self._run_command("skip", name, item))

    async def _run_command(self, query: str, name: str, item: str | None) -> int:
        """Run an operator's command, and increment the consumer's revision; return the number of changed positions."""
        async with self._connections.writing() as connection, connection.transaction():
            await connection.execute(_SQL["increment_revision"], name)
            status: str = await connection.execute(_SQL[query], name, item)
        return int(status.rpartition(" ")[2])


def _save_row(position: ItemPosition) -> tuple[object, ...]:
    """Convert a position to its row among the arguments of the query `save`."""
    failure = position.failure
    failed = (0, 0, 0, "", False)
    if failure is not None:
        failed = (failure.attempts, failure.since, failure.due, failure.error, failure.parked)
    return position.item, position.log, position.seq, position.revision, *failed
