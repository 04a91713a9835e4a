"""Run a session in memory, with its connection, host, clock and room."""

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
from tests.support.fake_connection import FakeConnection, FrameFeed
from tests.support.fake_host import FakeHost
from tests.support.turns import ManualClock

ADA = Person("ada", "Ada")
PING = '{"type":"ping"}'


class SessionHarness:
    """A session with doubles of the objects that it uses."""

    def __init__(
        self, *, rights: Sequence[Right] = ("read", "write"), sends_per_s: float = 20, burst: int = 60
    ) -> None:
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
        cursor = Cursor(self.socket, Member(ADA, frozenset(rights)), 0, 0)
        limits = Limits(body_bytes=100, sends_per_s=sends_per_s, burst=burst)
        self.session = Session(
            self.host, self.room, cursor, ConnectionSlot(lambda: None), limits=limits, clock=self.clock
        )
        self._feed = FrameFeed(self.session, self.socket)

    def send_frame(self, frame: str) -> int:
        """Pass a frame to the session, as a connection does; return the number of turns of the event loop it took."""
        turns = self._feed(frame)
        while self.host.timers and not self.host.keep_timers:
            self.host.timers.pop()[1]()
        return turns

    def answers_to(self, *lines: str) -> list[ServerLine]:
        """Pass a frame with these lines to the session, and return the lines that the session writes."""
        self.send_frame("\n".join(lines))
        return self.socket.new_lines()

    def error_codes(self, *lines: str) -> list[str]:
        """Pass a frame with these lines to the session, and return the codes of the `error` lines that it writes."""
        return [line.code for line in self.answers_to(*lines) if isinstance(line, Error)]


async def _no_page(_after: int, _limit: int, _max_bytes: int) -> Page:
    raise AssertionError("a session must not read the log")


async def _no_marks(_marks: dict[str, int]) -> dict[str, int]:
    raise AssertionError("a session must not store read marks")


def send(id: str = "a", body: object = "hello") -> str:
    """Encode a `send` line."""
    return json.dumps({"type": "send", "id": id, "body": body})
