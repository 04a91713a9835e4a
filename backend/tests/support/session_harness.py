"""A session with everything it uses in memory: connection, host, clock, room."""

import json
from collections.abc import Sequence

from alcove.protocol import Error, Limits, Member, Person, Right, ServerLine
from alcove.rate_limits import KeyedLimiter
from alcove.rooms.admission import ConnectionSlot
from alcove.rooms.cursor import Cursor
from alcove.rooms.presence import RoomPresence
from alcove.rooms.room import Room
from alcove.rooms.session import Session
from alcove.rooms.tail import Tail
from alcove.storage.base import Page
from tests.support.fake_connection import FakeConnection, Feed
from tests.support.fake_host import FakeHost
from tests.support.turns import ManualClock

ADA = Person("ada", "Ada")
PING = '{"type":"ping"}'


class SessionHarness:
    """A session, and everything that it uses."""

    def __init__(self, *, can: Sequence[Right] = ("read", "write"), sends_per_s: float = 20, burst: int = 60) -> None:
        self.socket = FakeConnection()
        self.clock = ManualClock()
        self.host = FakeHost(rates=KeyedLimiter(sends_per_s, burst), clock=self.clock)
        self.room = Room(
            "foo",
            log_id="a",
            head=50,
            oldest=1,
            tail=Tail(10, 10_000),
            presence=RoomPresence({}),
            read=_no_page,
            store_marks=_no_marks,
        )
        cursor = Cursor(self.socket, Member(ADA, frozenset(can)), 0, 0)
        limits = Limits(body_bytes=100, sends_per_s=sends_per_s, burst=burst)
        self.session = Session(
            self.host, self.room, cursor, ConnectionSlot(lambda: None), limits=limits, clock=self.clock
        )
        self._feed = Feed(self.session, self.socket)

    def send_frame(self, frame: str) -> int:
        """Pass a frame to the session, as a carrier does; return in how many turns of the event loop it took."""
        turns = self._feed(frame)
        while self.host.timers and not self.host.keep_timers:
            self.host.timers.pop()[1]()
        return turns

    def answers_to(self, *lines: str) -> list[ServerLine]:
        """Pass a frame with these lines to the session, and return the lines that it answers."""
        self.send_frame("\n".join(lines))
        return self.socket.new_lines()

    def codes(self, *lines: str) -> list[str]:
        """Pass a frame with these lines to the session, and return the codes of its `error` lines."""
        return [line.code for line in self.answers_to(*lines) if isinstance(line, Error)]


async def _no_page(_after: int, _limit: int, _max_bytes: int) -> Page:
    raise AssertionError("a session reads no log")


async def _no_marks(_marks: dict[str, int]) -> dict[str, int]:
    raise AssertionError("a session stores no marks")


def send(id: str = "a", body: object = "hello") -> str:
    return json.dumps({"type": "send", "id": id, "body": body})
