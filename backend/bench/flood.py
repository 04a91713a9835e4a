"""Flood a server with tiny frames: `python -m bench.flood` reads a Plan, and runs until it is killed.

Each of five connections sends 7 MB of one kind of frame, reads the responses, and reconnects to start again.
"""

import asyncio
import sys
from contextlib import suppress

import msgspec

from bench.opening import handshake
from bench.plan import Plan

#: Bytes that a connection sends.
_FLOOD_BYTES = 7_000_000
#: Bytes of one write and of one read.
_CHUNK_BYTES = 256 * 1024
#: Seconds before a closed connection is opened again.
_RECONNECT_S = 0.05


def _client_frame(first_byte: int, payload: bytes = b"") -> bytes:
    """Return a client's frame, masked with zeros (RFC 6455, section 5.2)."""
    return bytes((first_byte, 0x80 | len(payload), 0, 0, 0, 0)) + payload


#: The first frame of each flood (or none), and the frame that it repeats.
FLOODS = {
    "pings": (b"", _client_frame(0x89)),
    "pongs": (b"", _client_frame(0x8A)),
    "empty continuations": (_client_frame(0x01), _client_frame(0x00)),
    "blank lines": (b"", _client_frame(0x81, b"\n")),
    "ping lines": (b"", _client_frame(0x81, b'{"type":"ping"}')),
}


async def flood(plan: Plan, room: int, first_frame: bytes, frame: bytes) -> None:
    """Flood a room by one connection after the other, forever."""
    chunk = frame * (_CHUNK_BYTES // len(frame))
    while True:
        with suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection("127.0.0.1", plan.port)
            writer.write(handshake(plan, room, room))
            await reader.readuntil(b"\r\n\r\n")
            read_task = asyncio.create_task(_read(reader))
            writer.write(first_frame)
            for _ in range(_FLOOD_BYTES // len(chunk)):
                writer.write(chunk)
                await writer.drain()
            writer.transport.abort()
            await read_task
        await asyncio.sleep(_RECONNECT_S)


async def _read(reader: asyncio.StreamReader) -> None:
    """Read and discard until the connection ends."""
    with suppress(OSError):
        while await reader.read(_CHUNK_BYTES):
            pass


async def main() -> None:
    """Flood the server of the plan on the first line of the input."""
    plan = msgspec.json.decode(sys.stdin.readline(), type=Plan)
    floods = [FLOODS[plan.flood or name] for name in FLOODS]
    # Room 0 is measured, so the floods use other rooms.
    await asyncio.gather(*(flood(plan, room, *frames) for room, frames in enumerate(floods, 1)))


if __name__ == "__main__":
    asyncio.run(main())
