"""Send and read bytes on a TCP connection to a server."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager

from tests.support.clients import TIMEOUT_S
from tests.support.servers import Server


@contextmanager
def send_bytes(server: Server, *parts: bytes) -> Iterator[socket.socket]:
    """Provide a TCP connection on which these parts were sent, as far as the server accepted them."""
    with closing(socket.create_connection(("127.0.0.1", server.port), TIMEOUT_S)) as peer:
        for part in parts:
            try:
                peer.sendall(part)
            except (BrokenPipeError, ConnectionResetError):
                break
        yield peer


def read_to_end(peer: socket.socket) -> bytes:
    """Read everything up to the end of the connection."""
    received = b""
    try:
        while part := peer.recv(65536):
            received += part
    except ConnectionResetError:
        pass
    return received
