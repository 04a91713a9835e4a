"""Define opcodes and close codes of WebSocket frames, and encode the control frames that a server sends (RFC 6455)."""

from typing import Final

#: The opcodes of frames (section 5.2).
CONTINUATION: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA

#: The close codes that frames are parsed and encoded with (section 7.4.1).
PROTOCOL_ERROR: Final = 1002
NO_STATUS: Final = 1005
NOT_UTF8: Final = 1007
TOO_BIG: Final = 1009

#: The maximum payload of a control frame in bytes (section 5.5).
CONTROL_BYTES: Final = 125


def is_sendable_code(code: int) -> bool:
    """Return whether a close frame may contain `code` (section 7.4; 1012–1014 are from the IANA registry)."""
    return 3000 <= code < 5000 or (1000 <= code < 1015 and code not in {1004, 1005, 1006})


def control_frame(opcode: int, payload: bytes = b"") -> bytes:
    """Encode an unmasked control frame; `payload` may have at most 125 bytes (section 5.5)."""
    return bytes((0x80 | opcode, len(payload))) + payload


def close_frame(code: int, reason: str = "") -> bytes:
    """Encode an unmasked close frame.

    Args:
        code: The close code; 1005: a frame without a code.
        reason: The reason; truncated between code points to the 123 bytes that fit (section 5.5.1).

    """
    if code == NO_STATUS:
        return control_frame(CLOSE)
    fitting = reason.encode()[: CONTROL_BYTES - 2].decode(errors="ignore")
    return control_frame(CLOSE, code.to_bytes(2, "big") + fitting.encode())
