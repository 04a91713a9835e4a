"""Test that an idle detached connection costs the server at most 3 KiB."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.ports import free_port
from tests.support.servers import Process
from tests.support.wire_server import RawClient

CONNECTIONS = 400


@pytest.fixture
def echo_server() -> Iterator[tuple[int, Callable[[], int]]]:
    """Start an echo server; return its port, and a function for its resident memory in bytes."""
    port, bench = free_port(), Path(__file__).parents[2] / "bench" / "echo.py"
    process = Process([sys.executable, bench, "--carrier", "detached", "--port", str(port)])
    process.wait_for_line("running on")
    statm = Path(f"/proc/{process.pid}/statm")
    yield port, lambda: int(statm.read_text().split()[1]) * 4096
    process.end()


def test_an_idle_connection_costs_at_most_3_kib(echo_server: tuple[int, Callable[[], int]]) -> None:
    port, resident_bytes = echo_server
    with contextlib.ExitStack() as warmup:
        connect(port, CONNECTIONS, warmup)
    before = resident_bytes()
    with contextlib.ExitStack() as idle:
        connect(port, 2 * CONNECTIONS, idle)

        # The first CONNECTIONS reuse the memory that the warm-up freed, so the growth comes from the other CONNECTIONS.
        assert (resident_bytes() - before) / CONNECTIONS < 3 * 1024


def connect(port: int, count: int, stack: contextlib.ExitStack) -> None:
    """Open connections, and let each answer one message."""
    for _ in range(count):
        client = stack.enter_context(RawClient(port, "/", b"", None))
        assert client.read_handshake() == 101
        client.send(0x81, b"here")
        assert client.read_frame() == (0x81, b"here")
