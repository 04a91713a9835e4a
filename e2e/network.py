"""Simulate the network between a browser and a server: a TCP proxy that a test cuts, stalls and restores."""

import asyncio
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.support.cutting_proxy import reset
from tests.support.servers import Address, Server


class Network(Address):
    """Forwards bytes between its own port and the server's, in a thread."""

    def __init__(self, server: Server) -> None:
        self._target = server.port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._down = False
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._writers: set[asyncio.StreamWriter] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self._listener = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._pass, "127.0.0.1", 0), self._loop
        ).result()
        super().__init__(self._listener.sockets[0].getsockname()[1])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        """Reset all connections, and new ones until `restore`."""
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result()

    def stall(self) -> None:
        """Hold back all bytes from now on, without closing connections."""
        self._loop.call_soon_threadsafe(self._flowing.clear)

    def restore(self) -> None:
        """Forward bytes and accept connections again."""
        self._down = False
        self._loop.call_soon_threadsafe(self._flowing.set)

    async def _cut(self) -> None:
        self._down = True
        for writer in self._writers:
            reset(writer)

    async def _close(self) -> None:
        self._listener.close()
        self._flowing.set()
        await self._cut()
        ways = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*ways, return_exceptions=True)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward the bytes of one connection until either side closes it."""
        self._writers.add(writer)
        ends = [writer]
        try:
            if self._down:
                return
            with suppress(OSError):
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
                ends.append(far_writer)
                self._writers.add(far_writer)
                if not self._down:
                    await asyncio.gather(self._carry(reader, far_writer), self._carry(far_reader, writer))
        finally:
            for end in ends:
                self._writers.discard(end)
                reset(end)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward bytes in one direction, and the end of the stream."""
        with suppress(OSError):
            while data := await reader.read(65536):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
            await self._flowing.wait()
            if writer.can_write_eof():
                writer.write_eof()
            return
        reset(writer)
