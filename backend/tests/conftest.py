"""Share the database and bus servers between all tests, and check at the end that no credential was printed."""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings

from deploy.engines import Postgres, Redis, database
from tests.support.credentials import leaked_credentials
from tests.support.servers import Server
from tests.support.storm import example_count, storm

# No deadline, because a correct test may need long on a busy machine.
settings.register_profile("alcove", deadline=None, max_examples=example_count(50))
settings.load_profile("alcove")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that use hypothesis, because they try more examples in `make storm`."""
    for item in items:
        if isinstance(item, pytest.Function) and getattr(item.obj, "is_hypothesis_test", False):
            item.add_marker(storm)


@pytest.fixture(scope="session", autouse=True)
def assert_no_credential_was_printed() -> Iterator[None]:
    """Check after all tests that no server printed a credential that a test used (A6)."""
    yield
    assert leaked_credentials("\n".join(server.output for server in Server.started)) == set()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Return the URL of a PostgreSQL server: `ALCOVE_TEST_POSTGRES_URL`, or one started for the tests."""
    if url := os.environ.get("ALCOVE_TEST_POSTGRES_URL"):
        yield url
        return
    with Postgres(synced=False) as engine:
        yield engine.url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """Create an empty database, and return its URL."""
    with database(postgres_server) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Create an empty storage of each engine in turn, and return its URL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'alcove.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Return the URL of a Redis server: `ALCOVE_TEST_REDIS_URL`, or one started for the tests."""
    if url := os.environ.get("ALCOVE_TEST_REDIS_URL"):
        yield url
        return
    with Redis() as engine:
        yield engine.url


@pytest.fixture
def item() -> str:
    """Return an item id that no other test uses."""
    return f"item-{uuid4().hex}"
