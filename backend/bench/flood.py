"""Flood a server with tiny frames: `python -m bench.flood` reads a Plan, and runs until it is killed.

Each of five connections sends 7 MB of one kind of frame, again and again, reads the answers, and reconnects when it is
closed.
"""

import asyncio
import sys
from contextlib import suppress

import msgspec

from bench.opening import handshake
from bench.plan import Plan

#: Bytes of one flood and of one write.
_BYTES, _WRITE = 7_000_000, 256 * 1024
#: Seconds before a closed connection is opened again.
_RECONNECT_S = 0.05


def _masked(first: int, payload: bytes = b"") -> bytes:
    """Return a client's frame, masked with zeros (RFC 6455, section 5.2)."""
    return bytes((first, 0x80 | len(payload), 0, 0, 0, 0)) + payload


#: The first frame of each flood, and the frame that it repeats.
FLOODS = {
    "pings": (b"", _masked(0x89)),
    "pongs": (b"", _masked(0x8A)),
    "empty continuations": (_masked(0x01), _masked(0x00)),
    "blank lines": (b"", _masked(0x81, b"\n")),
    "ping lines": (b"", _masked(0x81, b'{"type":"ping"}')),
}


async def flood(plan: Plan, room: int, begin: bytes, frame: bytes) -> None:
    """Flood one connection forever."""
    chunk = frame * (_WRITE // len(frame))
    while True:
        with suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection("127.0.0.1", plan.port)
            writer.write(handshake(plan, room, room))
            await reader.readuntil(b"\r\n\r\n")
            reading = asyncio.create_task(_read(reader))
            writer.write(begin)
            for _ in range(_BYTES // len(chunk)):
                writer.write(chunk)
                await writer.drain()
            writer.transport.abort()
            await reading
        await asyncio.sleep(_RECONNECT_S)


async def _read(reader: asyncio.StreamReader) -> None:
    """Read and discard until the connection ends."""
    with suppress(OSError):
        while await reader.read(_WRITE):
            pass


async def main() -> None:
    """Flood the server of the plan on the first line of the input."""
    plan = msgspec.json.decode(sys.stdin.readline(), type=Plan)
    kinds = [FLOODS[plan.flood or kind] for kind in FLOODS]
    # Not room 0, which is measured: their traffic must not count there.
    await asyncio.gather(*(flood(plan, 1 + n, *kind) for n, kind in enumerate(kinds)))


if __name__ == "__main__":
    asyncio.run(main())
