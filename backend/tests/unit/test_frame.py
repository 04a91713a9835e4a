"""Test that frames are encoded according to RFC 6455, section 5.2."""

import pytest

from alcove.wire.connection import Frame, text_frame


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65535, b"\x81\x7e\xff\xff"),
        (65536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_a_length_is_encoded_in_as_few_bytes_as_possible(size: int, head: bytes) -> None:
    frame = Frame(b"x" * size)

    assert frame.wire == head + b"x" * size


def test_binary_and_text_frames_have_their_opcodes() -> None:
    assert Frame(b"\xff", binary=True).wire == b"\x82\x01\xff"
    assert text_frame("ñ").wire == b"\x81\x02\xc3\xb1"
    assert text_frame("ñ").text == "ñ"
