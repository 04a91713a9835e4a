"""The generator's side of rooms: who reads, what is on its way, what arrived."""

import socket
import time

from bench.frames import MARK, Run, body, heads, scan, text_frame
from bench.plan import Plan

#: Bytes taken from a socket at once.
_TAKE = 65536
_NOTHING = Run(0, 0, -1, b"")


class Reader:
    """A connection that reads; the first one of a room sends, too, and looks at every entry."""

    __slots__ = ("expected", "recv", "rest", "room", "sock", "witness")

    def __init__(self, sock: socket.socket, room: "Room") -> None:
        self.sock = sock
        self.recv = sock.recv
        self.room = room
        #: The number of the entry that is due next.
        self.expected = 0
        self.rest = b""
        self.witness = not room.readers


class Room:
    """A room: its readers, and the sends that are on their way to them."""

    __slots__ = ("acks", "arrived", "delivered", "due", "heard", "number", "plan", "readers", "sent", "unsent")

    def __init__(self, number: int, plan: Plan) -> None:
        self.number = number
        self.plan = plan
        self.readers: list[Reader] = []
        self.sent = 0
        self.delivered = 0
        self.acks = 0
        #: The last bytes of the sender, in which an ack may begin.
        self.heard = b""
        #: Sends that the last reader has, and how many readers have no more than those.
        self.arrived = 0
        self.due = 0
        self.unsent = b""

    def take(self, reader: Reader) -> None:
        """A reader has come into the room."""
        self.readers.append(reader)
        self.due += 1

    def top_up(self) -> None:
        """The last reader has got something: send as many as the window has room for now."""
        expected = [reader.expected for reader in self.readers]
        self.arrived = min(expected)
        self.due = expected.count(self.arrived)
        self.send(self.plan.window - self.sent + self.arrived)

    def send(self, count: int, at_us: int | None = None) -> None:
        """Send `count` more, in one go; `at_us`: when they were due."""
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


class Arrivals:
    """Reads sockets, counts what arrives, and checks that each reader gets every entry once and in order."""

    def __init__(self, plan: Plan, *, timed: bool = False) -> None:
        self.disordered = 0
        #: Latencies in ms, where they are asked for.
        self.latencies: list[float] | None = [] if timed else None
        self._echo = plan.dialect.echo.encode() + MARK if plan.dialect.echo else b""
        self._ack = plan.dialect.ack.encode()
        self._seen = b""
        self._run = _NOTHING
        #: Rooms in which the last reader has got something.
        self.arrived: list[Room] = []

    def read(self, reader: Reader) -> None:
        """Take what the socket has. Raises ConnectionError where it is closed."""
        data = reader.recv(_TAKE)
        if not data:
            raise ConnectionError("the server closed a connection")
        room = reader.room
        if reader.witness:
            run = self._look(reader, data)
        elif reader.rest:
            data = reader.rest + data
            run = scan(data)
        elif data == self._seen:
            # What the reader before got: most readers of a room, where a server writes the same bytes to all.
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
        if self.latencies is not None and not reader.witness:
            self._time(data)

    def _look(self, reader: Reader, data: bytes) -> Run:
        """Look at every entry, and at what only a sender gets."""
        if self._ack:
            room = reader.room
            heard = room.heard + data
            room.acks += heard.count(self._ack)
            room.heard = heard[1 - len(self._ack) :]
        data = reader.rest + data
        held = b""
        if echo := self._echo:
            data = data.replace(echo, b"")
            if (cut := data.rfind(echo[:1], max(0, len(data) - len(echo) + 1))) >= 0:
                data, held = data[:cut], data[cut:]
        run = scan(data)
        run = run._replace(rest=run.rest + held)
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
