"""Rooms as the generator sees them: readers, sends in flight, and what has arrived."""

import socket
import time

from bench.frames import MARK, Run, body, heads, scan, text_frame
from bench.plan import Plan

#: Bytes of one read.
_READ_BYTES = 65536
_NOTHING = Run(0, 0, -1, b"")


class Reader:
    """A connection that reads. The first one of a room also sends, and checks every entry."""

    __slots__ = ("checks_all", "expected", "recv", "rest", "room", "sock")

    def __init__(self, sock: socket.socket, room: "Room") -> None:
        self.sock = sock
        self.recv = sock.recv
        self.room = room
        #: The number of the next entry.
        self.expected = 0
        self.rest = b""
        self.checks_all = not room.readers


class Room:
    """A room: its readers, and the sends in flight."""

    __slots__ = ("acks", "arrived", "delivered", "due", "number", "plan", "readers", "received", "sent", "unsent")

    def __init__(self, number: int, plan: Plan) -> None:
        self.number = number
        self.plan = plan
        self.readers: list[Reader] = []
        self.sent = 0
        self.delivered = 0
        self.acks = 0
        #: The last bytes that the sender received, in which an ack may begin.
        self.received = b""
        #: Sends that the slowest reader has, and how many readers have no more than those.
        self.arrived = 0
        self.due = 0
        self.unsent = b""

    def add(self, reader: Reader) -> None:
        """Add a reader."""
        self.readers.append(reader)
        self.due += 1

    def top_up(self) -> None:
        """Send as many as the window has room for, now that the slowest reader has made progress."""
        expected = [reader.expected for reader in self.readers]
        self.arrived = min(expected)
        self.due = expected.count(self.arrived)
        self.send(self.plan.window - self.sent + self.arrived)

    def send(self, count: int, at_us: int | None = None) -> None:
        """Send `count` more in one write, and what is unsent before them.

        Args:
            count: The number of sends.
            at_us: When they were due, in µs of the monotonic clock; None: now.

        """
        if count:
            at_us = time.monotonic_ns() // 1000 if at_us is None else at_us
            template, size = self.plan.dialect.send, self.plan.body_bytes
            self.unsent += b"".join(
                text_frame(template.replace("$id", str(number)).replace("$body", body(number, at_us, size)))
                for number in range(self.sent, self.sent + count)
            )
            self.sent += count
        try:
            self.unsent = self.unsent[self.readers[0].sock.send(self.unsent) :]
        except BlockingIOError:
            return


class DeliveryChecker:
    """Reads sockets, counts deliveries, and checks that each reader gets every entry once and in order."""

    def __init__(self, plan: Plan, *, timed: bool = False) -> None:
        self.disordered = 0
        #: Latencies in ms; None unless they are measured.
        self.latencies: list[float] | None = [] if timed else None
        self._echo = plan.dialect.echo.encode() + MARK if plan.dialect.echo else b""
        self._ack = plan.dialect.ack.encode()
        self._seen = b""
        self._run = _NOTHING
        #: Rooms in which the slowest reader has made progress.
        self.arrived: list[Room] = []

    def read(self, reader: Reader) -> None:
        """Read from a socket. Raises ConnectionError if it is closed."""
        data = reader.recv(_READ_BYTES)
        if not data:
            raise ConnectionError("the server closed a connection")
        room = reader.room
        if reader.checks_all:
            run = self._check(reader, data)
        elif reader.rest:
            data = reader.rest + data
            run = scan(data)
        elif data == self._seen:
            # The same bytes as the reader before, as for most readers of a room: a server writes the same bytes to all.
            run = self._run
        else:
            run = scan(data)
            self._seen, self._run = data, run
        reader.rest = run.rest
        if not run.entries:
            return
        if run.first != reader.expected or run.last - run.first + 1 != run.entries:
            self.disordered += 1
        room.delivered += run.entries
        if reader.expected == room.arrived:
            room.due -= 1
            if not room.due:
                self.arrived.append(room)
        reader.expected = run.last + 1
        if self.latencies is not None and not reader.checks_all:
            self._time(data)

    def _check(self, reader: Reader, data: bytes) -> Run:
        """Check every entry, and count what only a sender gets."""
        if self._ack:
            room = reader.room
            received = room.received + data
            room.acks += received.count(self._ack)
            room.received = received[1 - len(self._ack) :]
        data = reader.rest + data
        cut = b""
        if echo := self._echo:
            data = data.replace(echo, b"")
            if (at := data.rfind(echo[:1], max(0, len(data) - len(echo) + 1))) >= 0:
                data, cut = data[:at], data[at:]
        run = scan(data)
        run = run._replace(rest=run.rest + cut)
        if run.entries > 1:
            numbers = [number for number, _ in heads(data)]
            self.disordered += numbers != list(range(numbers[0], numbers[0] + len(numbers)))
        if self.latencies is not None and run.entries:
            self._time(data)
        return run

    def _time(self, data: bytes) -> None:
        now_us = time.monotonic_ns() // 1000
        assert self.latencies is not None
        self.latencies += [(now_us - at_us) / 1000 for _, at_us in heads(data)]
