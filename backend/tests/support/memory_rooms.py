"""Open rooms on a log in memory, with clients that decode their lines."""

from collections.abc import Sequence

from alcove.limits import Retention
from alcove.protocol import Entry, Line, Member, Person, Presence, ReadMark, TypingNow, raw
from alcove.rooms.cursor import Cursor
from alcove.rooms.presence import RoomPresence
from alcove.rooms.room import Room
from alcove.rooms.tail import Tail
from alcove.storage.base import Draft, Page
from tests.support.fake_connection import FakeConnection
from tests.support.held_log import HeldLog
from tests.support.turns import run_turns

ADA, BOB, CYD = Person("ada", "Ada"), Person("bob", "Bob"), Person("cyd", "Cyd")


def entry(seq: int, by: Person = ADA, *, body: str | None = None) -> Entry:
    """Create a message with this seq."""
    return Entry(seq, "message", f"id-{seq}", by, seq, body=raw(f"body {seq}" if body is None else body))


def entries(*seqs: int) -> list[Entry]:
    """Create messages with these seqs."""
    return [entry(seq) for seq in seqs]


class Reader:
    """A connection to a room, and everything that its client has received."""

    def __init__(self, room: Room, person: Person = ADA, *, after: int | None = None) -> None:
        self.person = person
        self.socket = FakeConnection()
        self._room = room
        seq = room.head if after is None else after
        self.cursor = Cursor(self.socket, Member(person, frozenset({"read", "write"})), seq, 0)
        room.enter(self.cursor)
        room.follow(self.cursor)

    def leave(self) -> None:
        """Leave the room."""
        self._room.leave(self.cursor)

    @property
    def seqs(self) -> list[int]:
        """The seqs of the entries received so far."""
        return [line.seq for line in self.socket.lines if isinstance(line, Entry)]

    @property
    def typing(self) -> list[str]:
        """The members whose typing was reported so far."""
        return [line.by.id for line in self.socket.lines if isinstance(line, TypingNow)]

    @property
    def presence(self) -> list[Presence]:
        """The presence lines received so far."""
        return [line for line in self.socket.lines if isinstance(line, Presence)]

    @property
    def marks(self) -> list[tuple[str, int]]:
        """The read marks received so far."""
        return [(line.by, line.seq) for line in self.socket.lines if isinstance(line, ReadMark)]


class RoomLog:
    """A log in memory that other processes write to, and the rooms of one process on it."""

    def __init__(self, retention: Retention | None = None, *, log: HeldLog | None = None) -> None:
        self.log = log or HeldLog(retention)
        self.rooms: dict[str, Room] = {}
        #: The lines that rooms published to other processes, except entries.
        self.published: list[Line] = []
        #: The read marks that rooms stored.
        self.marks: list[dict[str, int]] = []

    def room(self, item: str = "foo") -> Room:
        """Create the item's room at the current end of its log, with an empty tail."""
        state = self.log.store.room_states([item])[item]
        room = self.rooms[item] = Room(
            item,
            log_id=state.log,
            head=state.head,
            oldest=state.oldest,
            tail=Tail(256, 256 * 1024),
            presence=RoomPresence(state.reads),
            read=lambda after, limit, max_bytes: self.log.read(item, after=after, limit=limit, max_bytes=max_bytes),
            store_marks=self._store_marks,
            publish=self.published.extend,
        )
        return room

    async def _store_marks(self, marks: dict[str, int]) -> dict[str, int]:
        self.marks.append(marks)
        return marks

    def write(self, *ids: str, item: str = "foo", by: Person = ADA) -> list[Entry]:
        """Store messages as another process would, without a report to this one."""
        drafts = [Draft(item, "message", name, by, 0, raw(name)) for name in ids]
        head = self.log.store.room_states([item])[item].head
        self.log.store.append(drafts, lambda: None)
        return self.page(item, after=head)

    def lose(self, head: int, item: str = "foo") -> None:
        """Remove the entries after `head`, as a restored backup or a failover does."""
        database = self.log._connection
        (room,) = database.execute("SELECT room FROM rooms WHERE item = ?", (item,)).fetchone()
        database.execute("DELETE FROM entries WHERE room = ? AND seq > ?", (room, head))
        database.execute("UPDATE rooms SET head = ?, at = 1 WHERE room = ?", (head, room))

    def page(self, item: str = "foo", *, after: int = 0) -> list[Entry]:
        """Read all entries after the seq `after`."""
        page: Page = self.log.store.read(item, after, None, 1_000_000, 1 << 40)
        return page.entries

    async def run_calls(self, count: int | None = None) -> None:
        """Perform and resolve `count` storage calls; None: until none is pending."""
        await run_turns()
        while self.log.pending_calls and (count is None or count > 0):
            self.log.settle()
            await run_turns()
            count = None if count is None else count - 1

    async def fail(self) -> None:
        """Let every pending storage call fail."""
        await run_turns()
        for _ in range(len(self.log.pending_calls)):
            self.log.settle("nothing stored")
        await run_turns()

    def close(self) -> None:
        """Cancel the timers of the rooms."""
        for room in self.rooms.values():
            room.close()


def seqs(batch: Sequence[Entry]) -> list[int]:
    """Return the seqs of entries."""
    return [entry.seq for entry in batch]
