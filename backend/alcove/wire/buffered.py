"""The sending half of a connection on ASGI: frames that wait for the server to take them, within a bound."""

import asyncio
from collections import deque
from typing import Final

from alcove.wire.connection import Frame


class BufferedWriter:
    """Buffers frames for one task that sends them (Connection).

    The task sends the first of `_frames`, and then calls `_release`; a frame counts as buffered until then. With no
    frame left, the task clears `_changed` and waits for it.
    """

    __slots__ = ("_accepts", "_bound", "_changed", "_drained", "_ended", "_frames", "_size")

    #: Every frame needs a check (Connection).
    direct: Final = None

    def __init__(self, bound: int) -> None:
        """Create an empty buffer; `offer` buffers no frame beyond `bound` bytes."""
        self._bound = bound
        self._frames: deque[Frame] = deque()
        self._size = 0
        #: Frames are still buffered; False from the close on.
        self._accepts = True
        #: The connection has ended.
        self._ended = False
        #: Set when a frame is buffered, and when the connection closes.
        self._changed = asyncio.Event()
        #: Set when at most half the bound is buffered; None while nothing waits for that.
        self._drained: asyncio.Event | None = None

    def offer(self, frame: Frame) -> bool:
        """Buffer the frame if it fits within the bound (Connection)."""
        if self._size and self._size + len(frame.payload) > self._bound:
            return False
        self.write(frame)
        return True

    def write(self, frame: Frame) -> None:
        """Buffer the frame in any case (Connection)."""
        if self._accepts:
            self._frames.append(frame)
            self._size += len(frame.payload)
            self._changed.set()

    def buffered(self) -> int:
        """Return the bytes not yet handed to the server (Connection)."""
        return self._size

    async def drained(self) -> bool:
        """Wait until at most half the bound is buffered (Connection)."""
        while self._size > self._bound // 2 and not self._ended:
            if self._drained is None:
                self._drained = asyncio.Event()
            await self._drained.wait()
        return not self._ended

    def _release(self) -> None:
        """Remove the first frame, which is sent."""
        if not self._frames:
            return  # all were discarded while it was being sent
        self._size -= len(self._frames.popleft().payload)
        if self._drained is not None and self._size <= self._bound // 2:
            self._drained.set()
            self._drained = None

    def _stop_accepting(self) -> None:
        """Buffer nothing more: a close frame follows what is buffered."""
        self._accepts = False
        self._changed.set()

    def _discard(self) -> None:
        """Discard what is buffered: the connection has ended."""
        self._accepts = False
        self._ended = True
        self._frames.clear()
        self._size = 0
        if self._drained is not None:
            self._drained.set()
