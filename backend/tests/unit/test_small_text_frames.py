"""Test that the fast path for small text frames returns what the parser returns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alcove.wire.rfc6455 import Parser
from alcove.wire.small import SMALL_BYTES, parse_small_text
from tests.support.client_frames import client_frame


@pytest.mark.parametrize("size", [0, 1, 125, 126, 500, SMALL_BYTES - 8])
def test_the_fast_path_parses_a_small_text_frame(size: int) -> None:
    assert parse_small_text(client_frame(0x81, b"x" * size)) == "x" * size


@pytest.mark.parametrize(
    "data",
    [
        b"",
        client_frame(0x81, b"x")[:-1],
        client_frame(0x81, b"x") + b"\x81",
        client_frame(0x81, b"x" * SMALL_BYTES),
        client_frame(0x81, b"\xff"),
        client_frame(0x82, b"x"),
        client_frame(0x01, b"x"),
        client_frame(0x89, b"x"),
        b"\x81\x01x",
        b"\x81\xff" + bytes(131),
        b"\x81\xfe\x00",
    ],
    ids=range(11),
)
def test_the_fast_path_leaves_everything_else_to_the_parser(data: bytes) -> None:
    assert parse_small_text(data) is None


@given(
    st.binary(max_size=12).map(lambda data: b"\x81" + data)
    | st.binary(max_size=200).map(lambda text: client_frame(0x81, text))
)
def test_the_fast_path_returns_what_the_parser_returns(data: bytes) -> None:
    parser = Parser(SMALL_BYTES)
    events = parser.receive(data)
    is_one_text = len(events) == 1 and isinstance(events[0], str) and parser.idle

    assert parse_small_text(data) == (events[0] if is_one_text else None)
