"""Whether a peer that answers no ping is dead, or only reads slowly: the kernel knows."""

import socket
import struct
import sys
from asyncio import Transport

#: Of Linux's `struct tcp_info` (linux/tcp.h): `tcpi_bytes_acked`, and `tcpi_notsent_bytes` 24 bytes on.
_ACKED_NOTSENT = struct.Struct("=Q16xI")
_OFFSET = 120
_SIZE = _OFFSET + _ACKED_NOTSENT.size
_LINUX = sys.platform == "linux"


def acknowledged(transport: Transport) -> int:
    """Bytes that the peer's kernel has acknowledged so far; 0 where this cannot be known."""
    return _tcp_info(transport)[0]


def taken_slowly(transport: Transport, *, since: int) -> bool:
    """Whether bytes wait that the peer's full buffers keep us from sending, and some went since that count.

    Bytes that are sent and lie unread at the peer say nothing: a process that hangs looks the same.
    """
    taken, unsent = _tcp_info(transport)
    return taken > since and unsent + transport.get_write_buffer_size() > 0


def _tcp_info(transport: Transport) -> tuple[int, int]:
    """Read the bytes acknowledged, and the bytes that the kernel has yet to send."""
    sock = transport.get_extra_info("socket")
    if not _LINUX or sock is None or sock.family not in {socket.AF_INET, socket.AF_INET6}:
        return 0, 0
    try:
        told = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _SIZE)
    except OSError:
        return 0, 0
    if len(told) < _SIZE:
        return 0, 0
    taken, unsent = _ACKED_NOTSENT.unpack_from(told, _OFFSET)
    return taken, unsent
