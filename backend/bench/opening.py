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
#: Seconds that all of them may take.
_PATIENCE_S = 60.0


class OpeningError(Exception):
    """A connection could not be opened."""


def handshake(plan: Plan, room: int, member: int) -> bytes:
    """The request that asks for a WebSocket."""
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
    """One connection on its way."""

    __slots__ = ("dialect", "heard", "request", "sock", "upgraded")

    def __init__(self, plan: Plan, room: int, member: int) -> None:
        self.dialect = plan.dialect
        self.request = handshake(plan, room, member)
        self.heard = b""
        self.upgraded = False
        self.sock = socket.socket()
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if (code := self.sock.connect_ex(("127.0.0.1", plan.port))) not in {0, errno.EINPROGRESS}:
            raise OpeningError(f"connect: {errno.errorcode[code]}")

    def asked(self) -> None:
        """The socket is connected: ask."""
        if code := self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OpeningError(f"connect: {errno.errorcode[code]}")
        self.sock.sendall(self.request)

    def answered(self) -> bool:
        """Read on; whether the connection is open."""
        data = self.sock.recv(65536)
        self.heard += data
        if not self.upgraded:
            head, end, rest = self.heard.partition(b"\r\n\r\n")
            if not data or (end and b" 101 " not in head.split(b"\r\n", 1)[0]):
                raise OpeningError(f"no upgrade: {self.heard[:200]!r}")
            if not end:
                return False
            self.upgraded, self.heard = True, rest
            if self.dialect.hail:
                self.sock.sendall(text_frame(self.dialect.hail))
        elif not data:
            raise OpeningError(f"closed: {self.heard[:200]!r}")
        return self.dialect.ready.encode() in self.heard


def open_all(plan: Plan, seats: Iterator[tuple[int, int]]) -> list[tuple[int, socket.socket]]:
    """Open a connection for each seat (room, member); return them with their rooms, in the seats' order.

    Raises OpeningError where a peer refuses, or is too slow.
    """
    epoll = select.epoll()
    deadline = time.monotonic() + _PATIENCE_S
    coming: dict[int, tuple[int, int, _Handshake]] = {}
    there: dict[int, tuple[int, socket.socket]] = {}
    place = 0
    left = True
    while left or coming:
        while left and len(coming) < _AT_ONCE:
            seat = next(seats, None)
            if seat is None:
                left = False
                break
            one = _Handshake(plan, *seat)
            coming[one.sock.fileno()] = (place, seat[0], one)
            epoll.register(one.sock, select.EPOLLOUT)
            place += 1
        for fd, events in epoll.poll(1.0):
            order, room, one = coming[fd]
            if events & select.EPOLLOUT:
                one.asked()
                epoll.modify(fd, select.EPOLLIN)
            elif one.answered():
                epoll.unregister(fd)
                del coming[fd]
                there[order] = (room, one.sock)
        if time.monotonic() > deadline:
            raise OpeningError(f"{len(there)} connections were open after {_PATIENCE_S:.0f} s")
    epoll.close()
    return [there[order] for order in range(place)]
