"""Test the requests made from an import file: each line once, in its room, with references instead of seqs (W14)."""

import codecs
import gzip
import io
import json
from typing import Any

import pytest

from alcove.rooms import import_file
from alcove.rooms.import_file import ImportFile
from alcove.rooms.import_lines import LineError, decode_lines

ADA = {"id": "ada", "name": "Ada"}


def room_line(item: str) -> dict[str, Any]:
    """Create the line that begins a room."""
    return {"type": "room", "item": item}


def entry_line(seq: int, kind: str = "message", **fields: object) -> dict[str, Any]:
    """Create the line of an entry; a field of None is omitted."""
    body = {} if kind == "delete" else {"body": f"number {seq}"}
    line = {"type": "entry", "seq": seq, "kind": kind, "id": f"c{seq}", "by": ADA, "at": 1_700_000_000_000 + seq}
    return {name: value for name, value in (line | body | fields).items() if value is not None}


def mark_line(seq: int) -> dict[str, Any]:
    """Create the line of a read mark."""
    return {"type": "read", "by": "ada", "seq": seq}


def create_file(*lines: object) -> ImportFile:
    """Create a file of these lines; None stands for a blank line."""
    return ImportFile(io.BytesIO(b"".join(json.dumps(line).encode() + b"\n" if line else b"\n" for line in lines)))


def sent_lines(file: ImportFile) -> list[tuple[int, str, Any]]:
    """Return the number, item and content of each line that is sent, as the server reads them."""
    return [
        (line.number, line.item, line.line)
        for request in file.requests()
        for line in decode_lines(request.data, request.first_line)
    ]


def target_ids(file: ImportFile) -> list[str | None]:
    """Return the id that each sent line refers to, or None."""
    return [getattr(line.target, "id", None) for _, _, line in sent_lines(file)]


def test_w14_seqs_become_references_to_entries_of_the_same_room() -> None:
    lines = [
        room_line("a"),
        entry_line(5),
        entry_line(6, "edit", target=5),
        mark_line(6),
        None,
        room_line("b"),
        entry_line(5, id="d5"),
        mark_line(5),
    ]
    file = create_file(*lines)

    assert target_ids(file) == [None, "c5", "c6", None, "d5"]
    assert [number for number, _, _ in sent_lines(file)] == [2, 3, 4, 7, 8]
    assert file.left_out == 0


@pytest.mark.parametrize("line_count", [1, 2, 3, 1000])
def test_w14_requests_of_any_size_have_the_same_lines(monkeypatch: pytest.MonkeyPatch, line_count: int) -> None:
    file = create_file(
        room_line("a"),
        entry_line(1),
        entry_line(2),
        None,
        entry_line(3, "delete", target=1),
        mark_line(2),
        room_line("b"),
        room_line("c"),
        entry_line(1),
    )
    expected = sent_lines(file)
    monkeypatch.setattr(import_file, "_MAX_LINES", line_count)

    assert sent_lines(file) == expected
    assert [item for _, item, _ in expected] == ["a"] * 4 + ["c"]
    assert sum(request.line_count for request in file.requests()) == 9


def test_w14_lines_that_refer_to_absent_entries_are_left_out() -> None:
    deleted = entry_line(7, body=None, deleted=1_700_000_000_009)
    file = create_file(
        room_line("a"), entry_line(5), entry_line(6, "edit", target=2), deleted, mark_line(3), mark_line(0)
    )

    assert [line.id for _, _, line in sent_lines(file)] == ["c5"]
    assert file.left_out == 4


def test_w14_a_deleted_message_is_sent_with_its_deletion() -> None:
    file = create_file(
        room_line("a"), entry_line(1, body=None, deleted=1_700_000_000_002), entry_line(2, "delete", target=1)
    )

    assert [line.kind for _, _, line in sent_lines(file)] == ["message", "delete"]


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (entry_line(4, "edit", target=1), "line 5: target: expected a message; the entry 1 was deleted before"),
        (entry_line(4, "edit", target=2), "line 5: target: expected a message; the entry 2 is of the kind event"),
    ],
)
def test_w14_an_edit_of_a_deleted_message_or_an_event_is_an_error(last: dict[str, Any], expected: str) -> None:
    event = entry_line(2, "event", body={"text": "shipped"})

    with pytest.raises(LineError, match=expected):
        sent_lines(create_file(room_line("a"), entry_line(1), event, entry_line(3, "delete", target=1), last))


def test_w14_an_error_has_the_number_of_its_line_in_the_file() -> None:
    with pytest.raises(LineError, match="line 4: at: expected int"):
        sent_lines(create_file(room_line("a"), entry_line(1), None, entry_line(2, at="now")))


def test_w14_a_byte_order_mark_is_skipped() -> None:
    lines = b"".join(
        json.dumps(line).encode() + b"\n" for line in (room_line("a"), entry_line(1), entry_line(2, "edit", target=1))
    )

    assert sent_lines(ImportFile(io.BytesIO(codecs.BOM_UTF8 + lines))) == sent_lines(ImportFile(io.BytesIO(lines)))


def test_w14_a_compressed_file_is_an_error() -> None:
    with pytest.raises(LineError, match="line 1: this is a gzip file: unpack it first"):
        sent_lines(ImportFile(io.BytesIO(gzip.compress(json.dumps(room_line("a")).encode()))))


def test_w14_a_line_over_the_limit_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_file, "_MAX_LINE_BYTES", 2000)
    longest = entry_line(1, body="")
    longest["body"] = "x" * (1999 - len(json.dumps(longest)))

    assert len(sent_lines(create_file(room_line("a"), longest))) == 1
    with pytest.raises(LineError, match="line 3: expected less than 2000 bytes, this line has at least as many"):
        sent_lines(create_file(room_line("a"), longest, entry_line(2, body="x" * 2000)))


def test_w14_a_request_with_a_long_last_line_names_that_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_file, "_MAX_BYTES", 400)
    lines = [room_line("a"), *(entry_line(seq, body="x" * (2000 if seq == 6 else 20)) for seq in range(1, 8))]
    places = [request.oversized_lines for request in create_file(*lines).requests()]

    assert places == ["lines 1 to 4", "line 7", "line 8"]
