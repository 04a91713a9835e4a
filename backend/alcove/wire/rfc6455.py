"""Parse the WebSocket frames of a client (RFC 6455). No I/O, no clock."""

from codecs import utf_8_decode
from typing import Final, NamedTuple

from websockets.speedups import apply_mask

from alcove.wire.encoding import (
    BINARY,
    CLOSE,
    CONTINUATION,
    CONTROL_BYTES,
    NO_STATUS,
    NOT_UTF8,
    PING,
    PONG,
    PROTOCOL_ERROR,
    TEXT,
    TOO_BIG,
    is_sendable_code,
)


class Ping(NamedTuple):
    """A ping; its pong carries the same payload (section 5.5.2)."""

    payload: bytes


class Pong(NamedTuple):
    """A pong, solicited or not (section 5.5.3)."""

    payload: bytes


class Closing(NamedTuple):
    """The peer's close frame; `code` is 1005 if it has none (section 7.1.5). It is the last event."""

    code: int
    reason: str


class Violation(NamedTuple):
    """A violation of the protocol: the connection must be failed with `code` (section 7.1.7). It is the last event."""

    code: int
    reason: str


def _first_byte_error(first: int) -> str | None:
    """Return why no frame may begin with this byte; None if a frame may."""
    opcode = first & 0x0F
    if first & 0x70:
        return "a reserved bit is set"  # section 5.2: no extension gives it a meaning
    if BINARY < opcode < CLOSE or opcode > PONG:
        return f"opcode {opcode} is reserved"  # section 5.2
    if opcode >= CLOSE and first < 0x80:
        return "a control frame is fragmented"  # section 5.5
    return None


#: First byte that no frame may have → why.
_FIRST_BYTE_ERRORS: Final = {first: reason for first in range(256) if (reason := _first_byte_error(first))}

#: More frames or bytes than a call can have.
_UNLIMITED: Final = 2**63

#: A whole text message, a whole binary message, or one of the above.
Event = str | bytes | Ping | Pong | Closing | Violation


