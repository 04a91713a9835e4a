"""Run a TCP proxy that cuts connections at random places, as in the middle of a frame or of a handshake."""

import asyncio
import socket
import struct
from contextlib import suppress
from random import Random

from tests.support.tcp_listener import TcpListener


class CuttingProxy(TcpListener):
    """A proxy to the port `target` that resets each connection after a random number of bytes.

    `up` and `down` are the ranges of that number, for bytes to the server and from it. `cuts` counts the resets.
    """

    def __init__(self, rng: Random, *, up: tuple[int, int], down: tuple[int, int]) -> None:
        super().__init__()
        self.target = 0
        self.cuts = 0
        #: Whether connections are reset; otherwise all bytes are forwarded.
        self.cutting = True
        self._rng = rng
        self._up = up
        self._down = down

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward the bytes of one connection in both directions."""
        writers = [writer]
        try:
            with suppress(OSError):
                upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self.target)
                writers.append(upstream_writer)
                directions = [
                    asyncio.create_task(self._forward(reader, upstream_writer, self._rng.randint(*self._up))),
                    asyncio.create_task(self._forward(upstream_reader, writer, self._rng.randint(*self._down))),
                ]
                try:
                    await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for direction in directions:
                        direction.cancel()
                    await asyncio.gather(*directions, return_exceptions=True)
        finally:
            for open_writer in writers:
                reset(open_writer)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, byte_limit: int) -> None:
        """Forward bytes in one direction, at most `byte_limit` of them while cutting."""
        with suppress(OSError):
            while data := await reader.read(65536):
                if self.cutting and len(data) >= byte_limit:
                    writer.write(data[:byte_limit])
                    await writer.drain()
                    self.cuts += 1
                    return
                byte_limit -= len(data)
                writer.write(data)
                await writer.drain()


def reset(writer: asyncio.StreamWriter) -> None:
    """Reset a TCP connection, as a failing network does."""
    sock: socket.socket | None = writer.get_extra_info("socket")
    if sock is not None and sock.fileno() >= 0:
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
