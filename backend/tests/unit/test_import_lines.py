"""Test that the error of an invalid import line names its number and what was expected (W14)."""

import json
import time
from typing import Any

import pytest

from alcove.rooms.import_lines import LineError, LineReader, decode_lines

TIME_MS = 1_700_000_000_000
ROOM: dict[str, Any] = {"type": "room", "item": "order-7"}
ADA = {"id": "ada", "name": "Ada"}
MESSAGE: dict[str, Any] = {"type": "entry", "kind": "message", "id": "c1", "by": ADA, "at": TIME_MS, "body": "hello"}


def encode(*lines: object) -> bytes:
    """Encode the lines of a request; bytes are taken as they are."""
    return b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)


def read_error(*lines: object) -> str:
    """Return the text of the error that reading these lines raises."""
    with pytest.raises(LineError) as error:
        list(decode_lines(encode(*lines), 1))
    return str(error.value)


def test_w14_lines_of_an_export_and_blank_lines_are_accepted() -> None:
    event = MESSAGE | {"kind": "event", "id": "e", "body": {"text": "shipped", "data": [1]}, "seq": 2}
    deleted = {key: value for key, value in MESSAGE.items() if key != "body"} | {"deleted": TIME_MS, "id": "c2"}
    mark = {"type": "read", "by": "ada", "seq": 1}
    room = ROOM | {"log": "b3f1", "head": 3, "oldest": 1}

    located_lines = list(decode_lines(encode(room, b"", MESSAGE, event, b"\r", deleted, mark), 10))
    assert [(line.number, line.item) for line in located_lines] == [(number, "order-7") for number in (12, 13, 15, 16)]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"at": "yesterday"}, "at: expected int, got str"),
        ({"at": TIME_MS // 1000}, "at: expected milliseconds since 1970, and not the future; now is "),
        ({"at": int(time.time() * 1000) + 10**9}, "at: expected milliseconds since 1970, and not the future; now is "),
        ({"id": ""}, "id: expected str of length >= 1"),
        ({"kind": "shout"}, "kind: invalid enum value 'shout'"),
        ({"by": {"id": "ada"}}, "by: object missing required field name"),
        ({"by": {"id": "ada", "name": " "}}, "by: "),
        ({"by": ADA | {"picture": "http://plain.example"}}, "by: its `picture` is not an https URL"),
        ({"target": 1}, "target: expected none, as this is no edit or delete but a message"),
        ({"kind": "edit"}, "target: expected the `seq`, or `by` and `id`, of the message that this edit changes"),
        ({"kind": "event", "body": "shipped"}, 'body: expected {"text":…} and perhaps `data`'),
    ],
)
def test_w14_an_invalid_field_is_named_with_the_expected_value(change: dict[str, object], expected: str) -> None:
    assert read_error(ROOM, MESSAGE, MESSAGE | change).startswith(f"line 3: {expected}")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([MESSAGE], 'line 1: expected {"type":"room","item":…} before the first entry'),
        ([{"type": "room", "item": "a b"}], "line 1: item: "),
        ([ROOM, b"{"], "line 2: expected one JSON object of the type room, entry or read"),
        ([ROOM, b"\xff"], "line 2: expected UTF-8"),
        ([ROOM, {"type": "user"}], "line 2: type: invalid value 'user'"),
        ([ROOM, {"type": "read", "by": "ada"}], "line 2: expected `seq` or `target`"),
        (
            [ROOM, {"type": "entry", "kind": "message", "id": "a", "by": ADA, "at": TIME_MS}],
            "line 2: body: expected a string",
        ),
        (
            [ROOM, MESSAGE, MESSAGE | {"at": TIME_MS - 1}],
            f"line 3: at: expected at least {TIME_MS}, which line 2 has: sort",
        ),
    ],
)
def test_w14_an_invalid_line_is_named_with_the_expected_form(lines: list[object], expected: str) -> None:
    assert read_error(*lines).startswith(expected)


def test_w14_times_are_compared_within_one_room() -> None:
    other_room = {"type": "room", "item": "order-8"}

    assert len(list(decode_lines(encode(ROOM, MESSAGE, other_room, MESSAGE | {"at": TIME_MS - 1}), 1))) == 2


def test_w14_a_reader_counts_from_the_given_number() -> None:
    reader = LineReader(41)

    assert reader.read(encode(ROOM)) is not None
    with pytest.raises(LineError, match=r"^line 42: "):
        reader.read(b"[]")
