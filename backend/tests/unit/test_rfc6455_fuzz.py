"""Test that Alcove's parser and the `websockets` library agree on arbitrary bytes in arbitrary chunks.

The intended differences; in each, Alcove refuses earlier or accepts more:

- Text is refused at its first byte that is not UTF-8; the reference leaves the check to its caller. The rest of the
  message is not parsed.
- A frame is refused for its first bytes, before its payload arrives: a stream that ends within a bad frame is refused.
- A close frame within a fragmented message is answered with its own code, not with 1002.
- Control frames do not count towards the limit of a message, so this test checks the limit, not the reference.
"""

from typing import NamedTuple

from hypothesis import example, given
from hypothesis import strategies as st
from websockets.frames import Opcode
from websockets.protocol import Protocol, Side
from websockets.speedups import apply_mask

from alcove.wire.rfc6455 import Closing, Event, Parser, Ping, Pong, Violation

MAX_MESSAGE_BYTES = 300


class Outcome(NamedTuple):
    """The result of a stream: messages, pings and pongs in order, and the close code, or None if it is open."""

    events: list[Event]
    code: int | None


def parse(chunks: list[bytes]) -> Outcome:
    """Return the outcome of the chunks in Alcove's parser."""
    parser = Parser(MAX_MESSAGE_BYTES)
    events: list[Event] = []
    for chunk in chunks:
        for event in parser.receive(chunk):
            if isinstance(event, Closing | Violation):
                return Outcome(events, event.code)
            events.append(event)
    return Outcome(events, None)


class Reference:
    """The `websockets` library's parser; it joins fragments and decodes text, as the library's callers do."""

    def __init__(self) -> None:
        self.protocol = Protocol(Side.SERVER, max_size=None)
        self.events: list[Event] = []
        self.message: bytes | None = None
        self.text = False

    def outcome(self, stream: bytes) -> Outcome:
        """Return the outcome of the stream, parsed byte by byte to find the frame that ends it."""
        for index in range(len(stream)):
            self.protocol.receive_data(stream[index : index + 1])
            for frame in self.protocol.events_received():
                assert not isinstance(frame, tuple)
                code = self.process_frame(frame.opcode, bytes(frame.data), frame.fin)  # type: ignore[union-attr]  # no handshake
                if code is not None:
                    return Outcome(self.events, code)
            if self.protocol.parser_exc is not None:
                # The reference parses a close frame within a message before it refuses it.
                received, sent = self.protocol.close_rcvd, self.protocol.close_sent
                assert sent is not None
                return Outcome(self.events, received.code if received is not None else sent.code)
        return Outcome(self.events, None)

    def process_frame(self, opcode: Opcode, data: bytes, fin: bool) -> int | None:  # noqa: FBT001 - a frame's own bit
        """Add the event of a frame; return the close code if the frame ends the stream."""
        if opcode is Opcode.PING:
            self.events.append(Ping(data))
        elif opcode is Opcode.PONG:
            self.events.append(Pong(data))
        elif opcode is Opcode.CLOSE:
            assert self.protocol.close_rcvd is not None
            return self.protocol.close_rcvd.code
        else:
            if opcode is not Opcode.CONT:
                self.message, self.text = b"", opcode is Opcode.TEXT
            assert self.message is not None
            if len(self.message) + len(data) > MAX_MESSAGE_BYTES:
                return 1009
            self.message += data
            if self.text and has_invalid_utf8(self.message, final=fin):
                return 1007
            if fin:
                self.events.append(self.message.decode() if self.text else self.message)
        return None


def is_utf8(text: bytes) -> bool:
    """Return whether the text is complete, valid UTF-8."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def has_invalid_utf8(text: bytes, *, final: bool) -> bool:
    """Return whether no continuation makes this valid UTF-8; with `final`, whether it is invalid as it is."""
    if final:
        return not is_utf8(text)
    return not any(is_utf8(text + byte * count) for byte in (b"\x80", b"\xbf") for count in range(4))


def encode_frame(first_byte: int, payload: bytes, mask: bytes, *, masked: bool, length_form: int) -> bytes:
    """Encode a frame, valid or not; `length_form` 1 and 2 encode the length in a longer form than needed."""
    size = len(payload)
    mask_bit = 0x80 if masked else 0
    if size < 126 and length_form == 0:
        head = bytes((first_byte, mask_bit | size))
    elif size < 65536 and length_form < 2:
        head = bytes((first_byte, mask_bit | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((first_byte, mask_bit | 127)) + size.to_bytes(8, "big")
    return head + mask + apply_mask(payload, mask) if masked else head + payload


FIRST_BYTES = st.sampled_from([0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x00, 0x80, 0x89, 0x8A, 0x88]) | st.integers(0, 255)
CODES = st.integers(0, 65535) | st.sampled_from([999, 1000, 1001, 1004, 1005, 1006, 1011, 1012, 1014, 1015, 3000, 4999])
PAYLOAD = st.one_of(
    st.binary(max_size=20),
    st.text(max_size=12).map(str.encode),
    st.text(max_size=12).map(lambda text: text.encode()[1:]),
    st.builds(lambda code, reason: code.to_bytes(2, "big") + reason.encode(), CODES, st.text(max_size=5)),
    st.integers(100, MAX_MESSAGE_BYTES + 20).map(lambda size: b"x" * size),
)
FRAMES = st.builds(
    encode_frame,
    FIRST_BYTES,
    PAYLOAD,
    st.binary(min_size=4, max_size=4),
    masked=st.sampled_from([True] * 15 + [False]),
    length_form=st.sampled_from([0] * 8 + [1, 2]),
)
STREAMS = st.lists(FRAMES, max_size=8).map(b"".join) | st.binary(max_size=60)


@st.composite
def chunked_streams(draw: st.DrawFn) -> list[bytes]:
    """Draw a stream in chunks; it may end anywhere."""
    stream = draw(STREAMS)
    stream = stream[: draw(st.integers(0, len(stream)) | st.just(len(stream)))]
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    return [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]


def outcomes_agree(actual: Outcome, expected: Outcome) -> bool:
    """Return whether the outcomes differ only in what the module's docstring allows."""
    if actual.events != expected.events[: len(actual.events)]:
        return False
    if actual == expected:
        return True
    if actual.code == 1007 or (actual.code in {1002, 1009} and expected.code is None):
        # Refused earlier. The reference may still return control frames before it refuses the message.
        return all(isinstance(event, Ping | Pong) for event in expected.events[len(actual.events) :])
    return False


@given(chunked_streams())
@example([b"\x01\x81\x00\x00\x00\x00\xff", b"\x88\x80\x00\x00\x00\x00"])
@example([b"\x01\x81\x00\x00\x00\x00\xce", b"\x80\x80\x00\x00\x00\x00"])
def test_any_stream_has_the_outcome_of_the_reference(chunks: list[bytes]) -> None:
    stream = b"".join(chunks)
    actual = parse(chunks)
    expected = Reference().outcome(stream)

    assert outcomes_agree(actual, expected), (actual, expected)


@given(chunked_streams())
def test_the_outcome_does_not_depend_on_the_chunks(chunks: list[bytes]) -> None:
    stream = b"".join(chunks)

    assert parse(chunks) == parse([stream]) == parse([stream[index : index + 1] for index in range(len(stream))])
