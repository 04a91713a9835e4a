"""Encode masked WebSocket frames, as a client sends them (RFC 6455, section 5.2)."""

from websockets.speedups import apply_mask

#: The masking key of every frame.
MASK = b"\xa5\x5a\x0f\xf0"


def client_frame(first_byte: int, payload: bytes = b"") -> bytes:
    """Encode a frame of a client.

    Args:
        first_byte: The FIN bit and the opcode.
        payload: The payload, before masking.

    """
    size = len(payload)
    if size < 126:
        head = bytes((first_byte, 0x80 | size))
    elif size < 65536:
        head = bytes((first_byte, 0xFE)) + size.to_bytes(2, "big")
    else:
        head = bytes((first_byte, 0xFF)) + size.to_bytes(8, "big")
    return head + MASK + apply_mask(payload, MASK)
