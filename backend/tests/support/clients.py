"""Connect WebSocket clients on real sockets, wait for their messages, and disconnect them."""

import asyncio
import socket
import struct
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as websockets_connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from tests.support.credentials import register_request_credentials
from tests.support.servers import Address

#: Seconds after which a client gives up waiting for an event.
TIMEOUT_S = 60.0


async def pause_briefly() -> None:
    """Sleep 10 ms between two checks of a condition that no event reports, so that other processes can run."""
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), 0.01)


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds, checking every 10 ms."""
    async with asyncio.timeout(TIMEOUT_S):
        while not condition():
            await pause_briefly()


async def connect(
    server: Address,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    subprotocols: Sequence[str] = (),
    receive_buffer: int | None = None,
) -> ClientConnection:
    """Open a WebSocket.

    Args:
        server: The server.
        path: The path with the query.
        headers: Headers of the handshake.
        subprotocols: The subprotocols that the client offers.
        receive_buffer: The approximate number of bytes that the kernel receives before the client reads.

    """
    register_request_credentials(path, headers or {})
    sock = socket.socket(proto=socket.IPPROTO_TCP)  # asyncio sets TCP_NODELAY only if `proto` is given
    if receive_buffer is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", server.port))
    return await websockets_connect(
        server.ws + path,
        sock=sock,
        additional_headers=headers,
        subprotocols=[Subprotocol(name) for name in subprotocols] or None,
        compression=None,
        proxy=None,
        max_size=None,
        # With a small receive buffer, messages must wait in the kernel. Otherwise the library reads all messages, so
        # that closing does not wait for unread ones.
        max_queue=None if receive_buffer is None else 16,
        ping_interval=None,
        open_timeout=TIMEOUT_S,
    )


async def refusal_status(server: Address, path: str, *, headers: Mapping[str, str] | None = None) -> int:
    """Return the HTTP status with which the server refuses a handshake."""
    try:
        client = await connect(server, path, headers=headers)
    except InvalidStatus as refusal:
        return refusal.response.status_code
    await client.close()
    raise AssertionError(f"expected a refusal of {path}, but the server accepted it")


async def receive(client: ClientConnection, count: int) -> Sequence[str | bytes]:
    """Return the next `count` messages."""
    async with asyncio.timeout(TIMEOUT_S):
        return [await client.recv() for _ in range(count)]


async def wait_for_close_code(client: ClientConnection) -> int:
    """Read until the server closes, and return the close code."""
    async with asyncio.timeout(TIMEOUT_S):
        try:
            while True:
                await client.recv()
        except ConnectionClosed:
            assert client.close_code is not None
            return client.close_code


async def abort(client: ClientConnection) -> None:
    """Reset the TCP connection without a close frame; do nothing if it is already closed."""
    if client.transport.is_closing():
        return
    sock: socket.socket = client.transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.transport.abort()
    await client.wait_closed()


def stop_reading(client: ClientConnection) -> None:
    """Stop reading, so that pings are not answered."""
    transport = client.transport
    assert isinstance(transport, asyncio.Transport)
    transport.pause_reading()


def resume_reading(client: ClientConnection) -> None:
    """Read again after `stop_reading`."""
    transport = client.transport
    assert isinstance(transport, asyncio.Transport)
    transport.resume_reading()


class Listener:
    """A reader of a client's messages that stores each in `lines` as soon as it arrives."""

    def __init__(self, client: ClientConnection) -> None:
        self.client = client
        self.lines: list[str | bytes] = []
        self._received = asyncio.Event()
        self._task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        try:
            async for line in self.client:
                self.lines.append(line)
                self._received.set()
        except ConnectionClosed:
            return

    async def wait_for(self, condition: Callable[[list[str | bytes]], bool]) -> None:
        """Wait until the condition holds for the messages received so far."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                while not condition(self.lines):
                    self._received.clear()
                    await self._received.wait()
        except TimeoutError:
            raise AssertionError(
                f"the expected messages did not arrive in {TIMEOUT_S} s; the last received: {self.lines[-5:]}"
            ) from None

    async def wait_for_count(self, count: int) -> None:
        """Wait until `count` messages were received."""
        await self.wait_for(lambda lines: len(lines) >= count)

    async def wait_for_line(self, line: str) -> None:
        """Wait until this message was received."""
        await self.wait_for(lambda lines: line in lines)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.client.close()
        await self._task
