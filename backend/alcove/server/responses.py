"""Write the HTTP responses that the server sends before the application sees a request."""

import asyncio
import json
import socket
from http import HTTPStatus


def write_problem(transport: asyncio.Transport, status: int, detail: str = "", *headers: str) -> None:
    """Write an HTTP response with a problem document (W6). The caller closes the transport.

    Args:
        transport: The connection.
        status: The HTTP status.
        detail: What was expected; left out if empty.
        headers: Header lines to add, without line ends.

    """
    phrase = HTTPStatus(status).phrase
    body = json.dumps(
        {"type": "about:blank", "title": phrase, "status": status} | ({"detail": detail} if detail else {})
    )
    lines = [
        f"HTTP/1.1 {status} {phrase}",
        "content-type: application/problem+json",
        f"content-length: {len(body)}",
        "connection: close",
        *headers,
    ]
    transport.write("\r\n".join([*lines, "", body]).encode())


def set_send_timeout(transport: asyncio.Transport, seconds: float) -> None:
    """Make the kernel drop the connection if the peer acknowledges nothing for `seconds` (RFC 5482); 0: no limit.

    Without a timeout the kernel retries for a quarter of an hour when the peer has vanished, and forever when the peer
    stops reading.
    """
    sock = transport.get_extra_info("socket")
    if sock is not None and sock.family in {socket.AF_INET, socket.AF_INET6} and hasattr(socket, "TCP_USER_TIMEOUT"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))
