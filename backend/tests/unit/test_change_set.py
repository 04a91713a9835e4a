"""Test the collection of changed rooms: each once, and a limited number (W10)."""

from collections.abc import Callable

from alcove.cluster.messages import RoomsChanged
from alcove.rooms.change_set import ChangeSet


def test_w10_repeated_changes_of_a_room_keep_its_last_head() -> None:
    changes = ChangeSet(10)
    for head in (1, 2, 3):
        changes.add_room("a", head)

    assert changes.rooms() == ["a"]
    assert list(changes.messages()) == [RoomsChanged({"a": 3}, {})]


def test_w10_a_mark_in_a_changed_room_is_no_separate_change() -> None:
    changes = ChangeSet(10)
    changes.add_marks("a", ["ada"])
    changes.add_marks("b", ["bob"])
    changes.add_room("a", 1)

    assert (changes.marks(), changes.rooms()) == ({"b": {"bob"}}, ["a"])
    assert list(changes.messages()) == [RoomsChanged({"a": 1}, {"a": ["ada"], "b": ["bob"]})]


def test_w10_changes_beyond_the_limit_become_an_overflow() -> None:
    additions: list[Callable[[ChangeSet, int], None]] = [
        lambda changes, n: changes.add_room(f"room-{n}", 1),
        lambda changes, n: changes.add_marks(f"room-{n}", ["ada"]),
        lambda changes, n: changes.add_marks("one", [f"member-{n}"]),
    ]
    for add in additions:
        changes = ChangeSet(3)
        for n in range(3):
            add(changes, n)
        assert not changes.overflowed
        for n in range(3, 9):
            add(changes, n)

        assert repr(changes) == "<ChangeSet rooms=0 marks=0 overflowed=True>"
        assert changes
        assert list(changes.messages()) == [RoomsChanged({}, {}, more=True)]


def test_w10_many_rooms_are_split_over_several_messages() -> None:
    changes = ChangeSet(1000)
    for n in range(450):
        changes.add_room(f"room-{n}", n)

    messages = list(changes.messages())
    # A message has at most 200 rooms.
    assert [len(message.heads) for message in messages] == [200, 200, 50]
    assert {item: head for message in messages for item, head in message.heads.items()} == {
        f"room-{n}": n for n in range(450)
    }


def test_w10_without_changes_no_message_is_published() -> None:
    assert not ChangeSet(1)
    assert list(ChangeSet(1).messages()) == []
