"""The sending half of a connection on ASGI: buffers a limited number of bytes until the server takes them."""

import asyncio
from collections import deque
from typing import Final

from alcove.wire.connection import Frame


class BufferedWriter:
    """A bounded buffer of frames for one task that sends them (Connection).

    The task sends the first of `_frames`, and then calls `_release`; the frame counts as buffered until then. When no
    frame is left, the task clears `_changed`, and waits until it is set.
    """

    __slots__ = ("_accepts", "_changed", "_ended", "_frames", "_max_bytes", "_size", "_writable")

    #: Always None: every frame needs a check (Connection).
    unchecked_write: Final = None

    def __init__(self, max_bytes: int) -> None:
        """Create an empty buffer.

        Args:
            max_bytes: The maximum number of bytes that `try_write` buffers.

        """
        self._max_bytes = max_bytes
        self._frames: deque[Frame] = deque()
        self._size = 0
        #: Whether `write` still buffers frames; False once the connection closes.
        self._accepts = True
        #: Whether the connection has ended.
        self._ended = False
        #: Set when a frame is buffered, and when the connection closes.
        self._changed = asyncio.Event()
        #: Set when at most half of `max_bytes` is buffered; None while nobody waits for that.
        self._writable: asyncio.Event | None = None

    def try_write(self, frame: Frame) -> bool:
        """Buffer the frame, or return False if it does not fit within `max_bytes` (Connection)."""
        if self._size and self._size + len(frame.payload) > self._max_bytes:
            return False
        self.write(frame)
        return True

    def write(self, frame: Frame) -> None:
        """Buffer the frame, even beyond `max_bytes` (Connection)."""
        if self._accepts:
            self._frames.append(frame)
            self._size += len(frame.payload)
            self._changed.set()

    def buffered_bytes(self) -> int:
        """Return the number of bytes that the server has not taken yet (Connection)."""
        return self._size

    async def wait_writable(self) -> bool:
        """Wait until at most half of `max_bytes` is buffered; return False if the connection ended (Connection)."""
        while self._size > self._max_bytes // 2 and not self._ended:
            if self._writable is None:
                self._writable = asyncio.Event()
            await self._writable.wait()
        return not self._ended

    def _release(self) -> None:
        """Remove the first frame, because it was sent; wake `wait_writable` if few enough bytes are left."""
        if not self._frames:
            return  # all frames were discarded while the first one was being sent
        self._size -= len(self._frames.popleft().payload)
        if self._writable is not None and self._size <= self._max_bytes // 2:
            self._writable.set()
            self._writable = None

    def _stop_accepting(self) -> None:
        """Ignore further frames, because a close frame follows the buffered ones."""
        self._accepts = False
        self._changed.set()

    def _discard(self) -> None:
        """Drop all buffered frames and ignore further ones, because the connection has ended."""
        self._accepts = False
        self._ended = True
        self._frames.clear()
        self._size = 0
        if self._writable is not None:
            self._writable.set()
