"""Test a room's members, typing and read marks (P)."""

import random

import pytest

from alcove.protocol import Person, Presence, ReadMark
from alcove.rooms.presence import MAX_NAMED, RoomPresence

ADA, BOB, CYD = Person("ada", "Ada"), Person("bob", "Bob"), Person("cyd", "Cyd")


def create_presence(*people: Person) -> RoomPresence:
    """Create the presence of a room that these people have joined, once per connection."""
    presence = RoomPresence({})
    for person in people:
        presence.add_connection(person)
    presence.flush()
    return presence


def test_p1_a_member_with_several_connections_counts_once() -> None:
    presence = create_presence(ADA, ADA, BOB)

    assert (len(presence), presence.connections("ada"), presence.connections("cyd")) == (2, 2, 0)
    assert presence.named_members() == [ADA, BOB]


def test_p1_a_member_leaves_with_their_last_connection() -> None:
    presence = create_presence(ADA, ADA, BOB)
    presence.remove_connection("ada")
    assert presence.flush() is None

    presence.remove_connection("ada")
    assert presence.flush() == Presence([], ["ada"], 1)


def test_p1_at_most_100_members_are_named_but_all_are_counted() -> None:
    presence = create_presence(*(Person(str(n), "N") for n in range(250)))

    assert (len(presence.named_members()), len(presence)) == (MAX_NAMED, 250)


def test_p1_a_member_who_never_joined_cannot_leave() -> None:
    presence = create_presence(ADA)
    presence.remove_connection("bob")

    assert presence.flush() is None


def test_p2_changes_are_combined_into_one_line() -> None:
    presence = create_presence(ADA)
    presence.add_connection(BOB)
    presence.add_connection(CYD)
    presence.remove_connection("ada")

    assert presence.flush() == Presence([BOB, CYD], ["ada"], 2)
    assert presence.flush() is None


def test_p2_a_visit_between_two_flushes_is_sent_as_a_leave() -> None:
    presence = create_presence(ADA)
    presence.add_connection(BOB)
    presence.add_connection(CYD)  # its hello names bob
    presence.remove_connection("bob")

    assert presence.flush() == Presence([CYD], ["bob"], 2)


def test_p2_an_absence_between_two_flushes_is_sent_as_a_join() -> None:
    presence = create_presence(ADA, BOB)
    presence.remove_connection("bob")
    presence.add_connection(CYD)  # its hello does not name bob
    presence.add_connection(BOB)

    assert presence.flush() == Presence([CYD, BOB], [], 3)


def test_p2_members_who_leave_together_are_all_reported() -> None:
    people = [Person(str(n), "N") for n in range(3000)]
    presence = create_presence(*people)
    for person in people:
        presence.remove_connection(person.id)

    line = presence.flush()

    assert line is not None
    assert line.left == [person.id for person in people]


def test_d1_a_reader_behind_gets_the_missed_changes() -> None:
    presence = create_presence(ADA, BOB)
    version = presence.version
    presence.add_connection(CYD)
    presence.flush()
    presence.remove_connection("bob")
    presence.flush()
    presence.apply_stored_mark("ada", 7, 100)

    assert presence.lines_since(version) == [ReadMark("ada", 7), Presence([CYD], ["bob"], 2)]
    assert presence.lines_since(presence.version) == []


def test_d1_a_reader_behind_gets_joins_before_the_next_flush() -> None:
    presence = create_presence(ADA)
    presence.add_connection(BOB)
    version = presence.version  # as of bob's hello
    presence.add_connection(CYD)
    presence.flush()

    assert presence.lines_since(version) == [Presence([CYD], [], 3)]


@pytest.mark.parametrize("seed", range(20))
def test_d1_every_client_ends_with_the_current_presence(seed: int) -> None:
    """Readers in step get each flushed line, readers behind get `lines_since`; all have the same members at the end."""
    rng = random.Random(seed)  # noqa: S311 - the numbers are no secrets
    presence = RoomPresence({})
    in_step: list[set[str]] = []
    behind: list[tuple[set[str], int]] = []
    for _ in range(400):
        person = Person(str(rng.randrange(8)), "N")
        if rng.random() < 0.5:
            presence.add_connection(person)
        else:
            presence.remove_connection(person.id)
        if rng.random() < 0.2 and (line := presence.flush()):
            in_step = [apply_lines(members, line) for members in in_step]
        members = {member.id for member in presence.named_members()}
        if rng.random() < 0.1:
            in_step.append(members)
        elif rng.random() < 0.1:
            behind.append((members, presence.version))

    if line := presence.flush():
        in_step = [apply_lines(members, line) for members in in_step]
    caught_up = [apply_lines(members, *presence.lines_since(version)) for members, version in behind]

    current_members = {member.id for member in presence.named_members()}
    assert all(members == current_members for members in in_step + caught_up)


def apply_lines(members: set[str], *lines: Presence | ReadMark) -> set[str]:
    """Return the members that a client has after these lines."""
    for line in lines:
        if isinstance(line, Presence):
            members = members - set(line.left) | {person.id for person in line.joined}
    return members


def test_p4_typing_is_shared_at_most_once_in_two_seconds() -> None:
    presence = create_presence(ADA, BOB)

    assert presence.record_typing(ADA, 0.0)
    assert not presence.record_typing(ADA, 1.99)
    assert presence.record_typing(BOB, 1.99)
    assert presence.record_typing(ADA, 2.0)
    assert [line.by for line in presence.take_typing()] == [ADA, BOB]
    assert presence.take_typing() == []


def test_p4_a_member_who_left_is_not_typing() -> None:
    presence = create_presence(ADA)
    presence.record_typing(ADA, 0.0)
    presence.remove_connection("ada")

    assert presence.take_typing() == []


def test_p5_a_mark_moves_forward_only() -> None:
    presence = RoomPresence({"ada": 10})

    assert not presence.record_read("ada", 10)
    assert not presence.record_read("ada", 9)
    assert presence.record_read("ada", 12)
    assert not presence.record_read("ada", 11)
    assert presence.take_unstored_marks() == {"ada": 12}
    assert not presence.has_unstored_marks()
    assert presence.apply_stored_mark("ada", 12, 100) == ReadMark("ada", 12)
    assert presence.apply_stored_mark("ada", 12, 100) is None
    assert presence.apply_stored_mark("ada", 11, 100) is None
    assert presence.latest_marks() == {"ada": 12}


def test_p5_marks_in_memory_are_bounded_and_the_latest_100_are_named() -> None:
    presence = RoomPresence({})
    for n in range(300):
        presence.apply_stored_mark(str(n), 5, max_marks=200)

    assert len(presence.read_marks) == 200
    assert set(presence.latest_marks()) == {str(n) for n in range(200, 300)}


def test_p5_marks_from_the_log_keep_their_order() -> None:
    presence = RoomPresence({str(n): 5 for n in range(100)})  # the latest first, as a log returns them
    presence.apply_stored_mark("new", 6, max_marks=100)

    assert "99" not in presence.latest_marks()
    assert {"new", "0"} <= set(presence.latest_marks())
