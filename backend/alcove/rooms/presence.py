"""Keep a room's members, typing and read marks, and which changes were not sent yet (P). No I/O."""

from dataclasses import dataclass
from itertools import islice, takewhile
from math import inf

from alcove.protocol import Person, Presence, ReadMark, TypingNow

#: Maximum number of members, and maximum number of read marks, that one line names (P1).
MAX_NAMED = 100
#: Maximum number of members who left and are remembered for connections that fell behind.
_MAX_DEPARTED = 1000
#: Minimum seconds between two notices that the same member is typing (P4).
_TYPING_S = 2.0


@dataclass(slots=True)
class _PresentMember:
    """A member in the room, the number of their connections, and the version at which they joined."""

    person: Person
    #: The number of their connections, on all processes.
    connections: int
    #: The presence version at which they joined.
    version: int


class RoomPresence:
    """The members of a room, each once for any number of connections (P1), and the read marks.

    Every change increments `version`. A connection has seen all changes up to some version: that of its hello, or of
    the last flush while it was in step. `lines_since` returns the later ones, so nothing is queued per connection. Each
    dictionary is in the order of versions, so the latest changes are at its end.
    """

    __slots__ = (
        "_departed",
        "_members",
        "_new_typing",
        "_typing_times",
        "_unstored_marks",
        "flushed_version",
        "read_marks",
        "version",
    )

    def __init__(self, read_marks: dict[str, int]) -> None:
        """Start without members; `read_marks`: the stored read marks by member, the latest moved first."""
        #: The number of changes so far.
        self.version = 0
        #: The version that connections in step have seen.
        self.flushed_version = 0
        self._members: dict[str, _PresentMember] = {}
        #: Members who left: member id → the version at which they left.
        self._departed: dict[str, int] = {}
        #: When each member's typing was recorded last, in monotonic seconds.
        self._typing_times: dict[str, float] = {}
        #: Members who started to type since the last call of `take_typing`, by id.
        self._new_typing: dict[str, Person] = {}
        #: Read marks that wait to be stored: member → seq.
        self._unstored_marks: dict[str, int] = {}
        #: Read marks: member → seq, and the version at which the mark moved to it. The mark that moved last is last.
        self.read_marks: dict[str, tuple[int, int]] = {member: (seq, 0) for member, seq in reversed(read_marks.items())}

    def __len__(self) -> int:
        """Return the number of members in the room."""
        return len(self._members)

    def connections(self, member: str) -> int:
        """Return the number of the member's connections, on all processes."""
        present = self._members.get(member)
        return present.connections if present else 0

    def named_members(self) -> list[Person]:
        """List up to 100 members, those present longest (P1)."""
        return [present.person for present in islice(self._members.values(), MAX_NAMED)]

    def latest_marks(self) -> dict[str, int]:
        """Return the 100 read marks that moved last, or all if there are fewer: member → seq."""
        return {member: seq for member, (seq, _) in islice(reversed(self.read_marks.items()), MAX_NAMED)}

    def add_connection(self, person: Person) -> None:
        """Count a connection that the member opened; with the first one, the member joins."""
        present = self._members.get(person.id)
        if present is not None:
            present.connections += 1
            return
        self.version += 1
        self._members[person.id] = _PresentMember(person, 1, self.version)
        self._departed.pop(person.id, None)

    def remove_connection(self, member: str) -> None:
        """Count a connection that the member closed; with the last one, the member leaves."""
        present = self._members.get(member)
        if present is None:
            return
        present.connections -= 1
        if present.connections:
            return
        self.version += 1
        del self._members[member]
        self._typing_times.pop(member, None)
        self._new_typing.pop(member, None)
        self._departed[member] = self.version

    def record_typing(self, person: Person, now: float) -> bool:
        """Record that the member is typing at `now` (monotonic seconds).

        Return False, and ignore the call, within 2 s of the last recorded one (P4).
        """
        if now - self._typing_times.get(person.id, -inf) < _TYPING_S:
            return False
        self._typing_times[person.id] = now
        self._new_typing[person.id] = person
        return True

    def record_read(self, member: str, seq: int) -> bool:
        """Record that the member has read up to `seq`, to be stored; return False if that is known already (P5)."""
        mark = max(self.read_marks.get(member, (0, 0))[0], self._unstored_marks.get(member, 0))
        if seq <= mark:
            return False
        self._unstored_marks[member] = seq
        return True

    def has_unstored_marks(self) -> bool:
        """Return whether read marks wait to be stored."""
        return bool(self._unstored_marks)

    def take_unstored_marks(self) -> dict[str, int]:
        """Return the read marks that wait to be stored, and clear them.

        Call `apply_stored_mark` for those that were stored.
        """
        marks, self._unstored_marks = self._unstored_marks, {}
        return marks

    def apply_stored_mark(self, member: str, seq: int, max_marks: int) -> ReadMark | None:
        """Apply a stored read mark.

        Args:
            member: The member's id.
            seq: The stored mark.
            max_marks: The maximum number of marks in memory; beyond it, the mark that moved longest ago is dropped.

        Returns:
            The line that reports it; None if the mark in memory is not lower than `seq`.

        """
        if seq <= self.read_marks.get(member, (0, 0))[0]:
            return None
        self.version += 1
        self.read_marks.pop(member, None)
        self.read_marks[member] = (seq, self.version)
        if len(self.read_marks) > max_marks:
            del self.read_marks[next(iter(self.read_marks))]
        return ReadMark(member, seq)

    def take_typing(self) -> list[TypingNow]:
        """Return a line for each member who started to type since the last call, and clear them."""
        typing, self._new_typing = self._new_typing, {}
        return [TypingNow(person) for person in typing.values()]

    def flush(self) -> Presence | None:
        """Return the line about who joined and left since the last flush; None if nothing changed (P2).

        The line includes members who both joined and left since then, because a hello in between may have named them.
        """
        line = self._changes_since(self.flushed_version)
        self.flushed_version = self.version
        for member in list(islice(self._departed, max(0, len(self._departed) - _MAX_DEPARTED))):
            del self._departed[member]
        return line

    def lines_since(self, version: int) -> list[Presence | ReadMark]:
        """Create the lines about all changes after `version`, for a connection that has seen the earlier ones."""
        new = takewhile(lambda mark: mark[1][1] > version, islice(reversed(self.read_marks.items()), MAX_NAMED))
        lines: list[Presence | ReadMark] = [ReadMark(member, seq) for member, (seq, _) in new]
        lines.reverse()
        changes = self._changes_since(version)
        return lines if changes is None else [*lines, changes]

    def _changes_since(self, version: int) -> Presence | None:
        """Create the line about who joined and left after `version`; None if nothing changed."""
        new_members = takewhile(lambda present: present.version > version, reversed(self._members.values()))
        joined = [present.person for present in islice(new_members, MAX_NAMED)]
        departures = takewhile(lambda departure: departure[1] > version, reversed(self._departed.items()))
        left = [member for member, _ in departures]
        return Presence(joined[::-1], left[::-1], len(self._members)) if joined or left else None
