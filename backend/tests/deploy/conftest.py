"""Run a deployment on this machine: three processes on PostgreSQL and Redis, behind the deployment's nginx."""

from collections.abc import Iterator
from contextlib import ExitStack
from uuid import uuid4

import pytest

from deploy.engines import database
from tests.support.clusters import Cluster, StartProcesses
from tests.support.nginx import Nginx
from tests.support.servers import Server, start_alcove, without_problems


@pytest.fixture(scope="session")
def start_processes(
    postgres_server: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StartProcesses]:
    """Return a function that starts processes of one deployment."""
    with ExitStack() as stack:

        def start(count: int) -> list[Server]:
            url = stack.enter_context(database(postgres_server))
            env = {"ALCOVE_DATABASE_URL": url, "ALCOVE_BUS_URL": redis_url, "ALCOVE_BUS_PREFIX": f"d{uuid4().hex[:8]}"}
            cwd = tmp_path_factory.mktemp("deployment")
            return [stack.enter_context(without_problems(start_alcove(cwd=cwd, env=env))) for _ in range(count)]

        yield start


@pytest.fixture(scope="session")
def cluster(start_processes: StartProcesses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Start three processes behind nginx, for tests that leave them unchanged."""
    processes = start_processes(3)
    proxy = Nginx(tmp_path_factory.mktemp("nginx"), [process.port for process in processes])
    try:
        yield Cluster(processes, proxy)
    finally:
        proxy.end()
