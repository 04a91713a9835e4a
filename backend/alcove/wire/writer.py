"""The sending half of a detached connection: its buffer is limited, and callers can wait until it has space."""

import asyncio
from collections.abc import Callable
from enum import IntEnum

from alcove.wire.connection import BUFFER_BYTES, UNCHECKED_BYTES, Frame


class State(IntEnum):
    """The state of a connection. OPEN is 0, so that `if state` means "if not open"."""

    OPEN = 0
    #: A close frame is sent, and the peer's is awaited (RFC 6455, section 7.1.2).
    CLOSING = 1
    #: The receiver's `on_close` was called. Buffered bytes are still sent, received ones discarded (section 7.1.7).
    ENDED = 2


class TransportWriter(asyncio.Protocol):
    """Writes to a transport, and stops reading from a peer that does not take its replies.

    The transport's high-water and low-water marks are both UNCHECKED_BYTES, half of what may be buffered.
    """

    __slots__ = ("_reading_paused", "_state", "_transport", "_writable", "unchecked_write")

    def __init__(self, transport: asyncio.Transport) -> None:
        """Take over a transport, and set its water marks."""
        self._transport = transport
        self._state = State.OPEN
        #: The transport's own `write` (Connection). None unless the connection is open with at most UNCHECKED_BYTES
        #: buffered: `pause_writing` is called within the write that exceeds them (D2).
        self.unchecked_write: Callable[[bytes], object] | None = transport.write
        #: Whether reading from the transport is paused.
        self._reading_paused = False
        #: Set when `wait_writable` should check again; None while nobody waits.
        self._writable: asyncio.Event | None = None
        transport.set_write_buffer_limits(high=UNCHECKED_BYTES, low=UNCHECKED_BYTES)

    def try_write(self, frame: Frame) -> bool:
        """Write the frame, or return False if it does not fit into BUFFER_BYTES (Connection)."""
        if self._state:
            return True
        wire = frame.wire
        size = self._transport.get_write_buffer_size()
        if size and size + len(wire) > BUFFER_BYTES:
            return False
        self._transport.write(wire)
        return True

    def write(self, frame: Frame) -> None:
        """Write the frame, even beyond BUFFER_BYTES, unless the connection is closing (Connection).

        While too much is buffered, nothing is read from the client.
        """
        if not self._state:  # open
            self._write_with_backpressure(frame.wire)

    def buffered_bytes(self) -> int:
        """Return the number of bytes that the kernel has not taken yet (Connection)."""
        return self._transport.get_write_buffer_size() if self._state is not State.ENDED else 0

    async def wait_writable(self) -> bool:
        """Wait until at most UNCHECKED_BYTES are buffered; return False if the connection closed (Connection)."""
        while self.unchecked_write is None and self._state is State.OPEN:
            if self._writable is None:
                self._writable = asyncio.Event()
            await self._writable.wait()
        return self._state is State.OPEN

    def pause_writing(self) -> None:
        """Record that more than UNCHECKED_BYTES are buffered (asyncio.Protocol)."""
        self.unchecked_write = None

    def resume_writing(self) -> None:
        """Record that at most UNCHECKED_BYTES are buffered, and wake `wait_writable` (asyncio.Protocol)."""
        if self._state is State.OPEN:
            self.unchecked_write = self._transport.write
        self._wake_writers()

    def _stop_writes(self, state: State) -> None:
        """Change the state to `state` (CLOSING or ENDED), and ignore what sessions write from now on."""
        self._state = state
        self.unchecked_write = None

    def _write_with_backpressure(self, wire: bytes) -> None:
        """Write bytes, then pause reading from the peer if more than UNCHECKED_BYTES are buffered.

        This limits the replies that a peer can cause without reading them. TransportIO resumes reading.
        """
        self._transport.write(wire)
        if self.unchecked_write is None:
            self._pause_transport()

    def _wake_writers(self) -> None:
        """Let every caller that waits in `wait_writable` check again."""
        if self._writable is not None:
            self._writable.set()
            self._writable = None

    def _pause_transport(self) -> None:
        """Stop reading from the transport, unless reading is paused."""
        if not self._reading_paused:
            self._reading_paused = True
            self._transport.pause_reading()

    def _resume_transport(self) -> None:
        """Read from the transport again, if reading is paused and the transport is open."""
        if self._reading_paused and not self._transport.is_closing():
            self._reading_paused = False
            self._transport.resume_reading()
