"""Test that the parser of client frames follows RFC 6455; each test names its section."""

import pytest
from websockets.speedups import apply_mask

from alcove.wire.encoding import close_frame, control_frame, is_sendable_code
from alcove.wire.rfc6455 import Closing, Event, Parser, Ping, Pong, Violation
from tests.support.client_frames import MASK, client_frame

MAX_MESSAGE_BYTES = 1000
# The first byte of a frame is 0x80 if the frame ends a message, plus the opcode: 0 continuation, 1 text, 2 binary,
# 8 close, 9 ping, 10 pong (section 5.2).


def parse_events(*reads: bytes) -> list[Event]:
    """Return the events of a new parser that receives these reads."""
    parser = Parser(MAX_MESSAGE_BYTES)
    return [event for read in reads for event in parser.receive(read)]


def violation_code(*reads: bytes) -> int:
    """Return the close code of the violation that a new parser finds in the last read, and in no earlier one."""
    *earlier_reads, last_read = reads
    parser = Parser(MAX_MESSAGE_BYTES)
    for read in earlier_reads:
        assert not any(isinstance(event, Violation) for event in parser.receive(read))
    [event] = parser.receive(last_read)
    assert isinstance(event, Violation)
    return event.code


def split_into_bytes(data: bytes) -> list[bytes]:
    """Return each byte as a separate read."""
    return [data[i : i + 1] for i in range(len(data))]


def test_a_text_frame_is_a_str() -> None:
    """Check section 5.6."""
    assert parse_events(client_frame(0x81, "zwölf".encode())) == ["zwölf"]


def test_a_binary_frame_is_bytes() -> None:
    """Check section 5.6."""
    assert parse_events(client_frame(0x82, b"\xff\x00")) == [b"\xff\x00"]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 999, 1000])
@pytest.mark.parametrize("first_byte", [0x81, 0x82])
def test_every_form_of_length_is_parsed_in_any_chunks(size: int, first_byte: int) -> None:
    """Check section 5.2: 7, 16 and 64 bits of length."""
    frame = client_frame(first_byte, b"x" * size)

    assert (
        parse_events(frame)
        == parse_events(*split_into_bytes(frame))
        == ["x" * size if first_byte == 0x81 else b"x" * size]
    )


def test_a_ping_with_a_longer_form_of_length_is_parsed() -> None:
    """Check section 5.2: longer forms than the length needs are accepted."""
    assert parse_events(b"\x89\xfe\x00\x00" + MASK) == [Ping(b"")]


def test_a_length_of_64_bits_is_parsed() -> None:
    """Check section 5.2: longer forms than the length needs are accepted."""
    assert parse_events(b"\x81\xff" + (2).to_bytes(8, "big") + MASK + apply_mask(b"hi", MASK)) == ["hi"]


def test_several_frames_in_one_read_keep_their_order() -> None:
    """Check section 5.4."""
    assert parse_events(client_frame(0x81, b"a") + client_frame(0x89, b"b") + client_frame(0x82, b"c")) == [
        "a",
        Ping(b"b"),
        b"c",
    ]


def test_an_unmasked_frame_is_refused_by_its_second_byte() -> None:
    """Check section 5.1."""
    assert violation_code(b"\x81\x02") == 1002


@pytest.mark.parametrize("first_byte", [0xC1, 0xA1, 0x91, 0xF1, 0xC9])
def test_a_reserved_bit_is_refused_by_the_first_byte(first_byte: int) -> None:
    """Check section 5.2."""
    assert violation_code(bytes((first_byte,))) == 1002


@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
def test_a_reserved_opcode_is_refused_by_the_first_byte(opcode: int) -> None:
    """Check section 5.2."""
    assert violation_code(bytes((0x80 | opcode,))) == 1002


def test_fragments_make_one_message() -> None:
    """Check section 5.4."""
    assert parse_events(client_frame(0x01, b"a"), client_frame(0x00, b"b"), client_frame(0x80, b"c")) == ["abc"]


def test_empty_fragments_make_an_empty_message() -> None:
    """Check section 5.4."""
    assert parse_events(client_frame(0x02), client_frame(0x00), client_frame(0x80)) == [b""]


def test_control_frames_may_come_between_fragments() -> None:
    """Check section 5.4."""
    assert parse_events(
        client_frame(0x01, b"a"), client_frame(0x89, b"?"), client_frame(0x8A), client_frame(0x80, b"b")
    ) == [
        Ping(b"?"),
        Pong(b""),
        "ab",
    ]


def test_a_continuation_without_a_message_is_refused() -> None:
    """Check section 5.4."""
    assert violation_code(client_frame(0x81, b"a"), b"\x80") == 1002


def test_a_new_message_within_a_message_is_refused() -> None:
    """Check section 5.4."""
    assert violation_code(client_frame(0x01, b"a"), b"\x81") == 1002


def test_a_fragmented_control_frame_is_refused() -> None:
    """Check section 5.5."""
    assert violation_code(b"\x09") == 1002


def test_a_control_frame_has_at_most_125_bytes() -> None:
    """Check section 5.5."""
    assert parse_events(client_frame(0x89, b"x" * 125)) == [Ping(b"x" * 125)]
    assert violation_code(b"\x89\xfe\x00\x7e") == 1002


def test_a_ping_keeps_its_payload_in_any_chunks() -> None:
    """Check section 5.5.2."""
    assert parse_events(*split_into_bytes(client_frame(0x89, b"\x00\xff"))) == [Ping(b"\x00\xff")]


def test_a_close_frame_may_be_empty() -> None:
    """Check section 5.5.1; its code is 1005 (section 7.1.5)."""
    assert parse_events(client_frame(0x88)) == [Closing(1005, "")]


