"""Open many connections, a few handshakes at a time (RFC 6455, section 4.1)."""

import errno
import select
import socket
import time
from collections.abc import Iterator

from bench.frames import text_frame
from bench.plan import Plan

#: Handshakes in progress at once.
_AT_ONCE = 64
#: Seconds until all must be open.
_TIMEOUT_S = 60.0


class OpeningError(Exception):
    """A connection could not be opened."""


def handshake(plan: Plan, room: int, member: int) -> bytes:
    """Return the request of a WebSocket handshake."""
    path = plan.dialect.path.replace("$room", f"room{room}").replace("$member", str(member))
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{plan.port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
    ]
    if plan.dialect.subprotocol:
        lines.append(f"Sec-WebSocket-Protocol: {plan.dialect.subprotocol}")
    return "\r\n".join([*lines, "", ""]).encode()


class _Handshake:
    """One connection that is being opened."""

    __slots__ = ("dialect", "received", "request", "sock", "upgraded")

    def __init__(self, plan: Plan, room: int, member: int) -> None:
        self.dialect = plan.dialect
        self.request = handshake(plan, room, member)
        self.received = b""
        self.upgraded = False
        self.sock = socket.socket()
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if (code := self.sock.connect_ex(("127.0.0.1", plan.port))) not in {0, errno.EINPROGRESS}:
            raise OpeningError(f"connect: {errno.errorcode[code]}")

    def on_connected(self) -> None:
        """Send the request."""
        if code := self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OpeningError(f"connect: {errno.errorcode[code]}")
        self.sock.sendall(self.request)

    def on_readable(self) -> bool:
        """Read; return whether the connection is open."""
        data = self.sock.recv(65536)
        self.received += data
        if not self.upgraded:
            head, end, rest = self.received.partition(b"\r\n\r\n")
            if not data or (end and b" 101 " not in head.split(b"\r\n", 1)[0]):
                raise OpeningError(f"no upgrade: {self.received[:200]!r}")
            if not end:
                return False
            self.upgraded, self.received = True, rest
            if self.dialect.hail:
                self.sock.sendall(text_frame(self.dialect.hail))
        elif not data:
            raise OpeningError(f"closed: {self.received[:200]!r}")
        return self.dialect.ready.encode() in self.received


def open_all(plan: Plan, seats: Iterator[tuple[int, int]]) -> list[tuple[int, socket.socket]]:
    """Open connections; return each with its room, in the order of `seats`.

    Args:
        plan: Says how to connect.
        seats: The room and the member of each connection.

    Raises:
        OpeningError: The server refuses a connection, or is too slow.

    """
    epoll = select.epoll()
    deadline = time.monotonic() + _TIMEOUT_S
    in_progress: dict[int, tuple[int, int, _Handshake]] = {}
    opened: dict[int, tuple[int, socket.socket]] = {}
    place = 0
    more = True
    while more or in_progress:
        while more and len(in_progress) < _AT_ONCE:
            seat = next(seats, None)
            if seat is None:
                more = False
                break
            one = _Handshake(plan, *seat)
            in_progress[one.sock.fileno()] = (place, seat[0], one)
            epoll.register(one.sock, select.EPOLLOUT)
            place += 1
        for fd, events in epoll.poll(1.0):
            order, room, one = in_progress[fd]
            if events & select.EPOLLOUT:
                one.on_connected()
                epoll.modify(fd, select.EPOLLIN)
            elif one.on_readable():
                epoll.unregister(fd)
                del in_progress[fd]
                opened[order] = (room, one.sock)
        if time.monotonic() > deadline:
            raise OpeningError(f"{len(opened)} connections were open after {_TIMEOUT_S:.0f} s")
    epoll.close()
    return [opened[order] for order in range(place)]
