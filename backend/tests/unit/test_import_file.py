"""W14: the requests of a file: every line once, with references instead of numbers, and the room that it belongs to."""

import codecs
import gzip
import io
import json
from typing import Any

import pytest

from alcove.rooms import import_file
from alcove.rooms.import_file import ImportFile
from alcove.rooms.import_lines import LineError, lines_of

ADA = {"id": "ada", "name": "Ada"}


def room(item: str) -> dict[str, Any]:
    return {"type": "room", "item": item}


def entry(seq: int, kind: str = "message", **fields: object) -> dict[str, Any]:
    body = {} if kind == "delete" else {"body": f"number {seq}"}
    line = {"type": "entry", "seq": seq, "kind": kind, "id": f"c{seq}", "by": ADA, "at": 1_700_000_000_000 + seq}
    return {name: value for name, value in (line | body | fields).items() if value is not None}


def read(seq: int) -> dict[str, Any]:
    return {"type": "read", "by": "ada", "seq": seq}


def file_of(*lines: object) -> ImportFile:
    return ImportFile(io.BytesIO(b"".join(json.dumps(line).encode() + b"\n" if line else b"\n" for line in lines)))


def sent_lines(file: ImportFile) -> list[tuple[int, str, Any]]:
    """Return number, item and line of everything that is sent, as the server reads it."""
    return [
        (line.number, line.item, line.line)
        for request in file.requests()
        for line in lines_of(request.data, request.line)
    ]


def targets(file: ImportFile) -> list[str | None]:
    return [getattr(line.target, "id", None) for _, _, line in sent_lines(file)]


def test_w14_numbers_become_references_to_entries_of_the_same_room() -> None:
    lines = [room("a"), entry(5), entry(6, "edit", target=5), read(6), None, room("b"), entry(5, id="d5"), read(5)]
    file = file_of(*lines)

    assert targets(file) == [None, "c5", "c6", None, "d5"]
    assert [number for number, _, _ in sent_lines(file)] == [2, 3, 4, 7, 8]
    assert file.left_out == 0


@pytest.mark.parametrize("lines", [1, 2, 3, 1000])
def test_w14_requests_of_any_size_have_the_same_lines(monkeypatch: pytest.MonkeyPatch, lines: int) -> None:
    file = file_of(
        room("a"), entry(1), entry(2), None, entry(3, "delete", target=1), read(2), room("b"), room("c"), entry(1)
    )
    expected = sent_lines(file)
    monkeypatch.setattr(import_file, "_LINES", lines)

    assert sent_lines(file) == expected
    assert [item for _, item, _ in expected] == ["a"] * 4 + ["c"]
    assert sum(request.lines for request in file.requests()) == 9


def test_w14_what_refers_to_entries_outside_of_the_file_is_left_out() -> None:
    deleted = entry(7, body=None, deleted=1_700_000_000_009)
    file = file_of(room("a"), entry(5), entry(6, "edit", target=2), deleted, read(3), read(0))

    assert [line.id for _, _, line in sent_lines(file)] == ["c5"]
    assert file.left_out == 4


def test_w14_a_deleted_message_is_sent_with_its_deletion() -> None:
    file = file_of(room("a"), entry(1, body=None, deleted=1_700_000_000_002), entry(2, "delete", target=1))

    assert [line.kind for _, _, line in sent_lines(file)] == ["message", "delete"]


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (entry(4, "edit", target=1), "line 5: target: expected a message; the entry 1 was deleted before"),
        (entry(4, "edit", target=2), "line 5: target: expected a message; the entry 2 is of the kind event"),
    ],
)
def test_w14_a_change_of_what_cannot_be_changed_is_an_error(last: dict[str, Any], expected: str) -> None:
    event = entry(2, "event", body={"text": "shipped"})

    with pytest.raises(LineError, match=expected):
        sent_lines(file_of(room("a"), entry(1), event, entry(3, "delete", target=1), last))


def test_w14_an_error_has_the_number_of_its_line_in_the_file() -> None:
    with pytest.raises(LineError, match="line 4: at: expected int"):
        sent_lines(file_of(room("a"), entry(1), None, entry(2, at="now")))


def test_w14_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    lines = b"".join(json.dumps(line).encode() + b"\n" for line in (room("a"), entry(1), entry(2, "edit", target=1)))

    assert sent_lines(ImportFile(io.BytesIO(codecs.BOM_UTF8 + lines))) == sent_lines(ImportFile(io.BytesIO(lines)))


def test_w14_a_compressed_file_is_named() -> None:
    with pytest.raises(LineError, match="line 1: this is a gzip file: unpack it first"):
        sent_lines(ImportFile(io.BytesIO(gzip.compress(json.dumps(room("a")).encode()))))


def test_w14_a_line_that_no_server_takes_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_file, "_LINE_BYTES", 2000)
    fits = entry(1, body="")
    fits["body"] = "x" * (1999 - len(json.dumps(fits)))

    assert len(sent_lines(file_of(room("a"), fits))) == 1
    with pytest.raises(LineError, match="line 3: expected less than 2000 bytes, this line has more"):
        sent_lines(file_of(room("a"), fits, entry(2, body="x" * 2000)))


def test_w14_of_a_request_that_is_too_large_only_the_last_line_can_be_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_file, "_BYTES", 400)
    lines = [room("a"), *(entry(number, body="x" * (2000 if number == 6 else 20)) for number in range(1, 8))]
    places = [request.place_of_size for request in file_of(*lines).requests()]

    assert places == ["lines 1 to 4", "line 7", "line 8"]
