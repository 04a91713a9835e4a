"""Members who flood a server with tiny frames: `python -m bench.flood` reads a Plan, and goes on until it is ended.

Each of five connections sends 7 MB of its kind of frame, again and again, reads what it is answered, and comes back
when it is closed.
"""

import asyncio
import sys
from contextlib import suppress

import msgspec

from bench.opening import handshake
from bench.plan import Plan

#: Bytes of one flood, and of one write.
_BYTES, _WRITE = 7_000_000, 256 * 1024
#: Seconds before a connection that was closed is opened again.
_AGAIN_S = 0.05


def _masked(first: int, payload: bytes = b"") -> bytes:
    """A client's frame, masked with zeros (RFC 6455, section 5.2)."""
    return bytes((first, 0x80 | len(payload), 0, 0, 0, 0)) + payload


#: The beginning of each flood, and the frame it repeats.
FLOODS = {
    "pings": (b"", _masked(0x89)),
    "pongs": (b"", _masked(0x8A)),
    "empty continuations": (_masked(0x01), _masked(0x00)),
    "blank lines": (b"", _masked(0x81, b"\n")),
    "ping lines": (b"", _masked(0x81, b'{"type":"ping"}')),
}


async def flood(plan: Plan, room: int, begin: bytes, frame: bytes) -> None:
    """Flood one connection, for ever."""
    run = frame * (_WRITE // len(frame))
    while True:
        with suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection("127.0.0.1", plan.port)
            writer.write(handshake(plan, room, room))
            await reader.readuntil(b"\r\n\r\n")
            reading = asyncio.create_task(_read(reader))
            writer.write(begin)
            for _ in range(_BYTES // len(run)):
                writer.write(run)
                await writer.drain()
            writer.transport.abort()
            await reading
        await asyncio.sleep(_AGAIN_S)


async def _read(reader: asyncio.StreamReader) -> None:
    """Take what comes, until the end."""
    with suppress(OSError):
        while await reader.read(_WRITE):
            pass


async def main() -> None:
    """Flood by the plan on the first line of the input."""
    plan = msgspec.json.decode(sys.stdin.readline(), type=Plan)
    # Rooms of their own: what they say is not to count for the one that is measured.
    await asyncio.gather(*(flood(plan, 1 + n, *kind) for n, kind in enumerate(FLOODS.values())))


if __name__ == "__main__":
    asyncio.run(main())
