"""Start several server processes on one database and one bus."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from deploy.engines import Engine, Postgres, Redis
from tests.support.nginx import Nginx
from tests.support.servers import Server, Start, start_alcove, without_problems

#: Starts the given number of processes on a new database with a new bus prefix.
StartProcesses = Callable[[int], list[Server]]


@dataclass
class Engines:
    """The database and bus servers that the processes share."""

    postgres: Postgres
    redis: Redis | None

    @property
    def bus(self) -> Engine:
        """The server that carries the bus: Redis, or else PostgreSQL."""
        return self.redis or self.postgres


@dataclass(frozen=True)
class Cluster:
    """Several server processes, and the proxy in front of them."""

    processes: list[Server]
    proxy: Nginx


def process_starter(engines: Engines, url: str, folder: Path, stack: ExitStack) -> Start:
    """Return a function that starts one more process on the database; `stack` ends the processes."""
    bus = engines.redis.url if engines.redis else url
    prefix = f"t{uuid4().hex[:8]}"

    def start(**env: str) -> Server:
        shared = {"ALCOVE_DATABASE_URL": url, "ALCOVE_BUS_URL": bus, "ALCOVE_BUS_PREFIX": prefix}
        return stack.enter_context(
            without_problems(start_alcove(cwd=folder, env={**shared, "ALCOVE_SENDS_PER_S": "0", **env}))
        )

    return start
