"""Send and read bytes on a TCP connection to a server."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager

from tests.support.clients import TIMEOUT_S
from tests.support.servers import Server


@contextmanager
def open_connection(server: Server, *parts: bytes) -> Iterator[socket.socket]:
    """Open a TCP connection, send the parts one after the other until the server closes it, and yield it."""
    with closing(socket.create_connection(("127.0.0.1", server.port), TIMEOUT_S)) as connection:
        for part in parts:
            try:
                connection.sendall(part)
            except (BrokenPipeError, ConnectionResetError):
                break
        yield connection


def read_to_end(connection: socket.socket) -> bytes:
    """Read and return everything up to the end of the connection."""
    received = b""
    try:
        while part := connection.recv(65536):
            received += part
    except ConnectionResetError:
        pass
    return received
