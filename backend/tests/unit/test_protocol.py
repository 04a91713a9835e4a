"""Test which texts are lines of the protocol, and how lines are encoded (F2, S1, S6)."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alcove import command_decoder
from alcove.command_decoder import MalformedError, decode
from alcove.protocol import (
    Access,
    Ack,
    Auth,
    Command,
    Delete,
    Edit,
    Entry,
    Error,
    Gap,
    Person,
    Ping,
    Pong,
    Read,
    Send,
    Typing,
    encode,
    raw,
)
from tests.support.fake_connection import server_lines
from tests.support.json_strategies import any_json


def is_command_or_malformed(line: str) -> bool:
    """Return whether the line is decoded to a command, or refused as malformed with a message."""
    try:
        return decode(line) is not None
    except MalformedError as error:
        return bool(str(error))


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ('{"type":"send","id":"a","body":"hello"}', Send("a", raw("hello"))),
        ('{"type":"send","id":"a","body":null}', Send("a", raw(None))),
        ('{"id":"a","body":{"x":[1,2.5]},"type":"send"}', Send("a", raw({"x": [1, 2.5]}))),
        ('{"type":"edit","id":"a","target":17,"body":""}', Edit("a", 17, raw(""))),
        ('{"type":"delete","id":"a","target":9007199254740991}', Delete("a", 9007199254740991)),
        ('{"type":"typing"}', Typing()),
        ('{"type":"read","seq":0}', Read(0)),
        ('{"type":"auth","token":""}', Auth("")),
        (' {"type" : "ping"}\r', Ping()),
    ],
)
def test_f2_a_command_is_decoded(line: str, command: Command) -> None:
    assert decode(line) == command


def test_f2_unknown_fields_are_ignored() -> None:
    assert decode('{"type":"send","id":"a","body":1,"later":{"id":"b"},"seq":-1}') == Send("a", raw(1))


@pytest.mark.parametrize(
    "line",
    [
        "x",
        "1",
        "null",
        "[]",
        '"send"',
        "{}",
        '{"type":"ping"} {"type":"ping"}',
        '{"type":"ping",}',
        '{"type":"nothing"}',
        '{"type":"hello"}',
        '{"type":"entry","seq":1}',
        '{"type":1}',
        '{"type":null}',
        '{"type":"SEND","id":"a","body":1}',
        '{"type":"send","body":1}',
        '{"type":"read","seq":-1}',
        '{"type":"read","seq":1.5}',
        '{"type":"read","seq":true}',
        '{"type":"read","seq":"1"}',
        '{"type":"read","seq":9007199254740992}',
        '{"type":"auth"}',
        '{"type":"send","id":"a","body":NaN}',
        '{"type":"send","id":"a","body":"\x01"}',
        '{"type":"send","id":"a","body":01}',
        '{"type":"ping","x":"\ud800"}',
        "[" * 100_000,
        '{"type":"send","id":"a","body":' + "[" * 100_000 + "]" * 100_000 + "}",
    ],
)
def test_f2_a_line_that_is_no_command_is_malformed(line: str) -> None:
    with pytest.raises(MalformedError):
        decode(line)


@pytest.mark.parametrize(
    ("line", "id"),
    [
        ('{"type":"send","id":"a"}', "a"),
        ('{"type":"edit","id":"a","target":-1,"body":1}', "a"),
        ('{"type":"delete","id":"a"}', "a"),
        ('{"type":"nothing","id":"ñ 👋"}', "ñ 👋"),
        ('{"type":"send","id":"a\\u0000","body":1}', "a\0"),
        # Half a surrogate pair is valid JSON, but has no UTF-8 encoding.
        ('{"type":"send","id":"a","body":"\\ud800"}', "a"),
        ('{"type":"send","id":"\\ud800","body":1}', None),
        ('{"type":"send","id":"' + "x" * 64 + '"}', "x" * 64),
        ('{"type":"send","id":"' + "x" * 65 + '","body":1}', None),
        ('{"type":"send","id":7,"body":1}', None),
        ('{"type":"send","id":"a"', None),
        ('["id"]', None),
        ('{"type":"send","id":"","body":1}', None),
    ],
)
def test_s6_a_malformed_line_keeps_its_id(line: str, id: str | None) -> None:
    with pytest.raises(MalformedError) as error:
        decode(line)

    assert error.value.id == id


@pytest.mark.parametrize("id", ["", "x" * 65, "a\0b", "\0"])
def test_s1_an_id_has_1_to_64_characters_and_no_nul(id: str) -> None:
    with pytest.raises(MalformedError):
        decode(json.dumps({"type": "send", "id": id, "body": 1}))


@given(body=any_json, ascii_only=st.booleans())
def test_s1_any_json_value_is_a_body_and_stays_unchanged(body: object, ascii_only: bool) -> None:  # noqa: FBT001
    command = decode(json.dumps({"type": "send", "id": "a", "body": body}, ensure_ascii=ascii_only))

    assert isinstance(command, Send)
    entry = server_lines.decode(encode(Entry(1, "message", "a", Person("ada", "Ada"), 1, body=command.body)))
    assert isinstance(entry, Entry)
    assert json.loads(bytes(entry.body)) == body  # type: ignore[arg-type] # an entry that has a body


@given(st.text())
def test_f2_any_text_is_a_command_or_malformed(line: str) -> None:
    assert is_command_or_malformed(line)


@given(st.binary())
def test_f2_any_bytes_read_as_text_are_a_command_or_malformed(line: bytes) -> None:
    assert is_command_or_malformed(line.decode(errors="surrogateescape"))


@pytest.mark.parametrize(
    ("line", "wire"),
    [
        (Pong(), {"type": "pong"}),
        (Access(["read"], None), {"type": "access", "can": ["read"], "expires": None}),
        (Gap(1, 16), {"type": "gap", "from": 1, "to": 16}),
        (Ack("a", 42, 1, duplicate=False), {"type": "ack", "id": "a", "seq": 42, "at": 1, "duplicate": False}),
        (Error("invalid", "why"), {"type": "error", "code": "invalid", "message": "why"}),
        (
            Entry(44, "delete", "a", Person("ada", "Ada"), 1, target=17),
            {"type": "entry", "seq": 44, "kind": "delete", "id": "a", "at": 1, "target": 17}
            | {"by": {"id": "ada", "name": "Ada"}},
        ),
    ],
)
def test_f2_a_line_has_a_type_and_no_unset_fields(line: msgspec.Struct, wire: object) -> None:
    assert isinstance(line, Pong | Access | Gap | Ack | Error | Entry)
    encoded = encode(line)

    assert json.loads(encoded) == wire
    assert b"\n" not in encoded


@pytest.mark.parametrize(
    ("line", "id"),
    [
        ('{"type":"send","id":"a","x":[' + "[]," * 300_000 + "1]}", "a"),
        ('{"type":"no","id":"a","body":"' + "x" * 1_000_000 + '"}', "a"),
        ('{"type":"send","id":"a","x":[' + "[]," * 300_000 + "1]", None),
        ('{"type":"send","id":"a","body":"\\ud800' + "x" * 100_000 + '"}', None),
    ],
    ids=["no body", "no such type", "no end", "half a surrogate pair"],
)
def test_l6_a_long_malformed_line_is_not_fully_decoded(
    monkeypatch: pytest.MonkeyPatch, line: str, id: str | None
) -> None:
    """Creating an object for each of its values, to find the id, would block the event loop for 60 ms per MiB."""
    lenient_calls: list[str] = []
    monkeypatch.setattr(command_decoder, "_find_id_leniently", lenient_calls.append)
    with pytest.raises(MalformedError) as error:
        decode(line)

    assert error.value.id == id
    assert lenient_calls == []
