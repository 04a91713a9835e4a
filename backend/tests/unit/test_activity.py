"""Test the batching of presence, typing and read marks for a room's connections (P2, P4, P5)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from alcove.protocol import Line, Person, Presence, ReadMark, TypingNow
from alcove.rooms.activity import Activity
from alcove.rooms.presence import RoomPresence
from alcove.storage.base import LogUnavailableError
from tests.support.memory_rooms import ADA, BOB, CYD
from tests.support.storm import example_count
from tests.support.virtual_time import elapse, virtual_time

#: The interval of P2 and P5 in seconds, and its two parts: up to shortly before its end, and the rest.
INTERVAL_S, BEFORE_S, MOMENT_S = 0.25, 0.249, 0.001


@dataclass
class RecordedActivity:
    """The activity of a room, with everything that it sent, stored and published."""

    reads: dict[str, int] = field(default_factory=dict)
    sent: list[Line] = field(default_factory=list)
    published: list[Line] = field(default_factory=list)
    stores: list[dict[str, int]] = field(default_factory=list)
    #: The read marks in storage, by member; storage moves them only forward.
    stored: dict[str, int] = field(default_factory=dict)
    #: Whether storage calls succeed.
    available: bool = True
    #: Set while storage calls may return.
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.answers.set()
        self.presence = RoomPresence(self.reads)
        self.activity = Activity("foo", self.presence, self, store_marks=self.store, publish=self.published.extend)

    async def store(self, marks: dict[str, int]) -> dict[str, int]:
        """Move marks forward, and return them (StoreMarks)."""
        self.stores.append(marks)
        await self.answers.wait()
        if not self.available:
            raise LogUnavailableError("nothing stored")
        for member, seq in marks.items():
            self.stored[member] = max(seq, self.stored.get(member, 0))
        return {member: self.stored[member] for member in marks}

    def send(self, lines: Sequence[Line], seen_version: int) -> None:  # noqa: ARG002 - versions concern only the room
        """Record lines for all connections (ActivityWriter)."""
        self.sent += lines

    def send_typing(self, typing: Sequence[TypingNow], seen_version: int) -> None:  # noqa: ARG002 - the same
        """Record lines about typing (ActivityWriter)."""
        self.sent += typing

    def new_lines(self) -> list[Line]:
        """Return the lines sent since the last call."""
        lines = list(self.sent)
        self.sent.clear()
        return lines


@virtual_time
async def test_p2_changes_within_250_ms_make_one_line() -> None:
    room = RecordedActivity()
    room.activity.apply_remote_presence([(ADA, 1)])
    await elapse(BEFORE_S)
    room.activity.apply_remote_presence([(BOB, 1)])
    assert room.new_lines() == []

    await elapse(MOMENT_S)
    assert room.new_lines() == [Presence([ADA, BOB], [], 2)]


@virtual_time
async def test_p2_next_line_follows_250_ms_after_its_first_change() -> None:
    room = RecordedActivity()
    room.activity.apply_remote_presence([(ADA, 1)])
    await elapse(INTERVAL_S)
    room.activity.apply_remote_presence([(BOB, 1)])
    room.new_lines()
    await elapse(BEFORE_S)
    assert room.new_lines() == []

    await elapse(MOMENT_S)
    assert room.new_lines() == [Presence([BOB], [], 2)]


@virtual_time
async def test_p2_nothing_is_sent_while_nothing_changes() -> None:
    room = RecordedActivity()
    room.activity.schedule()
    await elapse(10)

    assert room.new_lines() == []


@virtual_time
async def test_p2_a_closed_room_sends_nothing() -> None:
    room = RecordedActivity()
    room.activity.apply_remote_presence([(ADA, 1)])
    room.activity.close()
    await elapse(1)

    assert room.new_lines() == []


@virtual_time
async def test_p1_connections_in_other_processes_count_as_one_member() -> None:
    room = RecordedActivity()
    room.activity.apply_remote_presence([(ADA, 3)])
    room.activity.apply_remote_presence([(ADA, -2)])
    await elapse(INTERVAL_S)
    assert room.new_lines() == [Presence([ADA], [], 1)]

    room.activity.apply_remote_presence([(ADA, -1)])
    await elapse(INTERVAL_S)
    assert room.new_lines() == [Presence([], ["ada"], 0)]


@settings(max_examples=example_count(50))
@given(st.lists(st.tuples(st.sampled_from([ADA, BOB, CYD]), st.integers(-2, 3), st.booleans()), max_size=20))
@virtual_time
async def test_p1_lines_add_up_to_the_connected_members(steps: Sequence[tuple[Person, int, bool]]) -> None:
    """Readers who add up every presence line know the same members as the room, and their exact number."""
    room = RecordedActivity()
    connections = dict.fromkeys((ADA, BOB, CYD), 0)
    members: set[str] = set()
    count = 0
    for person, step, pause in steps:
        change = max(step, -connections[person])
        connections[person] += change
        room.activity.apply_remote_presence([(person, change)])
        if pause:
            await elapse(INTERVAL_S)
    await elapse(INTERVAL_S)
    for line in room.new_lines():
        assert isinstance(line, Presence)
        members = members - set(line.left) | {person.id for person in line.joined}
        count = line.count

    expected = {person.id for person, connection_count in connections.items() if connection_count}
    assert (expected, len(expected)) == (members, count)


@virtual_time
async def test_p4_typing_is_shared_at_most_once_in_two_seconds() -> None:
    room = RecordedActivity()
    for now in (0.0, 0.5, 1.9, 2.0):
        room.activity.record_typing(ADA, now, publish=True)
    await elapse(INTERVAL_S)

    assert room.new_lines() == [TypingNow(ADA)], "two reports within the interval of P2 make one line"
    assert room.published == [TypingNow(ADA)] * 2


@virtual_time
async def test_p4_typing_from_another_process_is_not_shared_again() -> None:
    room = RecordedActivity()
    room.activity.record_typing(ADA, 0.0, publish=False)
    await elapse(INTERVAL_S)

    assert room.new_lines() == [TypingNow(ADA)]
    assert room.published == []


@virtual_time
async def test_p5_a_mark_is_sent_once_it_is_stored() -> None:
    room = RecordedActivity()
    room.answers.clear()
    room.activity.record_read("ada", 3)
    await elapse(INTERVAL_S)
    assert room.stores == [{"ada": 3}]
    assert room.new_lines() == []

    room.answers.set()
    await elapse(INTERVAL_S)
    assert [ReadMark("ada", 3)] == room.new_lines() == room.published


@virtual_time
async def test_p5_marks_within_250_ms_are_stored_together() -> None:
    room = RecordedActivity()
    for member, seq in (("ada", 3), ("bob", 1), ("ada", 5), ("ada", 4)):
        room.activity.record_read(member, seq)
    await elapse(BEFORE_S)
    assert room.stores == []

    await elapse(MOMENT_S)
    assert room.stores == [{"ada": 5, "bob": 1}]


@virtual_time
async def test_p5_a_mark_not_moving_forward_is_ignored() -> None:
    room = RecordedActivity(reads={"ada": 5})
    room.activity.record_read("ada", 5)
    room.activity.record_read("ada", 2)
    await elapse(1)

    assert (room.stores, room.new_lines(), room.published) == ([], [], [])


@virtual_time
async def test_p5_marks_made_during_a_write_join_the_next_one() -> None:
    room = RecordedActivity()
    room.answers.clear()
    room.activity.record_read("ada", 3)
    await elapse(INTERVAL_S)
    room.activity.record_read("ada", 7)
    room.activity.record_read("bob", 2)
    await elapse(1)
    assert room.stores == [{"ada": 3}]

    room.answers.set()
    await elapse(INTERVAL_S)
    assert room.stores == [{"ada": 3}, {"ada": 7, "bob": 2}]
    assert room.new_lines() == [ReadMark("ada", 3), ReadMark("ada", 7), ReadMark("bob", 2)]


@virtual_time
async def test_p5_the_sent_mark_equals_the_stored_mark() -> None:
    """Another process has already stored a later mark of the member."""
    room = RecordedActivity()
    room.stored["ada"] = 9
    room.activity.record_read("ada", 3)
    await elapse(INTERVAL_S)

    assert [ReadMark("ada", 9)] == room.new_lines() == room.published


@virtual_time
async def test_p5_marks_are_stored_after_an_outage() -> None:
    room = RecordedActivity(available=False)
    room.activity.record_read("ada", 3)
    await elapse(INTERVAL_S)
    room.activity.record_read("ada", 4)
    await elapse(INTERVAL_S)
    assert room.new_lines() == []

    room.available = True
    await elapse(INTERVAL_S)
    assert room.stores[-1] == {"ada": 4}
    assert room.new_lines() == [ReadMark("ada", 4)]
    attempts = len(room.stores)
    await elapse(10)
    assert len(room.stores) == attempts


@virtual_time
async def test_p5_marks_stored_by_another_process_are_only_sent() -> None:
    room = RecordedActivity(reads={"bob": 4})
    room.activity.apply_remote_marks({"ada": 3, "bob": 4})
    room.activity.apply_remote_marks({"ada": 5})
    room.activity.apply_remote_marks({"ada": 4})  # delayed, from a third process
    assert room.new_lines() == []

    await elapse(INTERVAL_S)
    assert room.new_lines() == [ReadMark("ada", 5)]
    assert (room.stores, room.published) == ([], [])
