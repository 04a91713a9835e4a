"""A frame is encoded as RFC 6455, section 5.2 lays it out."""

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
def test_the_length_takes_the_fewest_bytes(size: int, head: bytes) -> None:
    frame = Frame(b"x" * size)

    assert head + b"x" * size == frame.wire


def test_bytes_and_text_carry_their_own_opcode() -> None:
    assert Frame(b"\xff", binary=True).wire == b"\x82\x01\xff"
    assert text_frame("ñ").wire == b"\x81\x02\xc3\xb1"
    assert text_frame("ñ").text == "ñ"
