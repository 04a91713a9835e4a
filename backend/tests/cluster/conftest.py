"""Several server processes on one PostgreSQL, joined by each kind of bus."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from deploy.engines import Postgres, Redis, database
from tests.support.clusters import Engines, joining
from tests.support.credentials import SECRET
from tests.support.servers import Server, Start


@pytest.fixture(scope="session", params=["redis", "postgres"])
def engines(request: pytest.FixtureRequest) -> Iterator[Engines]:
    """Engines of these tests' own, so that they can be stopped."""
    with ExitStack() as running:
        postgres = running.enter_context(Postgres(synced=False))
        yield Engines(postgres, running.enter_context(Redis()) if request.param == "redis" else None)


@pytest.fixture(scope="session")
def pair_url(engines: Engines) -> Iterator[str]:
    """The database of the two."""
    with database(engines.postgres.url) as url:
        yield url


@pytest.fixture(scope="session")
def pair(engines: Engines, pair_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    """Two processes, for tests that leave them as they were."""
    with ExitStack() as running:
        join = joining(engines, pair_url, tmp_path_factory.mktemp("pair"), running)
        yield join(), join()


@pytest.fixture(scope="session")
def guarded_pair(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    """Two processes with a secret."""
    with ExitStack() as running, database(engines.postgres.url) as url:
        join = joining(engines, url, tmp_path_factory.mktemp("guarded"), running)
        yield join(ALCOVE_SECRET=SECRET), join(ALCOVE_SECRET=SECRET)


@pytest.fixture
def url(engines: Engines) -> Iterator[str]:
    """A database of the test's own."""
    with database(engines.postgres.url) as url:
        yield url


@pytest.fixture
def join(engines: Engines, url: str, tmp_path: Path) -> Iterator[Start]:
    """Start processes of one's own."""
    with ExitStack() as running:
        yield joining(engines, url, tmp_path, running)
