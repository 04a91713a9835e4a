"""Ask the kernel whether a peer that does not answer pings is dead or only reads slowly (Linux only)."""

import socket
import struct
import sys
from asyncio import Transport

#: Two fields of Linux's `struct tcp_info` (linux/tcp.h): `tcpi_bytes_acked`, and `tcpi_notsent_bytes` 24 bytes later.
_ACKED_NOTSENT = struct.Struct("=Q16xI")
#: Where `tcpi_bytes_acked` begins in the struct.
_OFFSET = 120
_SIZE = _OFFSET + _ACKED_NOTSENT.size
_LINUX = sys.platform == "linux"


def acknowledged_bytes(transport: Transport) -> int:
    """Return how many bytes the peer's kernel has acknowledged so far; 0 if that is unknown."""
    return _tcp_info(transport)[0]


def reads_slowly(transport: Transport, *, acknowledged_before: int) -> bool:
    """Return whether the peer has acknowledged more than `acknowledged_before` bytes, and unsent bytes are waiting.

    Such a peer reads, but slower than the server writes. Bytes that are sent and not read do not count: a peer that
    hangs leaves them, too.
    """
    acknowledged, unsent = _tcp_info(transport)
    return acknowledged > acknowledged_before and unsent + transport.get_write_buffer_size() > 0


def _tcp_info(transport: Transport) -> tuple[int, int]:
    """Return the numbers of bytes that the peer acknowledged and that the kernel has not sent; (0, 0) if unknown."""
    sock = transport.get_extra_info("socket")
    if not _LINUX or sock is None or sock.family not in {socket.AF_INET, socket.AF_INET6}:
        return 0, 0
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _SIZE)
    except OSError:
        return 0, 0
    if len(info) < _SIZE:
        return 0, 0
    acknowledged, unsent = _ACKED_NOTSENT.unpack_from(info, _OFFSET)
    return acknowledged, unsent
