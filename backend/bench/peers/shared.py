"""The peer Alcove on PostgreSQL, with several processes and a bus between them."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.peers.alcove import Alcove
from deploy.engines import Engine, database


class Shared(Alcove):
    """Several processes on one port, with a new database for each run. Without `redis`, the database is the bus."""

    def __init__(self, postgres: Engine, redis: Engine | None, processes: int, databases: ExitStack) -> None:
        super().__init__("detached")
        self.name = f"{processes} × PostgreSQL{' + Redis' if redis else ''}"
        self._postgres = postgres
        self._redis = redis
        self._processes = processes
        self._databases = databases

    def command(self, port: int, folder: Path) -> Sequence[str]:
        """Return the command `alcove serve --workers`."""
        return [*super().command(port, folder), "--workers", str(self._processes)]

    def env(self, folder: Path) -> Mapping[str, str]:
        """Return the variables of a single process, with a new database and the bus."""
        url = self._databases.enter_context(database(self._postgres.url))
        bus = self._redis.url if self._redis else url
        shared = {"ALCOVE_DATABASE_URL": url, "ALCOVE_BUS_URL": bus, "ALCOVE_BUS_PREFIX": folder.name[-8:]}
        return {**super().env(folder), **shared}
