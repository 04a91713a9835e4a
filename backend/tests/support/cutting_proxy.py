"""A TCP proxy that cuts its connections wherever the dice say: in the middle of a frame, or of a handshake."""

import asyncio
import socket
import struct
from contextlib import suppress
from random import Random

from tests.support.tcp_listener import TcpListener


class CuttingProxy(TcpListener):
    """Passes bytes to a server on `target` (a port of this machine) and back, until a connection's share is used up.

    `up` and `down` say from how many to how many bytes a connection may carry to the server and back; the dice
    choose. Then both sides get a reset. `cuts` counts them.
    """

    def __init__(self, dice: Random, *, up: tuple[int, int], down: tuple[int, int]) -> None:
        super().__init__()
        self.target = 0
        self.cuts = 0
        #: Cleared, every connection passes all.
        self.cutting = True
        self._dice = dice
        self._up = up
        self._down = down

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
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
        """Carry bytes one way, at most `share` of them while cutting."""
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
    """End a connection by a reset, as a network does that fails."""
    sock: socket.socket | None = writer.get_extra_info("socket")
    if sock is not None and sock.fileno() >= 0:
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
