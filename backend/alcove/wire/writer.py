"""The writing half of a detached connection: bounded, and awaitable when it is full."""

import asyncio
from collections.abc import Callable
from enum import IntEnum

from alcove.wire.connection import BUFFER_BYTES, DIRECT_BYTES, Frame


class State(IntEnum):
    """How far a connection has come; only an open one is 0."""

    OPEN = 0
    #: Our close frame is sent; the peer's is awaited (RFC 6455, section 7.1.2).
    CLOSING = 1
    #: Over for the receiver: what is buffered goes out, what comes in is not looked at (section 7.1.7).
    OVER = 2


class Outgoing(asyncio.Protocol):
    """Frames on their way out of one transport, whose high-water mark is half the bound."""

    __slots__ = ("_deaf", "_state", "_transport", "_writable", "direct")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._state = State.OPEN
        #: The transport's own method (Connection); None when it is not open, and while more than half the bound is
        #: buffered: from the write on that makes it so, inside of which `pause_writing` comes (D2).
        self.direct: Callable[[bytes], object] | None = transport.write
        #: Reading is stopped.
        self._deaf = False
        self._writable: asyncio.Event | None = None
        transport.set_write_buffer_limits(high=DIRECT_BYTES, low=DIRECT_BYTES)

    def offer(self, frame: Frame) -> bool:
        """Take the frame if it fits within the buffer's bound (Connection)."""
        if self._state:
            return True
        wire = frame.wire
        size = self._transport.get_write_buffer_size()
        if size and size + len(wire) > BUFFER_BYTES:
            return False
        self._transport.write(wire)
        return True

    def write(self, frame: Frame) -> None:
        """Take the frame in any case; while it piles up, stop reading (Connection)."""
        if not self._state:
            self._reply(frame.wire)

    def buffered(self) -> int:
        """Bytes not yet handed to the kernel (Connection)."""
        return self._transport.get_write_buffer_size() if self._state is not State.OVER else 0

    async def drained(self) -> bool:
        """Wait until at most half the bound is buffered (Connection)."""
        while self.direct is None and self._state is State.OPEN:
            if self._writable is None:
                self._writable = asyncio.Event()
            await self._writable.wait()
        return self._state is State.OPEN

    def pause_writing(self) -> None:
        """Hear that more than half the bound is buffered (asyncio.Protocol)."""
        self.direct = None

    def resume_writing(self) -> None:
        """Hear that at most half the bound is buffered (asyncio.Protocol)."""
        if self._state is State.OPEN:
            self.direct = self._transport.write
        self._wake()

    def _leave(self, state: State) -> None:
        """Be no longer open."""
        self._state = state
        self.direct = None

    def _reply(self, wire: bytes) -> None:
        """Write while open; stop reading from a peer whose replies pile up."""
        self._transport.write(wire)
        if self.direct is None:
            self._stop_reading()

    def _wake(self) -> None:
        """Let those who await `drained` look again."""
        if self._writable is not None:
            self._writable.set()
            self._writable = None

    def _stop_reading(self) -> None:
        if not self._deaf:
            self._deaf = True
            self._transport.pause_reading()

    def _read_again(self) -> None:
        if self._deaf and not self._transport.is_closing():
            self._deaf = False
            self._transport.resume_reading()