class Parser:
    """Parses the bytes of one client, frame by frame. Between whole messages, the parser has no state.

    Pass every read to `receive`, and then the bytes that the parser left unread (`consumed`). Do not use the parser
    after a Closing or a Violation.
    """

    __slots__ = (
        "_final",
        "_head",
        "_is_text",
        "_mask",
        "_max_message",
        "_message",
        "_remaining",
        "_unchecked",
        "consumed",
        "empty_frames",
        "partial_frames",
    )

    def __init__(self, max_message: int) -> None:
        """Create a parser. A message of more than `max_message` bytes is a violation."""
        self._max_message = max_message
        #: The beginning of a frame whose head, or whose control payload, is incomplete.
        self._head = b""
        #: The data message in progress, unmasked; None between messages.
        self._message: bytearray | None = None
        self._is_text = False
        #: The first bytes of a code point at the end of `_message`, not yet checked (at most 3).
        self._unchecked = b""
        #: Payload bytes that the data frame in progress still lacks.
        self._remaining = 0
        #: The mask of that frame, rotated so that it begins at the next payload byte.
        self._mask = b""
        #: The FIN bit of that frame: whether it ends its message.
        self._final = False
        #: How many frames have arrived in more than one read. While `in_frame` holds and this number stays, the frame
        #: in progress is the same.
        self.partial_frames = 0
        #: The index of the first byte that the last call of `receive` left unread.
        self.consumed = 0
        #: How many frames of the last call of `receive` carried no data: pings, pongs and empty fragments.
        self.empty_frames = 0

    @property
    def idle(self) -> bool:
        """Whether no frame or message is in progress, so that a new parser can replace this one."""
        return self._message is None and not self._head

    @property
    def in_frame(self) -> bool:
        """Whether a frame has begun whose end has not arrived."""
        return bool(self._head) or self._remaining > 0

    def receive(  # noqa: C901 - the hot path in one piece
        self, data: bytes, start: int = 0, frames: int = _UNLIMITED, size: int = _UNLIMITED
    ) -> list[Event]:
        """Parse `data` from `start` on, and return the events that it completes, in order.

        Sets `consumed` to where parsing stopped.

        Args:
            data: The bytes received.
            start: The index of the first byte to parse.
            frames: Stop after this many frames.
            size: Begin no frame that starts this many bytes after `start`, or later.

        """
        events: list[Event] = []
        self.empty_frames = 0
        # `shift` converts an index of `data`, once the incomplete head is put before it, to one of the argument.
        at, frame_start, shift = start, -1, 0
        if self._head:
            shift = start - len(self._head)
            data = self._head + data[start:]
            self._head = b""
            at = frame_start = 0
        end = len(data)
        self.consumed = end + shift
        stop = min(end, at + size)
        resumed_from = frame_start
        try:
            if self._remaining:
                at += self._continue(data[at:] if at else data, events)
                if self._remaining:
                    return events
            while 0 <= at < stop:
                frame_start = at
                at = self._frame(data, at, end, events)
                if at == frame_start:
                    self._head = data[at:]
                    break
                frames -= 1
                if not frames:
                    break
            if self._head or self._remaining:
                # The parser keeps the incomplete frame, so no byte is left unread.
                self.partial_frames += frame_start != resumed_from
            elif 0 <= at < end:
                self.consumed = at + shift
        except _ViolationError as error:
            events.append(Violation(error.code, error.reason))
        except UnicodeDecodeError:
            events.append(Violation(NOT_UTF8, "text is not UTF-8"))
        return events

    def _frame(  # noqa: C901, PLR0911, PLR0912 - a frame's rules in the order of its bytes; the hot path
        self, data: bytes, at: int, end: int, events: list[Event]
    ) -> int:
        """Parse the frame that begins at `at`, and append its event.

        Returns:
            The index where the next frame begins; `at` if more bytes are needed; -1 after a close frame.

        Raises:
            _ViolationError: The frame violates the protocol.
            UnicodeDecodeError: The text of the frame is not UTF-8.

        """
        first = data[at]
        if first in _FIRST_BYTE_ERRORS:
            raise _ViolationError(PROTOCOL_ERROR, _FIRST_BYTE_ERRORS[first])
        opcode = first & 0x0F
        if opcode < CLOSE and (opcode == CONTINUATION) is (self._message is None):
            reason = (
                "a continuation frame without a message" if opcode == CONTINUATION else "a new message within a message"
            )
            raise _ViolationError(PROTOCOL_ERROR, reason)  # section 5.4
        if end - at < 2:
            return at
        size = data[at + 1] - 0x80
        if size < 0:
            raise _ViolationError(PROTOCOL_ERROR, "a client's frame is not masked")  # section 5.1
        body = at + 6
        if size > CONTROL_BYTES:
            body += 2 if size == 126 else 8
            if end < body - 4:
                return at
            # Longer forms than a length needs violate section 5.2, but do no harm: they are accepted.
            size = int.from_bytes(data[at + 2 : body - 4], "big")
        if opcode >= CLOSE:
            if not (after := _parse_control(opcode, data, body, size, events)):
                return at
            self.empty_frames += 1
            return after
        if size > self._max_message - (len(self._message) if self._message is not None else 0):
            # Sections 7.4.1 and 10.4: refused for its announced size, before any of it is kept.
            raise _ViolationError(TOO_BIG, f"a message may have {self._max_message} bytes")
        if end < body:
            return at
        mask = data[body - 4 : body]
        if first > 0x80 and end - body >= size:
            # The common case: one whole message in one frame.
            payload = apply_mask(data[body : body + size], mask)
            events.append(payload.decode() if opcode == TEXT else payload)
            return body + size
        if not size:
            self.empty_frames += 1
        if opcode != CONTINUATION:
            self._message = bytearray()
            self._is_text = opcode == TEXT
        self._remaining, self._mask, self._final = size, mask, first >= 0x80
        return body + self._continue(data[body : body + size], events)

    def _continue(self, data: bytes, events: list[Event]) -> int:
        """Unmask and check the part of the current data frame that is in `data`; return its number of bytes."""
        size, message = min(self._remaining, len(data)), self._message
        if message is None:
            raise RuntimeError("a frame continues outside of a message")
        payload = apply_mask(data[:size], self._mask)
        message += payload
        self._remaining -= size
        if self._is_text:
            # Checked as early as possible, within a frame too (section 8.1). A code point may be cut at the end.
            rest = self._unchecked + payload
            checked = utf_8_decode(rest, "strict", self._final and not self._remaining)[1]
            self._unchecked = rest[checked:]
            if self._unchecked[:1] == b"\xed" and self._unchecked[1:] >= b"\xa0":
                # A surrogate; Python's decoder refuses it only with its third byte.
                raise _ViolationError(NOT_UTF8, "text is not UTF-8")
        if self._remaining:
            rotation = size % 4
            self._mask = self._mask[rotation:] + self._mask[:rotation]
        elif self._final:
            events.append(message.decode() if self._is_text else bytes(message))
            self._message = None
        return size


class _ViolationError(Exception):
    """A violation of the protocol; raised and caught within the parser."""

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason


def _parse_control(opcode: int, data: bytes, body: int, size: int, events: list[Event]) -> int:
    """Parse a control frame whose payload begins at `body`, and append its event.

    Returns:
        The index where the frame ends; 0 if more bytes are needed; -1 after a close frame.

    """
    if size > CONTROL_BYTES:
        raise _ViolationError(PROTOCOL_ERROR, "a control frame is longer than 125 bytes")  # section 5.5
    if len(data) < body + size:
        return 0
    payload = apply_mask(data[body : body + size], data[body - 4 : body])
    if opcode == CLOSE:
        events.append(_parse_close(payload))
        return -1
    events.append(Ping(payload) if opcode == PING else Pong(payload))
    return body + size


def _parse_close(payload: bytes) -> Event:
    """Parse the payload of a close frame: nothing, or a code and a reason (section 5.5.1)."""
    if not payload:
        return Closing(NO_STATUS, "")
    if len(payload) == 1:
        raise _ViolationError(PROTOCOL_ERROR, "a close code has two bytes")
    code, reason = int.from_bytes(payload[:2], "big"), payload[2:].decode()
    if not is_sendable_code(code):
        raise _ViolationError(PROTOCOL_ERROR, f"{code} is not a close code")
    return Closing(code, reason)
