"""Run a server that echoes messages, and check its answers on raw sockets."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.client_frames import masked
from tests.support.servers import Server, without_problems
from tests.support.wire_server import RawClient

ECHO_SCRIPT = Path(__file__).parents[2] / "bench" / "echo.py"


@contextmanager
def echo_server(carrier: str) -> Iterator[Server]:
    """Run the echo server while the block runs; then check that it logged no error."""
    with without_problems(Server([sys.executable, ECHO_SCRIPT, "--carrier", carrier, "--port", "0"])) as running:
        yield running


@contextmanager
def echo_client(server: Server) -> Iterator[RawClient]:
    """Connect a client, and complete its handshake."""
    with RawClient(server.port, "/", b"", None) as connected:
        assert connected.upgraded() == 101
        # Parts that a test sends separately must arrive separately, and at once.
        connected.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield connected


def assert_refused(client: RawClient, code: int) -> None:
    """Check that a close frame with this code comes next, and then the end of the connection."""
    first, payload = client.frame()
    assert (first, int.from_bytes(payload[:2], "big")) == (0x88, code)
    payload[2:].decode()
    assert client.ended()


def assert_accepted(client: RawClient) -> None:
    """Check that the server has read everything that was sent, and refused nothing."""
    client.send(0x89, b"read?")
    assert client.frame() == (0x8A, b"read?")


def begun(first: int, payload: bytes) -> bytes:
    """Encode an incomplete frame: its payload begins with these bytes, and the rest is missing."""
    return masked(first, payload + bytes(1000))[:-1000]
