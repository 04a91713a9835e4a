"""Open many connections, a few handshakes at a time (RFC 6455, section 4.1)."""

import errno
import select
import socket
import time
from collections.abc import Iterator

from bench.frames import text_frame
from bench.plan import Plan

#: The maximum number of handshakes in progress.
_MAX_IN_PROGRESS = 64
#: Seconds within which all connections must be open.
_TIMEOUT_S = 60.0


class OpeningError(Exception):
    """A connection could not be opened."""


def handshake(plan: Plan, room: int, member: int) -> bytes:
    """Return the request of a WebSocket handshake of a member of a room."""
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
    """A connection that is being opened."""

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
        """Read from the socket; return whether the connection is open."""
        data = self.sock.recv(65536)
        self.received += data
        if not self.upgraded:
            head, end, rest = self.received.partition(b"\r\n\r\n")
            if not data or (end and b" 101 " not in head.split(b"\r\n", 1)[0]):
                raise OpeningError(f"no upgrade: {self.received[:200]!r}")
            if not end:
                return False
            self.upgraded, self.received = True, rest
            if self.dialect.greeting:
                self.sock.sendall(text_frame(self.dialect.greeting))
        elif not data:
            raise OpeningError(f"closed: {self.received[:200]!r}")
        return self.dialect.ready.encode() in self.received


def open_all(plan: Plan, members: Iterator[tuple[int, int]]) -> list[tuple[int, socket.socket]]:
    """Open connections; return each with its room, in the order of `members`.

    Args:
        plan: The plan with the server's port and dialect.
        members: The room of each connection and the number of its member.

    Raises:
        OpeningError: The server refuses a connection, or is too slow.

    """
    epoll = select.epoll()
    deadline = time.monotonic() + _TIMEOUT_S
    #: The index, room and handshake of each connection that is being opened, by file descriptor.
    in_progress: dict[int, tuple[int, int, _Handshake]] = {}
    #: The room and the socket of each open connection, by index.
    opened: dict[int, tuple[int, socket.socket]] = {}
    count = 0
    has_more = True
    while has_more or in_progress:
        while has_more and len(in_progress) < _MAX_IN_PROGRESS:
            member = next(members, None)
            if member is None:
                has_more = False
                break
            new_handshake = _Handshake(plan, *member)
            in_progress[new_handshake.sock.fileno()] = (count, member[0], new_handshake)
            epoll.register(new_handshake.sock, select.EPOLLOUT)
            count += 1
        for fd, events in epoll.poll(1.0):
            index, room, current = in_progress[fd]
            if events & select.EPOLLOUT:
                current.on_connected()
                epoll.modify(fd, select.EPOLLIN)
            elif current.on_readable():
                epoll.unregister(fd)
                del in_progress[fd]
                opened[index] = (room, current.sock)
        if time.monotonic() > deadline:
            raise OpeningError(f"only {len(opened)} connections were open after {_TIMEOUT_S:.0f} s")
    epoll.close()
    return [opened[index] for index in range(count)]
