"""Test a room's members, typing and read marks (P)."""

import random

import pytest

from alcove.protocol import Person, Presence, ReadMark
from alcove.rooms.presence import NAMED, RoomPresence

ADA, BOB, CYD = Person("ada", "Ada"), Person("bob", "Bob"), Person("cyd", "Cyd")


def here(*people: Person) -> RoomPresence:
    present = RoomPresence({})
    for person in people:
        present.join(person)
    present.flush()
    return present


def test_p1_a_member_with_several_connections_counts_once() -> None:
    present = here(ADA, ADA, BOB)

    assert (len(present), present.connections("ada"), present.connections("cyd")) == (2, 2, 0)
    assert present.named() == [ADA, BOB]


def test_p1_a_member_leaves_with_their_last_connection() -> None:
    present = here(ADA, ADA, BOB)
    present.leave("ada")
    assert present.flush() is None

    present.leave("ada")
    assert present.flush() == Presence([], ["ada"], 1)


def test_p1_at_most_100_are_named_and_the_count_is_exact() -> None:
    present = here(*(Person(str(n), "N") for n in range(250)))

    assert (len(present.named()), len(present)) == (NAMED, 250)


def test_p1_who_was_never_here_cannot_leave() -> None:
    present = here(ADA)
    present.leave("bob")

    assert present.flush() is None


def test_p2_changes_are_gathered_into_one_line() -> None:
    present = here(ADA)
    present.join(BOB)
    present.join(CYD)
    present.leave("ada")

    assert present.flush() == Presence([BOB, CYD], ["ada"], 2)
    assert present.flush() is None


def test_p2_who_comes_and_goes_between_two_flushes_leaves_those_whose_hello_named_them() -> None:
    present = here(ADA)
    present.join(BOB)
    present.join(CYD)  # greeted with a hello that names bob
    present.leave("bob")

    assert present.flush() == Presence([CYD], ["bob"], 2)


def test_p2_who_goes_and_comes_between_two_flushes_joins_those_whose_hello_lacked_them() -> None:
    present = here(ADA, BOB)
    present.leave("bob")
    present.join(CYD)  # greeted with a hello that does not name bob
    present.join(BOB)

    assert present.flush() == Presence([CYD, BOB], [], 3)


def test_p2_who_all_leave_at_once_are_all_told() -> None:
    people = [Person(str(n), "N") for n in range(3000)]
    present = here(*people)
    for person in people:
        present.leave(person.id)

    line = present.flush()

    assert line is not None
    assert line.left == [person.id for person in people]


def test_d1_a_reader_that_was_behind_gets_what_it_missed() -> None:
    present = here(ADA, BOB)
    told = present.version
    present.join(CYD)
    present.flush()
    present.leave("bob")
    present.flush()
    present.apply_mark("ada", 7, 100)

    assert present.since(told) == [ReadMark("ada", 7), Presence([CYD], ["bob"], 2)]
    assert present.since(present.version) == []


def test_d1_a_reader_that_was_behind_hears_of_those_who_came_before_the_next_flush() -> None:
    present = here(ADA)
    present.join(BOB)
    told = present.version  # bob's hello
    present.join(CYD)
    present.flush()

    assert present.since(told) == [Presence([CYD], [], 3)]


@pytest.mark.parametrize("seed", range(20))
def test_d1_whoever_was_greeted_whenever_knows_in_the_end_who_is_here(seed: int) -> None:
    """Readers in step follow the flushes, readers behind get `since`: all come to the same view."""
    moves = random.Random(seed)  # noqa: S311 - a test's dice
    present = RoomPresence({})
    in_step: list[set[str]] = []
    behind: list[tuple[set[str], int]] = []
    for _ in range(400):
        person = Person(str(moves.randrange(8)), "N")
        if moves.random() < 0.5:
            present.join(person)
        else:
            present.leave(person.id)
        if moves.random() < 0.2 and (line := present.flush()):
            in_step = [follow(view, line) for view in in_step]
        view = {member.id for member in present.named()}
        if moves.random() < 0.1:
            in_step.append(view)
        elif moves.random() < 0.1:
            behind.append((view, present.version))

    if line := present.flush():
        in_step = [follow(view, line) for view in in_step]
    caught_up = [follow(view, *present.since(told)) for view, told in behind]

    truth = {member.id for member in present.named()}
    assert all(view == truth for view in in_step + caught_up)


def follow(members: set[str], *lines: Presence | ReadMark) -> set[str]:
    """Apply lines to a client's view of the members and marks."""
    for line in lines:
        if isinstance(line, Presence):
            members = members - set(line.left) | {person.id for person in line.joined}
    return members


def test_p4_typing_is_passed_on_at_most_once_in_two_seconds() -> None:
    present = here(ADA, BOB)

    assert present.typing(ADA, 0.0)
    assert not present.typing(ADA, 1.99)
    assert present.typing(BOB, 1.99)
    assert present.typing(ADA, 2.0)
    assert [line.by for line in present.take_typing()] == [ADA, BOB]
    assert present.take_typing() == []


def test_p4_who_left_types_no_more() -> None:
    present = here(ADA)
    present.typing(ADA, 0.0)
    present.leave("ada")

    assert present.take_typing() == []


def test_p5_a_mark_moves_forward_only() -> None:
    present = RoomPresence({"ada": 10})

    assert not present.read("ada", 10)
    assert not present.read("ada", 9)
    assert present.read("ada", 12)
    assert not present.read("ada", 11)
    assert present.take_reads() == {"ada": 12}
    assert not present.has_reads()
    assert present.apply_mark("ada", 12, 100) == ReadMark("ada", 12)
    assert present.apply_mark("ada", 12, 100) is None
    assert present.apply_mark("ada", 11, 100) is None
    assert present.marks() == {"ada": 12}


def test_p5_marks_in_memory_are_bounded_and_the_latest_100_are_named() -> None:
    present = RoomPresence({})
    for n in range(300):
        present.apply_mark(str(n), 5, max_marks=200)

    assert len(present.reads) == 200
    assert set(present.marks()) == {str(n) for n in range(200, 300)}


def test_p5_marks_from_the_log_keep_their_order() -> None:
    present = RoomPresence({str(n): 5 for n in range(100)})  # the latest moved first, as a log gives them
    present.apply_mark("new", 6, max_marks=100)

    assert "99" not in present.marks()
    assert {"new", "0"} <= set(present.marks())
