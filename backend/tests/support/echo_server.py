"""Run a server that echoes messages (`echo_app.py`), and check its answers on raw sockets."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.client_frames import client_frame
from tests.support.servers import Server, without_problems
from tests.support.wire_server import RawClient

BACKEND = Path(__file__).parents[2]


@contextmanager
def run_echo_server(carrier: str) -> Iterator[Server]:
    """Run the echo server on this carrier (WebSocket implementation), and check at the end that it logged no error."""
    command = [sys.executable, "-m", "tests.support.echo_app", "--carrier", carrier, "--port", "0"]
    with without_problems(Server(command, cwd=BACKEND)) as server:
        yield server


@contextmanager
def open_echo_client(server: Server) -> Iterator[RawClient]:
    """Connect a client, and complete its handshake."""
    with RawClient(server.port, "/", b"", None) as client:
        assert client.read_handshake() == 101
        # Parts that a test sends separately must arrive separately and without delay.
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield client


def assert_refused(client: RawClient, code: int) -> None:
    """Assert that the server sends a close frame with this code and a reason in UTF-8, and ends the connection."""
    first_byte, payload = client.read_frame()
    assert (first_byte, int.from_bytes(payload[:2], "big")) == (0x88, code)
    payload[2:].decode()
    client.assert_ended()


def assert_accepted(client: RawClient) -> None:
    """Assert that the server has read everything that was sent, and refused nothing."""
    client.send(0x89, b"read?")
    assert client.read_frame() == (0x8A, b"read?")


def incomplete_frame(first_byte: int, payload: bytes) -> bytes:
    """Encode a frame whose payload begins with these bytes, without the last 1,000 bytes of it."""
    return client_frame(first_byte, payload + bytes(1000))[:-1000]
