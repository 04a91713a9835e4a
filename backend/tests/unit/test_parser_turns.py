"""Test that a parser which stopped after its budget continues where it stopped (L6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alcove.wire.rfc6455 import Event, Parser, Ping
from tests.support.client_frames import masked

MAX_MESSAGE_BYTES = 1000


@pytest.mark.parametrize("frames", [1, 2, 7, 100])
@pytest.mark.parametrize("size", [1, 20, 10_000])
def test_l6_a_parser_stops_between_two_frames_and_loses_no_byte(frames: int, size: int) -> None:
    stream = (
        masked(0x81, b"one") + masked(0x89, b"p") + masked(0x01, b"t") + masked(0x00) + masked(0x80, b"wo") + b"\x81"
    )
    parser, events, at, empty = Parser(MAX_MESSAGE_BYTES), list[Event](), 0, 0

    while at < len(stream):
        parsed = parser.receive(stream, at, frames, size)
        assert len(parsed) <= frames
        assert at < parser.consumed
        events += parsed
        empty += parser.empty_frames
        at = parser.consumed

    assert events == ["one", Ping(b"p"), "two"]
    assert empty == 2  # the ping and the empty fragment
    assert parser.receive(masked(0x81, b"end")[1:]) == ["end"]


@pytest.mark.parametrize("cut", range(1, 42))
def test_the_rest_of_a_frame_may_follow_bytes_that_were_parsed_before(cut: int) -> None:
    """A connection that kept input for a later turn passes it like this."""
    text = "κόσμε 😀"
    frames = masked(0x01, text.encode()) + masked(0x80, text.encode())
    parser = Parser(1 << 20)
    events = [*parser.receive(frames[:cut]), *parser.receive(frames, cut)]

    assert events == [text + text]


@given(st.lists(st.integers(1, 5), min_size=60, max_size=60), st.integers(1, 3), st.integers(1, 9))
def test_unread_bytes_that_are_passed_again_are_parsed_once(reads: list[int], frames: int, size: int) -> None:
    text = "κόσμε 😀"
    fragments = (0x01, 0x00, 0x89, 0x80)
    stream = b"".join(masked(first, text.encode()) for first in fragments)
    parser, events, at, received, start = Parser(1 << 20), [], 0, b"", 0
    for read in [*reads, len(stream)]:
        received, at = received + stream[at : at + read], at + read
        events += parser.receive(received, start, frames, size)
        start = parser.consumed
    while start < len(received):
        events += parser.receive(received, start, frames, size)
        start = parser.consumed

    assert events == [Ping(text.encode()), text * 3]
