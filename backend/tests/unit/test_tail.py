"""Test the tail of a room's log in memory: its limits, and the bodies that it must not keep (D1, S9)."""

import json
from typing import Any

from msgspec import UNSET

from alcove.protocol import Entry, Person, raw
from alcove.rooms.tail import Tail

ADA = Person("ada", "Ada")


def message(seq: int, body: str = "hello") -> Entry:
    """Create a message."""
    return Entry(seq, "message", f"m{seq}", ADA, seq, body=raw(body))


def edit(seq: int, target: int, body: str = "hello!") -> Entry:
    """Create an edit of the message `target`."""
    return Entry(seq, "edit", f"e{seq}", ADA, seq, target, raw(body))


def delete(seq: int, target: int) -> Entry:
    """Create a delete of the message `target`."""
    return Entry(seq, "delete", f"d{seq}", ADA, seq, target)


def create_tail(*entries: Entry, max_entries: int = 100, max_bytes: int = 100_000) -> Tail:
    """Create a tail with these entries, added one by one."""
    tail = Tail(max_entries, max_bytes)
    for entry in entries:
        tail.extend([entry])
    return tail


def decoded_lines(tail: Tail, after: int = 0) -> list[dict[str, Any]]:
    """Return the lines after a position, decoded."""
    lines = tail.lines_after(after, 1_000_000)
    assert lines is not None
    return [json.loads(line) for line in lines]


def test_r2_lines_after_a_cursor_are_in_order() -> None:
    tail = create_tail(*map(message, range(5, 10)))

    assert [line["seq"] for line in decoded_lines(tail, 6)] == [7, 8, 9]
    assert [line["seq"] for line in decoded_lines(tail, 4)] == [5, 6, 7, 8, 9]
    assert decoded_lines(tail, 9) == []


def test_d1_a_cursor_further_back_is_not_covered() -> None:
    tail = create_tail(*map(message, range(5, 10)))

    assert not tail.covers(3)
    assert tail.lines_after(3, 1000) is None
    assert tail.covers(4)


def test_d1_an_empty_tail_covers_no_cursor() -> None:
    assert not create_tail().covers(0)
    assert create_tail().lines_after(0, 1000) is None


def test_d1_lines_are_bounded_by_bytes_and_at_least_one_is_returned() -> None:
    tail = create_tail(*(message(seq, "x" * 100) for seq in range(1, 11)))
    size = len((tail.lines_after(0, 1) or [])[0])

    assert len(tail.lines_after(0, 1) or []) == 1
    assert len(tail.lines_after(0, 3 * (size + 1)) or []) == 3
    assert len(tail.lines_after(0, 3 * (size + 1) - 1) or []) == 2


def test_the_tail_is_bounded_by_entries() -> None:
    tail = create_tail(*map(message, range(1, 11)), max_entries=3)
    tail.trim(0)

    assert (len(tail), tail.first_seq) == (3, 8)
    assert [line["seq"] for line in decoded_lines(tail, 7)] == [8, 9, 10]


def test_the_tail_is_bounded_by_bytes() -> None:
    tail = create_tail(*(message(seq, "x" * 1000) for seq in range(1, 11)), max_bytes=3500)
    tail.trim(0)

    assert len(tail) == 3
    assert tail.size_bytes == sum(len(line) for line in tail.lines_after(7, 1_000_000) or [])


def test_l5_the_tail_keeps_no_entries_removed_by_retention() -> None:
    tail = create_tail(*map(message, range(1, 6)))
    tail.trim(4)

    assert (tail.first_seq, len(tail)) == (4, 2)


def test_an_emptied_tail_begins_with_the_next_entry() -> None:
    tail = create_tail(*map(message, range(1, 6)), max_entries=0)
    tail.trim(0)
    assert (len(tail), tail.size_bytes) == (0, 0)
    tail.extend([message(6)])
    assert tail.first_seq == 6

    tail.clear()
    assert (len(tail), tail.size_bytes) == (0, 0)
    tail.extend([message(20)])
    assert [line["seq"] for line in decoded_lines(tail, 19)] == [20]


def test_s9_an_edited_message_carries_its_latest_body() -> None:
    tail = create_tail(message(1), edit(2, 1, "two"), edit(3, 1, "three"))

    first = decoded_lines(tail)[0]
    assert (first["body"], first["edited"]) == ("three", 3)


def test_s9_a_deleted_message_and_its_edits_carry_no_body() -> None:
    tail = create_tail(message(1), edit(2, 1), message(3), edit(4, 3), delete(5, 1))

    lines = decoded_lines(tail)
    assert ["body" in line for line in lines] == [False, False, True, True, False]
    assert lines[0]["deleted"] == 5
    assert "deleted" not in lines[1]


def test_s9_an_edit_of_a_message_not_in_the_tail_loses_its_body() -> None:
    tail = create_tail(message(1), edit(2, 1), max_entries=1)
    tail.trim(0)
    tail.extend([delete(3, 1)])

    assert ["body" in line for line in decoded_lines(tail, 1)] == [False, False]


def test_s9_an_edit_of_a_message_not_in_the_tail_changes_no_other() -> None:
    tail = create_tail(message(1), message(2), max_entries=1)
    tail.trim(0)
    tail.extend([edit(3, 1)])

    assert [line["body"] for line in decoded_lines(tail, 1)] == ["hello", "hello!"]
    assert all(entry.edited is UNSET for entry in tail._entries)


def test_the_size_follows_edits_and_deletes() -> None:
    tail = create_tail(message(1), edit(2, 1, "x" * 500), delete(3, 1), message(4))

    assert tail.size_bytes == sum(len(line) for line in tail.lines_after(0, 1_000_000) or [])
