"""Frames of a WebSocket client, bytes in and events out: no socket, no clock (RFC 6455, the server's half)."""

from codecs import utf_8_decode
from typing import Final, NamedTuple

from websockets.speedups import apply_mask

CONTINUATION: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA

PROTOCOL_ERROR: Final = 1002
NO_STATUS: Final = 1005
NOT_UTF8: Final = 1007
TOO_BIG: Final = 1009

#: The largest payload of a control frame, in bytes (section 5.5).
CONTROL_BYTES: Final = 125


class Ping(NamedTuple):
    """A ping; the answer carries the same payload (section 5.5.2)."""

    payload: bytes


class Pong(NamedTuple):
    """A pong, asked for or not (section 5.5.3)."""

    payload: bytes


class Closing(NamedTuple):
    """The peer's close frame; `code` is 1005 where it names none (section 7.1.5). Nothing follows it."""

    code: int
    reason: str


class Violation(NamedTuple):
    """The peer broke a rule: the connection is to be failed with `code` (section 7.1.7). Nothing follows it."""

    code: int
    reason: str


def _refusal(first: int) -> str | None:
    opcode = first & 0x0F
    if first & 0x70:
        return "a reserved bit is set"  # section 5.2: no extension gives it a meaning
    if BINARY < opcode < CLOSE or opcode > PONG:
        return f"opcode {opcode} is reserved"  # section 5.2
    if opcode >= CLOSE and first < 0x80:
        return "a control frame is fragmented"  # section 5.5
    return None


#: First bytes of frames that are wrong wherever they stand, and why.
_REFUSED: Final = {first: reason for first in range(256) if (reason := _refusal(first))}

#: No bound.
_ALL: Final = 2**63

#: A whole text message, a whole binary message, or one of the above.
Event = str | bytes | Ping | Pong | Closing | Violation


class Parser:
    """What one client sends, frame by frame; between whole messages it holds nothing.

    Feed it every run of bytes as it comes, and again what it left of one. After a Closing or a Violation it takes no
    more.
    """

    __slots__ = (
        "_final",
        "_head",
        "_left",
        "_mask",
        "_max",
        "_message",
        "_text",
        "_unchecked",
        "control",
        "pieced",
        "taken",
    )

    def __init__(self, max_message: int) -> None:
        self._max = max_message
        #: The beginning of a frame whose head, or whose control payload, is not yet complete.
        self._head = b""
        #: The data message in progress, unmasked; None between messages.
        self._message: bytearray | None = None
        self._text = False
        #: A code point's first bytes at the end of `_message`, not yet checked (at most 3).
        self._unchecked = b""
        #: Of the data frame in progress: payload bytes still to come, its mask from there on, its FIN bit.
        self._left = 0
        self._mask = b""
        self._final = False
        #: How many frames have come in more than one piece: while it stays and `in_frame` holds, it is the same frame.
        self.pieced = 0
        #: Of the last call of `receive`: where the bytes begin that it left unread, and how many of its frames carried
        #: nothing of a message: pings, pongs and empty fragments.
        self.taken = 0
        self.control = 0

    @property
    def idle(self) -> bool:
        """Whether nothing is in progress, so that a fresh parser would do as well."""
        return self._message is None and not self._head

    @property
    def in_frame(self) -> bool:
        """Whether a frame has begun and its end has not come."""
        return bool(self._head) or self._left > 0

    def receive(  # noqa: C901 - the hot path in one piece
        self, data: bytes, start: int = 0, frames: int = _ALL, size: int = _ALL
    ) -> list[Event]:
        """Take bytes from `start` on; return the events that they complete, in order.

        Stop after `frames` frames, or at the first frame that begins `size` bytes after `start`; `taken` says where.
        """
        events: list[Event] = []
        self.control = 0
        at, begun, moved = start, -1, 0
        if self._head:
            moved = start - len(self._head)
            data = self._head + data[start:]
            self._head = b""
            at = begun = 0
        end = len(data)
        self.taken = end + moved
        stop = min(end, at + size)
        resumed = begun
        try:
            if self._left:
                at += self._continue(data[at:] if at else data, events)
                if self._left:
                    return events
            while 0 <= at < stop:
                begun = at
                at = self._frame(data, at, end, events)
                if at == begun:
                    self._head = data[at:]
                    break
                frames -= 1
                if not frames:
                    break
            if self._head or self._left:
                # Kept here, however often its head was incomplete: nothing is left unread.
                self.pieced += begun != resumed
            elif 0 <= at < end:
                self.taken = at + moved
        except _ViolationError as broken:
            events.append(Violation(broken.code, broken.reason))
        except UnicodeDecodeError:
            events.append(Violation(NOT_UTF8, "text is not UTF-8"))
        return events

    def _frame(  # noqa: C901, PLR0911, PLR0912 - a frame's rules in the order of its bytes; the hot path
        self, data: bytes, at: int, end: int, events: list[Event]
    ) -> int:
        """Take the frame that begins at `at`: return where the next one begins, or `at` if more bytes are needed.

        After a close frame, return -1.
        """
        first = data[at]
        if first in _REFUSED:
            raise _ViolationError(PROTOCOL_ERROR, _REFUSED[first])
        opcode = first & 0x0F
        if opcode < CLOSE and (opcode == CONTINUATION) is (self._message is None):
            broken = "a continuation of nothing" if opcode == CONTINUATION else "a new message within a message"
            raise _ViolationError(PROTOCOL_ERROR, broken)  # section 5.4
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
            # Longer forms than a length needs are against section 5.2, but harm nobody: they are read.
            size = int.from_bytes(data[at + 2 : body - 4], "big")
        if opcode >= CLOSE:
            if not (after := _control(opcode, data, body, size, events)):
                return at
            self.control += 1
            return after
        if size > self._max - (len(self._message) if self._message is not None else 0):
            # Sections 7.4.1 and 10.4: refused by its announced size, before any of it is kept.
            raise _ViolationError(TOO_BIG, f"a message may have {self._max} bytes")
        if end < body:
            return at
        mask = data[body - 4 : body]
        if first > 0x80 and end - body >= size:
            # The hot path: one whole message in one frame.
            payload = apply_mask(data[body : body + size], mask)
            events.append(payload.decode() if opcode == TEXT else payload)
            return body + size
        if not size:
            self.control += 1
        if opcode != CONTINUATION:
            self._message = bytearray()
            self._text = opcode == TEXT
        self._left, self._mask, self._final = size, mask, first >= 0x80
        return body + self._continue(data[body : body + size], events)

    def _continue(self, data: bytes, events: list[Event]) -> int:
        """Take what `data` has of the data frame in progress; return how many bytes that was."""
        size, message = min(self._left, len(data)), self._message
        if message is None:
            raise RuntimeError("a frame continues outside of a message")
        payload = apply_mask(data[:size], self._mask)
        message += payload
        self._left -= size
        if self._text:
            # Section 8.1, as early as possible: also within a frame, and within a code point.
            rest = self._unchecked + payload
            checked = utf_8_decode(rest, "strict", self._final and not self._left)[1]
            self._unchecked = rest[checked:]
            if self._unchecked[:1] == b"\xed" and self._unchecked[1:] >= b"\xa0":
                # A surrogate, which Python's decoder refuses by its third byte only.
                raise _ViolationError(NOT_UTF8, "text is not UTF-8")
        if self._left:
            turn = size % 4
            self._mask = self._mask[turn:] + self._mask[:turn]
        elif self._final:
            events.append(message.decode() if self._text else bytes(message))
            self._message = None
        return size


