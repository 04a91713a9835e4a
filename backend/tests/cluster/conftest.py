"""Start server processes that share a PostgreSQL database and a bus, which is Redis or PostgreSQL."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from deploy.engines import Postgres, Redis, database
from tests.support.clusters import Engines, process_starter
from tests.support.credentials import SECRET
from tests.support.servers import Server, Start


@pytest.fixture(scope="session", params=["redis", "postgres"])
def engines(request: pytest.FixtureRequest) -> Iterator[Engines]:
    """Start database and bus servers for these tests alone, because the tests stop them."""
    with ExitStack() as stack:
        postgres = stack.enter_context(Postgres(synced=False))
        yield Engines(postgres, stack.enter_context(Redis()) if request.param == "redis" else None)


@pytest.fixture(scope="session")
def pair_url(engines: Engines) -> Iterator[str]:
    """Create the database that the two shared processes use."""
    with database(engines.postgres.url) as url:
        yield url


@pytest.fixture(scope="session")
def pair(engines: Engines, pair_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    """Start two processes for tests that leave them unchanged."""
    with ExitStack() as stack:
        join = process_starter(engines, pair_url, tmp_path_factory.mktemp("pair"), stack)
        yield join(), join()


@pytest.fixture(scope="session")
def secured_pair(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    """Start two processes with a secret, for tests that leave them unchanged."""
    with ExitStack() as stack, database(engines.postgres.url) as url:
        join = process_starter(engines, url, tmp_path_factory.mktemp("pair"), stack)
        yield join(ALCOVE_SECRET=SECRET), join(ALCOVE_SECRET=SECRET)


@pytest.fixture
def url(engines: Engines) -> Iterator[str]:
    """Create a database for one test."""
    with database(engines.postgres.url) as url:
        yield url


@pytest.fixture
def join(engines: Engines, url: str, tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts a process for one test."""
    with ExitStack() as stack:
        yield process_starter(engines, url, tmp_path, stack)
