"""The rooms of the generator: their readers, sends in flight and arrived entries."""

import socket
import time

from bench.frames import MARK, ScannedEntries, body, heads, scan, text_frame
from bench.plan import Plan

#: Bytes of one read.
_READ_BYTES = 65536
_NO_ENTRIES = ScannedEntries(0, 0, -1, b"")


class Reader:
    """A connection that reads. The first one of a room also sends, and checks the number of every entry."""

    __slots__ = ("expected", "is_first", "recv", "rest", "room", "sock")

    def __init__(self, sock: socket.socket, room: "Room") -> None:
        self.sock = sock
        self.recv = sock.recv
        self.room = room
        #: The number of the next entry.
        self.expected = 0
        #: The bytes of an entry whose head is cut at the end of the last read.
        self.rest = b""
        self.is_first = not room.readers


class Room:
    """A room with its readers and its sends in flight."""

    __slots__ = ("acks", "arrived", "delivered", "number", "plan", "readers", "received", "sent", "slowest", "unsent")

    def __init__(self, number: int, plan: Plan) -> None:
        self.number = number
        self.plan = plan
        self.readers: list[Reader] = []
        self.sent = 0
        self.delivered = 0
        self.acks = 0
        #: The last bytes that the sender received, in which an ack may begin.
        self.received = b""
        #: The number of sends that the slowest reader has.
        self.arrived = 0
        #: The number of readers that have no more sends than the slowest.
        self.slowest = 0
        #: The bytes that the socket has not accepted.
        self.unsent = b""

    def add(self, reader: Reader) -> None:
        """Add a reader."""
        self.readers.append(reader)
        self.slowest += 1

    def top_up(self) -> None:
        """Fill the window with sends after the slowest reader has made progress."""
        expected = [reader.expected for reader in self.readers]
        self.arrived = min(expected)
        self.slowest = expected.count(self.arrived)
        self.send(self.plan.window - self.sent + self.arrived)

    def send(self, count: int, due_us: int | None = None) -> None:
        """Send `count` more entries in one write, after the unsent bytes.

        Args:
            count: The number of entries.
            due_us: The time at which they were due, in µs of the monotonic clock; None: now.

        """
        if count:
            due_us = time.monotonic_ns() // 1000 if due_us is None else due_us
            template, size = self.plan.dialect.send, self.plan.body_bytes
            self.unsent += b"".join(
                text_frame(template.replace("$id", str(number)).replace("$body", body(number, due_us, size)))
                for number in range(self.sent, self.sent + count)
            )
            self.sent += count
        try:
            self.unsent = self.unsent[self.readers[0].sock.send(self.unsent) :]
        except BlockingIOError:
            return


class DeliveryChecker:
    """A reader of sockets that counts deliveries, and checks that each reader gets every entry once and in order."""

    def __init__(self, plan: Plan, *, timed: bool = False) -> None:
        #: The number of reads in which entries were out of order, missing or repeated.
        self.disordered = 0
        #: None unless latencies are measured.
        self.latencies_ms: list[float] | None = [] if timed else None
        #: The rooms in which the slowest reader has made progress.
        self.progressed: list[Room] = []
        self._echo = plan.dialect.echo.encode() + MARK if plan.dialect.echo else b""
        self._ack = plan.dialect.ack.encode()
        #: The last bytes that were scanned, and the entries in them.
        self._last_data = b""
        self._last_scan = _NO_ENTRIES

    def read(self, reader: Reader) -> None:
        """Read from a socket. Raises ConnectionError if it is closed."""
        data = reader.recv(_READ_BYTES)
        if not data:
            raise ConnectionError("the server closed a connection")
        room = reader.room
        if reader.is_first:
            entries = self._scan_first(reader, data)
        elif reader.rest:
            data = reader.rest + data
            entries = scan(data)
        elif data == self._last_data:
            # Most readers of a room receive the same bytes as the reader before, because a server writes them to all.
            entries = self._last_scan
        else:
            entries = scan(data)
            self._last_data, self._last_scan = data, entries
        reader.rest = entries.rest
        if not entries.entry_count:
            return
        if entries.first != reader.expected or entries.last - entries.first + 1 != entries.entry_count:
            self.disordered += 1
        room.delivered += entries.entry_count
        if reader.expected == room.arrived:
            room.slowest -= 1
            if not room.slowest:
                self.progressed.append(room)
        reader.expected = entries.last + 1
        if self.latencies_ms is not None and not reader.is_first:
            self._record_latencies(data)

    def _scan_first(self, reader: Reader, data: bytes) -> ScannedEntries:
        """Scan the bytes of a room's first reader: check every entry, count acks and remove echoes."""
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
        entries = scan(data)
        entries = entries._replace(rest=entries.rest + cut)
        if entries.entry_count > 1:
            numbers = [number for number, _ in heads(data)]
            self.disordered += numbers != list(range(numbers[0], numbers[0] + len(numbers)))
        if self.latencies_ms is not None and entries.entry_count:
            self._record_latencies(data)
        return entries

    def _record_latencies(self, data: bytes) -> None:
        now_us = time.monotonic_ns() // 1000
        assert self.latencies_ms is not None
        self.latencies_ms += [(now_us - due_us) / 1000 for _, due_us in heads(data)]