def test_a_close_frame_has_a_code_and_a_reason() -> None:
    """Check section 5.5.1."""
    assert parse_events(client_frame(0x88, (4000).to_bytes(2, "big") + "ñ".encode())) == [Closing(4000, "ñ")]


def test_nothing_is_parsed_after_a_close_frame() -> None:
    """Check section 1.4."""
    assert parse_events(client_frame(0x88) + client_frame(0x81, b"late")) == [Closing(1005, "")]


def test_a_close_frame_within_a_message_is_accepted() -> None:
    """Check sections 5.4 and 5.5.1."""
    assert parse_events(client_frame(0x01, b"a"), client_frame(0x88, b"\x03\xe8")) == [Closing(1000, "")]


def test_a_close_frame_of_one_byte_is_refused() -> None:
    """Check section 5.5.1."""
    assert violation_code(client_frame(0x88, b"\x03")) == 1002


def test_the_reason_of_a_close_frame_is_utf8() -> None:
    """Check section 5.5.1."""
    assert violation_code(client_frame(0x88, b"\x03\xe8\xff")) == 1007


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535])
def test_an_unsendable_close_code_is_refused(code: int) -> None:
    """Check section 7.4."""
    assert not is_sendable_code(code)
    assert violation_code(client_frame(0x88, code.to_bytes(2, "big"))) == 1002


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, *range(1007, 1015), 3000, 3999, 4000, 4999])
def test_a_sendable_close_code_is_accepted(code: int) -> None:
    """Check section 7.4."""
    assert parse_events(client_frame(0x88, code.to_bytes(2, "big"))) == [Closing(code, "")]


def test_a_frame_over_the_limit_is_refused_for_its_announced_length() -> None:
    """Check section 10.4."""
    assert violation_code(b"\x82\xfe" + (MAX_MESSAGE_BYTES + 1).to_bytes(2, "big")) == 1009
    assert violation_code(b"\x82\xff" + b"\xff" * 8) == 1009


def test_fragments_over_the_limit_are_refused_together() -> None:
    """Check section 10.4."""
    assert violation_code(client_frame(0x02, b"x" * 600), b"\x80\xfe" + (401).to_bytes(2, "big")) == 1009
    assert parse_events(client_frame(0x02, b"x" * 600), client_frame(0x80, b"x" * 400)) == [b"x" * MAX_MESSAGE_BYTES]


def test_control_frames_do_not_count_towards_the_limit() -> None:
    """Check section 5.4: they are not part of the message."""
    assert parse_events(client_frame(0x02, b"x" * MAX_MESSAGE_BYTES), client_frame(0x89, b"?"), client_frame(0x80)) == [
        Ping(b"?"),
        b"x" * MAX_MESSAGE_BYTES,
    ]


INVALID_UTF8 = [
    b"\xff",
    b"\xc0",  # overlong
    b"\xe0\x80",  # overlong
    b"\xf0\x80",  # overlong
    b"\xed\xa0",  # a surrogate
    b"\xf4\x90",  # beyond U+10FFFF
    b"\xf5",
    b"\x80",
    b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0",
]


@pytest.mark.parametrize("invalid", INVALID_UTF8)
def test_text_is_refused_at_the_first_invalid_byte_of_a_frame(invalid: bytes) -> None:
    """Check section 8.1."""
    frame = client_frame(0x01, invalid + b"..........")
    header_bytes = 6  # two bytes and the mask

    assert violation_code(*split_into_bytes(frame)[: header_bytes + len(invalid)]) == 1007


@pytest.mark.parametrize("invalid", INVALID_UTF8)
def test_text_is_refused_at_the_first_invalid_byte_of_fragments(invalid: bytes) -> None:
    """Check section 8.1."""
    assert violation_code(client_frame(0x01), *[client_frame(0x00, byte) for byte in split_into_bytes(invalid)]) == 1007


def test_text_ending_within_a_code_point_is_refused() -> None:
    """Check section 8.1."""
    assert violation_code(client_frame(0x81, b"\xce")) == 1007
    assert violation_code(client_frame(0x01, b"\xce"), client_frame(0x80)) == 1007


def test_a_code_point_may_be_cut_between_fragments() -> None:
    """Check section 5.4: a fragment may end anywhere."""
    assert parse_events(
        client_frame(0x01), *[client_frame(0x00, byte) for byte in split_into_bytes("𝄞".encode())], client_frame(0x80)
    ) == ["𝄞"]


def test_a_parser_keeps_nothing_between_messages() -> None:
    parser = Parser(MAX_MESSAGE_BYTES)
    parser.receive(client_frame(0x81, b"a")[:3])
    assert parser.in_frame
    parser.receive(client_frame(0x81, b"a")[3:])

    assert parser.idle
    assert not parser.in_frame


def test_a_partial_frame_is_counted_once() -> None:
    parser = Parser(MAX_MESSAGE_BYTES)
    frame = client_frame(0x82, b"x" * 20)
    counts = []
    for read in (frame[:1], frame[1:9], frame[9:] + frame[:9], frame[9:12], frame[12:], frame[:7]):
        parser.receive(read)
        counts.append(parser.partial_frames)

    assert counts == [1, 1, 2, 2, 2, 3]


def test_a_close_reason_is_cut_between_code_points() -> None:
    """Check section 5.5: a control frame has at most 125 bytes."""
    assert close_frame(4000, "ñ" * 100) == b"\x88\x7c\x0f\xa0" + ("ñ" * 61).encode()


def test_a_servers_control_frames_are_not_masked() -> None:
    """Check section 5.1."""
    assert control_frame(0xA, b"hi") == b"\x8a\x02hi"
    assert close_frame(1005) == b"\x88\x00"
