"""A TCP proxy that cuts connections at random places: in the middle of a frame, or of a handshake."""

import asyncio
import socket
import struct
from contextlib import suppress
from random import Random

from tests.support.tcp_listener import TcpListener


class CuttingProxy(TcpListener):
    """Forwards bytes to a server on port `target`, and resets each connection after a random number of bytes.

    `up` and `down` are the ranges of bytes that a connection may carry to the server and back. `cuts` counts the
    resets.
    """

    def __init__(self, rng: Random, *, up: tuple[int, int], down: tuple[int, int]) -> None:
        super().__init__()
        self.target = 0
        self.cuts = 0
        #: Cleared, every connection passes all.
        self.cutting = True
        self._dice = rng
        self._up = up
        self._down = down

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward the bytes of one connection in both directions."""
        writers = [writer]
        try:
            with suppress(OSError):
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
                writers.append(far_writer)
                ways = [
                    asyncio.create_task(self._carry(reader, far_writer, self._dice.randint(*self._up))),
                    asyncio.create_task(self._carry(far_reader, writer, self._dice.randint(*self._down))),
                ]
                try:
                    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for way in ways:
                        way.cancel()
                    await asyncio.gather(*ways, return_exceptions=True)
        finally:
            for end in writers:
                reset(end)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, share: int) -> None:
        """Forward bytes in one direction, at most `share` of them while cutting."""
        with suppress(OSError):
            while data := await reader.read(65536):
                if self.cutting and len(data) >= share:
                    writer.write(data[:share])
                    await writer.drain()
                    self.cuts += 1
                    return
                share -= len(data)
                writer.write(data)
                await writer.drain()


def reset(writer: asyncio.StreamWriter) -> None:
    """Reset a TCP connection, as a failing network does."""
    sock: socket.socket | None = writer.get_extra_info("socket")
    if sock is not None and sock.fileno() >= 0:
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
