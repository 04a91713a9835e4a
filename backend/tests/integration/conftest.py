"""Start the servers of the integration tests, and check that none of them logged a problem.

Most tests run once per carrier: the WebSocket implementation, `detached` or `asgi`.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.credentials import KEY_SET, SECRET
from tests.support.servers import CARRIERS, Server, Start, start_alcove, without_problems
from tests.support.storm import DEEP, storm

#: The values of the parameter `endpoint` that name a WebSocket; all others name an HTTP endpoint.
SOCKETS = {"chat", "echo", "item socket", "list socket", "room"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run tests of HTTP endpoints on one carrier, because carriers differ only for sockets; `make storm` runs all."""
    repeated_items = [item for item in items if _is_http_on_another_carrier(item)]
    if DEEP:
        for item in repeated_items:
            item.add_marker(storm)
    elif repeated_items:
        config.hook.pytest_deselected(items=repeated_items)
        items[:] = [item for item in items if not _is_http_on_another_carrier(item)]


def _is_http_on_another_carrier(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    params = {} if callspec is None else callspec.params
    endpoint = params.get("endpoint")
    return isinstance(endpoint, str) and endpoint not in SOCKETS and params.get("carrier") in CARRIERS[1:]


@pytest.fixture(scope="session", params=CARRIERS)
def carrier(request: pytest.FixtureRequest) -> str:
    """Return the WebSocket implementation of all servers: `detached` or `asgi`."""
    return str(request.param)


@pytest.fixture(scope="session")
def start(carrier: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Return a function that starts a server with the given settings, for many tests; it ends with the session."""
    with ExitStack() as stack:

        def start(**env: str) -> Server:
            cwd = tmp_path_factory.mktemp("server")
            return stack.enter_context(without_problems(start_alcove(carrier=carrier, cwd=cwd, env=env)))

        yield start


@pytest.fixture(scope="session")
def server(start: Start) -> Server:
    """Start `alcove serve` with default settings, for tests that leave it unchanged."""
    return start()


@pytest.fixture(scope="session")
def unlimited_server(start: Start) -> Server:
    """Start a server without rate limits."""
    return start(ALCOVE_SENDS_PER_S="0")


@pytest.fixture(scope="session")
def low_limits_server(start: Start) -> Server:
    """Start a server with low limits: bodies of 100 bytes, one send per second, two connections per member."""
    return start(
        ALCOVE_BODY_BYTES="100",
        ALCOVE_SENDS_PER_S="1",
        ALCOVE_SENDS_BURST="3",
        ALCOVE_MEMBER_CONNECTIONS="2",
        ALCOVE_MESSAGE_BYTES="2000",
    )


@pytest.fixture(scope="session")
def three_sends_server(start: Start) -> Server:
    """Start a server that accepts three sends of each member, and the next one only after hours."""
    return start(ALCOVE_SENDS_PER_S="0.0001", ALCOVE_SENDS_BURST="3")


@pytest.fixture(scope="session")
def unchecked_server(carrier: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server whose output is not checked, because uvicorn logs mistakes of clients as errors."""
    server = start_alcove(carrier=carrier, cwd=tmp_path_factory.mktemp("server"))
    yield server
    server.end()


@pytest.fixture(scope="session")
def short_retention_server(start: Start) -> Server:
    """Start a server that keeps ten entries of each room, and two of them in memory."""
    return start(ALCOVE_SENDS_PER_S="0", ALCOVE_RETAIN_ENTRIES="10", ALCOVE_TAIL_ENTRIES="2")


@pytest.fixture(scope="session")
def secured_server(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """Start a server with a secret, a key set and a configured origin, and without limits on failed attempts."""
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
    """Return a function that starts a server with the given settings, in the folder of the test."""
    with ExitStack() as stack:

        def start(**env: str) -> Server:
            return stack.enter_context(without_problems(start_alcove(carrier=carrier, cwd=tmp_path, env=env)))

        yield start
