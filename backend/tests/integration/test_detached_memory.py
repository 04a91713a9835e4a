"""Test that an idle detached connection costs the server at most 3 KiB."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.echo_server import run_echo_server
from tests.support.wire_server import RawClient

CONNECTIONS = 400


@pytest.fixture
def echo_server() -> Iterator[tuple[int, Callable[[], int]]]:
    """Start an echo server; return its port, and a function for its resident memory in bytes."""
    with run_echo_server("detached") as server:
        statm = Path(f"/proc/{server.pid}/statm")
        # The second field of statm is the resident memory in pages of 4 KiB.
        yield server.port, lambda: int(statm.read_text().split()[1]) * 4096


def test_idle_connection_costs_at_most_3_kib(echo_server: tuple[int, Callable[[], int]]) -> None:
    port, resident_bytes = echo_server
    with contextlib.ExitStack() as warmup:
        open_connections(port, CONNECTIONS, warmup)
    before = resident_bytes()
    with contextlib.ExitStack() as idle:
        open_connections(port, 2 * CONNECTIONS, idle)

        # The first CONNECTIONS reuse the memory that the warm-up freed, so the growth comes from the other CONNECTIONS.
        assert (resident_bytes() - before) / CONNECTIONS < 3 * 1024


def open_connections(port: int, count: int, stack: contextlib.ExitStack) -> None:
    """Open connections, and exchange one message on each."""
    for _ in range(count):
        client = stack.enter_context(RawClient(port, "/", b"", None))
        assert client.read_handshake() == 101
        client.send(0x81, b"here")
        assert client.read_frame() == (0x81, b"here")
