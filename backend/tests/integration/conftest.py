"""Servers for tests, once on every carrier: each is ended by its test, and must have had nothing to complain of."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.credentials import KEY_SET, SECRET
from tests.support.servers import CARRIERS, Server, Start, alcove, untroubled


@pytest.fixture(scope="session", params=CARRIERS)
def carrier(request: pytest.FixtureRequest) -> str:
    """What carries the sockets of every server here."""
    return str(request.param)


@pytest.fixture(scope="session")
def start(carrier: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start servers that many tests share, each with settings of its own."""
    with ExitStack() as running:

        def start(**env: str) -> Server:
            cwd = tmp_path_factory.mktemp("server")
            return running.enter_context(untroubled(alcove(carrier=carrier, cwd=cwd, env=env)))

        yield start


@pytest.fixture(scope="session")
def server(start: Start) -> Server:
    """`alcove serve` with its defaults, for every test that leaves it as it was."""
    return start()


@pytest.fixture(scope="session")
def hasty(start: Start) -> Server:
    """A server that lets everyone send as fast as they can."""
    return start(ALCOVE_SENDS_PER_S="0")


@pytest.fixture(scope="session")
def strict(start: Start) -> Server:
    """A server whose limits are near: a body of 100 bytes, a send a second, two connections of a member."""
    return start(
        ALCOVE_BODY_BYTES="100",
        ALCOVE_SENDS_PER_S="1",
        ALCOVE_SENDS_BURST="3",
        ALCOVE_MEMBER_CONNECTIONS="2",
        ALCOVE_MESSAGE_BYTES="2000",
    )


@pytest.fixture(scope="session")
def slow(start: Start) -> Server:
    """Start a server that takes three sends of a member, and one more after hours."""
    return start(ALCOVE_SENDS_PER_S="0.0001", ALCOVE_SENDS_BURST="3")


@pytest.fixture(scope="session")
def loud(carrier: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose complaints do not count: under it uvicorn prints errors for what a peer does wrong."""
    running = alcove(carrier=carrier, cwd=tmp_path_factory.mktemp("server"))
    yield running
    running.end()


@pytest.fixture(scope="session")
def brief(start: Start) -> Server:
    """A server that keeps ten entries of a room, and hardly any in memory."""
    return start(ALCOVE_SENDS_PER_S="0", ALCOVE_RETAIN_ENTRIES="10", ALCOVE_TAIL_ENTRIES="2")


@pytest.fixture(scope="session")
def guarded(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """A server with a secret, a key set and another origin, at which one may fail as often as one likes."""
    jwks = tmp_path_factory.mktemp("keys") / "jwks.json"
    jwks.write_text(json.dumps(KEY_SET))
    return start(
        ALCOVE_SECRET=SECRET,
        ALCOVE_JWKS=str(jwks),
        ALCOVE_REFUSALS_PER_S="0",
        ALCOVE_CREDENTIAL_REFUSALS_PER_S="0",
        ALCOVE_SENDS_PER_S="0",
        ALCOVE_ORIGINS="https://app.example, https://other.example:8443",
    )


@pytest.fixture
def serve(carrier: str, tmp_path: Path) -> Iterator[Start]:
    """Start servers of one's own, with settings of one's own, all in the folder of the test."""
    with ExitStack() as running:

        def start(**env: str) -> Server:
            return running.enter_context(untroubled(alcove(carrier=carrier, cwd=tmp_path, env=env)))

        yield start
