"""Keep a room's members, typing and read marks, and which changes were not sent yet (P). No I/O."""

from dataclasses import dataclass
from itertools import islice, takewhile
from math import inf

from alcove.protocol import Person, Presence, ReadMark, TypingNow

#: How many members and marks one line or one hello names (P1).
NAMED = 100
#: Members who left that are remembered for connections which fell behind.
_DEPARTED = 1000
#: Seconds between two notices that the same member types (P4).
_TYPING_S = 2.0


@dataclass(slots=True)
class _Present:
    """A member in the room, the number of their connections, and the version at which they joined."""

    person: Person
    connections: int
    version: int


class RoomPresence:
    """The members of a room, each once for any number of connections (P1), and the read marks.

    Every change increments `version`. A connection has seen all changes up to some version: that of its hello, or of
    the last flush while it was in step. `since` returns the later ones, so nothing is queued per connection. Each
    dictionary is in the order of versions, so the latest changes are at its end.
    """

    __slots__ = ("_departed", "_here", "_read", "_typed", "_typing", "flushed", "reads", "version")

    def __init__(self, reads: dict[str, int]) -> None:
        """Start without members; `reads`: the stored read marks by member, the latest moved first."""
        self.version = 0
        #: The version that connections in step have seen.
        self.flushed = 0
        self._here: dict[str, _Present] = {}
        self._departed: dict[str, int] = {}
        self._typed: dict[str, float] = {}
        self._typing: dict[str, Person] = {}
        self._read: dict[str, int] = {}
        #: Read marks, the latest moved last: member → seq and the version that moved it.
        self.reads: dict[str, tuple[int, int]] = {member: (seq, 0) for member, seq in reversed(reads.items())}

    def __len__(self) -> int:
        return len(self._here)

    def connections(self, member: str) -> int:
        """Return the number of the member's connections, on all processes."""
        here = self._here.get(member)
        return here.connections if here else 0

    def named(self) -> list[Person]:
        """List up to 100 members, those present longest (P1)."""
        return [here.person for here in islice(self._here.values(), NAMED)]

    def marks(self) -> dict[str, int]:
        """Return up to 100 read marks by member, those that moved last."""
        return {member: seq for member, (seq, _) in islice(reversed(self.reads.items()), NAMED)}

    def join(self, person: Person) -> None:
        """Count a connection that the member opened; with the first one, the member joins."""
        here = self._here.get(person.id)
        if here is not None:
            here.connections += 1
            return
        self.version += 1
        self._here[person.id] = _Present(person, 1, self.version)
        self._departed.pop(person.id, None)

    def leave(self, member: str) -> None:
        """Count a connection that the member closed; with the last one, the member leaves."""
        here = self._here.get(member)
        if here is None:
            return
        here.connections -= 1
        if here.connections:
            return
        self.version += 1
        del self._here[member]
        self._typed.pop(member, None)
        self._typing.pop(member, None)
        self._departed[member] = self.version

    def typing(self, person: Person, now: float) -> bool:
        """Record that the member is typing at `now` (seconds); return False within 2 s of the last time (P4)."""
        if now - self._typed.get(person.id, -inf) < _TYPING_S:
            return False
        self._typed[person.id] = now
        self._typing[person.id] = person
        return True

    def read(self, member: str, seq: int) -> bool:
        """Record that the member has read up to `seq`; return False if the mark is already there or further (P5)."""
        mark = max(self.reads.get(member, (0, 0))[0], self._read.get(member, 0))
        if seq <= mark:
            return False
        self._read[member] = seq
        return True

    def has_reads(self) -> bool:
        """Return whether read marks wait to be stored."""
        return bool(self._read)

    def take_reads(self) -> dict[str, int]:
        """Return the read marks that wait to be stored, and clear them.

        Call `apply_mark` for those that were stored.
        """
        reads, self._read = self._read, {}
        return reads

    def apply_mark(self, member: str, seq: int, max_marks: int) -> ReadMark | None:
        """Apply a stored read mark.

        Args:
            member: The member's id.
            seq: The stored mark.
            max_marks: The maximum number of marks in memory; beyond it, the mark that moved longest ago is dropped.

        Returns:
            The line about it, or None if the mark did not move.

        """
        if seq <= self.reads.get(member, (0, 0))[0]:
            return None
        self.version += 1
        self.reads.pop(member, None)
        self.reads[member] = (seq, self.version)
        if len(self.reads) > max_marks:
            del self.reads[next(iter(self.reads))]
        return ReadMark(member, seq)

    def take_typing(self) -> list[TypingNow]:
        """Return a line for each member who started to type since the last call, and clear them."""
        typing, self._typing = self._typing, {}
        return [TypingNow(person) for person in typing.values()]

    def flush(self) -> Presence | None:
        """Return the line about who joined and left since the last flush; None if nothing changed (P2).

        Includes members who joined and left in between, because the hello of another member may have named them.
        """
        line = self._changes_since(self.flushed)
        self.flushed = self.version
        for member in list(islice(self._departed, max(0, len(self._departed) - _DEPARTED))):
            del self._departed[member]
        return line

    def since(self, version: int) -> list[Presence | ReadMark]:
        """Create the lines that a connection lacks which has seen the changes up to `version`."""
        new = takewhile(lambda mark: mark[1][1] > version, islice(reversed(self.reads.items()), NAMED))
        lines: list[Presence | ReadMark] = [ReadMark(member, seq) for member, (seq, _) in new]
        lines.reverse()
        changes = self._changes_since(version)
        return lines if changes is None else [*lines, changes]

    def _changes_since(self, version: int) -> Presence | None:
        """Create the line about who joined and left after `version`; None if nothing changed."""
        came = takewhile(lambda here: here.version > version, reversed(self._here.values()))
        joined = [here.person for here in islice(came, NAMED)]
        left = [member for member, _ in takewhile(lambda one: one[1] > version, reversed(self._departed.items()))]
        return Presence(joined[::-1], left[::-1], len(self._here)) if joined or left else None
