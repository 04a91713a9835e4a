"""Test that a parser stops when its budget is used up, and continues at the same place (L6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alcove.wire.rfc6455 import Event, Parser, Ping
from tests.support.client_frames import client_frame

MAX_MESSAGE_BYTES = 1000


@pytest.mark.parametrize("max_frames", [1, 2, 7, 100])
@pytest.mark.parametrize("max_bytes", [1, 20, 10_000])
def test_l6_a_parser_stops_between_frames_and_loses_no_bytes(max_frames: int, max_bytes: int) -> None:
    stream = (
        client_frame(0x81, b"one")
        + client_frame(0x89, b"p")
        + client_frame(0x01, b"t")
        + client_frame(0x00)
        + client_frame(0x80, b"wo")
        + b"\x81"
    )
    parser = Parser(MAX_MESSAGE_BYTES)
    events: list[Event] = []
    position = empty_frames = 0

    while position < len(stream):
        new_events = parser.receive(stream, position, max_frames, max_bytes)
        assert len(new_events) <= max_frames
        assert position < parser.consumed
        events += new_events
        empty_frames += parser.empty_frames
        position = parser.consumed

    assert events == ["one", Ping(b"p"), "two"]
    assert empty_frames == 2  # the ping and the empty fragment
    assert parser.receive(client_frame(0x81, b"end")[1:]) == ["end"]


@pytest.mark.parametrize("cut", range(1, 42))
def test_a_parser_continues_a_frame_at_an_offset(cut: int) -> None:
    """A connection that kept input for a later turn passes the whole input, and where the rest begins."""
    text = "κόσμε 😀"
    frames = client_frame(0x01, text.encode()) + client_frame(0x80, text.encode())
    parser = Parser(1 << 20)
    events = [*parser.receive(frames[:cut]), *parser.receive(frames, cut)]

    assert events == [text + text]


@given(st.lists(st.integers(1, 5), min_size=60, max_size=60), st.integers(1, 3), st.integers(1, 9))
def test_bytes_passed_again_are_parsed_once(sizes: list[int], max_frames: int, max_bytes: int) -> None:
    text = "κόσμε 😀"
    fragments = (0x01, 0x00, 0x89, 0x80)
    stream = b"".join(client_frame(first_byte, text.encode()) for first_byte in fragments)
    parser = Parser(1 << 20)
    events: list[Event] = []
    received = b""
    position = 0
    for size in [*sizes, len(stream)]:
        received = stream[: len(received) + size]
        events += parser.receive(received, position, max_frames, max_bytes)
        position = parser.consumed
    while position < len(received):
        events += parser.receive(received, position, max_frames, max_bytes)
        position = parser.consumed

    assert events == [Ping(text.encode()), text * 3]