class _ViolationError(Exception):
    """A rule is broken; never leaves the parser."""

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason


def _control(opcode: int, data: bytes, body: int, size: int, events: list[Event]) -> int:
    """Take a control frame whose payload begins at `body`: return its end, 0 if it is not there, -1 after a close."""
    if size > CONTROL_BYTES:
        raise _ViolationError(PROTOCOL_ERROR, "a control frame is longer than 125 bytes")  # section 5.5
    if len(data) < body + size:
        return 0
    payload = apply_mask(data[body : body + size], data[body - 4 : body])
    if opcode == CLOSE:
        events.append(_closing(payload))
        return -1
    events.append(Ping(payload) if opcode == PING else Pong(payload))
    return body + size


def _closing(payload: bytes) -> Event:
    """Read a close frame's payload: nothing, or a code and a reason (section 5.5.1)."""
    if not payload:
        return Closing(NO_STATUS, "")
    if len(payload) == 1:
        raise _ViolationError(PROTOCOL_ERROR, "a close code has two bytes")
    code, reason = int.from_bytes(payload[:2], "big"), payload[2:].decode()
    if not may_be_sent(code):
        raise _ViolationError(PROTOCOL_ERROR, f"{code} is no close code")
    return Closing(code, reason)


def may_be_sent(code: int) -> bool:
    """Whether an endpoint may set `code` in a close frame (section 7.4; 1012–1014 from its IANA registry)."""
    return 3000 <= code < 5000 or (1000 <= code < 1015 and code not in {1004, 1005, 1006})


def control_frame(opcode: int, payload: bytes = b"") -> bytes:
    """Encode a server's control frame; `payload` of at most 125 bytes (section 5.5)."""
    return bytes((0x80 | opcode, len(payload))) + payload


def close_frame(code: int, reason: str = "") -> bytes:
    """Encode a close frame; `reason` is cut to the 123 bytes that fit, between code points (section 5.5.1)."""
    if code == NO_STATUS:
        return control_frame(CLOSE)
    fitting = reason.encode()[: CONTROL_BYTES - 2].decode(errors="ignore")
    return control_frame(CLOSE, code.to_bytes(2, "big") + fitting.encode())
