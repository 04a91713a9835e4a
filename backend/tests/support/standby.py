"""Run a hot standby of a test's PostgreSQL, and a TCP proxy that can switch between the two servers."""

import asyncio
import subprocess
from contextlib import suppress

import asyncpg  # type: ignore[import-untyped] # it ships no types

from deploy.engines import Postgres
from tests.support.clients import TIMEOUT_S
from tests.support.cutting_proxy import reset
from tests.support.tcp_listener import TcpListener


class Standby(Postgres):
    """A replica that follows `primary` and answers reads, until it is promoted."""

    def __init__(self, primary: Postgres) -> None:
        self._primary = primary
        super().__init__()

    def _initialise(self) -> None:
        """Copy the primary's data folder with pg_basebackup."""
        source = ["-h", "127.0.0.1", "-p", str(self._primary.port), "-U", "alcove"]
        options = ["-R", "-X", "stream", "-c", "fast", "--no-sync", "-D", str(self.folder / "db")]
        command = [str(self._bin / "pg_basebackup"), *source, *options]
        result = subprocess.run(command, check=False, capture_output=True, text=True, **self.user())  # noqa: S603 - its own
        assert result.returncode == 0, result.stdout + result.stderr

    async def pause(self) -> None:
        """Stop the replication, so that later commits of the primary are missing here."""
        await self._execute("ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()")
        await self._wait_for("SELECT NOT EXISTS (SELECT FROM pg_stat_wal_receiver)")

    async def catch_up(self) -> None:
        """Wait until all commits of the primary so far are replayed."""
        primary = await asyncpg.connect(self._primary.url)
        try:
            position = await primary.fetchval("SELECT pg_current_wal_flush_lsn()::text")
        finally:
            await primary.close()
        await self._wait_for(f"SELECT pg_last_wal_replay_lsn() >= '{position}'")

    async def promote(self) -> None:
        """Promote the standby to a primary."""
        await self._execute("SELECT pg_promote()")

    async def _execute(self, *statements: str) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def _wait_for(self, query: str) -> None:
        """Run a query every 10 ms until it returns true."""
        connection = await asyncpg.connect(self.url)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                while not await connection.fetchval(query):
                    await connection.execute("SELECT pg_sleep(0.01)")
        finally:
            await connection.close()


class SwitchableProxy(TcpListener):
    """A proxy that forwards connections to a port, which can change."""

    def __init__(self, target: int) -> None:
        super().__init__()
        self._target = target
        self._writers: set[asyncio.StreamWriter] = set()

    def move(self, target: int, *, cut: bool = True) -> None:
        """Forward new connections to another port; reset the current ones if `cut` is set."""
        self._target = target
        for writer in list(self._writers) if cut else []:
            reset(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers = [writer]
        self._writers.add(writer)
        try:
            with suppress(OSError):
                upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self._target)
                writers.append(upstream_writer)
                self._writers.add(upstream_writer)
                async with asyncio.TaskGroup() as group:
                    group.create_task(_forward(reader, upstream_writer))
                    group.create_task(_forward(upstream_reader, writer))
        finally:
            for open_writer in writers:
                self._writers.discard(open_writer)
                reset(open_writer)


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Forward bytes in one direction until either side ends; then close the other."""
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    reset(writer)
