"""A room read as Server-Sent Events, for networks that break WebSockets (W3)."""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Final

import msgspec
from fastapi.sse import ServerSentEvent

from alcove.wire.connection import BUFFER_BYTES, Frame

#: What FastAPI and the server hold besides: a few lines on their way, and 64 KiB of the transport's.
_BOUND = BUFFER_BYTES // 2
#: Seconds that a reader has to take what is buffered once its stream is to end.
_CLOSE_S = 5.0
_ENTRY = re.compile(rb'\{"type":"entry","seq":(\d+),')


class SseConnection:
    """A connection that only sends: each line is an event, an entry's `id` its seq (Connection)."""

    __slots__ = ("_abort", "_close", "_closed", "_cut", "_drained", "_lines", "_size", "_wake")

    #: Every frame is asked about (Connection).
    direct: Final = None

    def __init__(self, abort: Callable[[], object] = lambda: None) -> None:
        """`abort` cuts the reader off, where the server can."""
        self._abort = abort
        self._cut: asyncio.TimerHandle | None = None
        self._lines: deque[bytes] = deque()
        self._size = 0
        self._close: bytes | None = None
        self._closed = False
        self._wake = asyncio.Event()
        self._drained = asyncio.Event()

    def offer(self, frame: Frame) -> bool:
        """Take the frame if it fits within the buffer's bound (Connection)."""
        if self._size and self._size + len(frame.payload) > _BOUND:
            return False
        self.write(frame)
        return True

    def write(self, frame: Frame) -> None:
        """Take the frame in any case (Connection)."""
        if self._close is None:
            self._lines.extend(frame.payload.split(b"\n"))
            self._size += len(frame.payload)
            self._wake.set()

    def buffered(self) -> int:
        """Bytes of lines not yet handed on (Connection)."""
        return self._size

    async def drained(self) -> bool:
        """Wait until at most half the bound is buffered (Connection)."""
        while self._size > _BOUND // 2 and not self._closed:
            self._drained.clear()
            await self._drained.wait()
        return not self._closed

    def pause_reading(self) -> None:
        """Do nothing: such a peer sends nothing (Connection)."""

    def resume_reading(self) -> None:
        """Do nothing: such a peer sends nothing (Connection)."""

    def close(self, code: int, reason: str = "") -> None:
        """Hand on what is buffered, then an event `close` with the code and the reason (Connection)."""
        if self._close is None:
            self._close = msgspec.json.encode({"code": code, "reason": reason})
            self._cut = asyncio.get_running_loop().call_later(_CLOSE_S, self._abort)
            self._wake.set()

    def ended(self) -> None:
        """The peer is gone."""
        self._closed = True
        self._close = self._close or b""
        if self._cut is not None:
            self._cut.cancel()
        self._lines.clear()
        self._size = 0
        self._drained.set()

    async def events(self) -> AsyncIterator[ServerSentEvent]:
        """The lines as they come, each an event, until the connection is closed."""
        while True:
            while self._lines:
                line = self._lines.popleft()
                self._size = max(0, self._size - len(line) - 1) if self._lines else 0
                if self._size <= _BOUND // 2:
                    self._drained.set()
                entry = _ENTRY.match(line)
                yield ServerSentEvent(raw_data=line.decode(), id=entry[1].decode() if entry else None)
            if self._close is not None:
                yield ServerSentEvent(event="close", raw_data=self._close.decode())
                return
            self._wake.clear()
            await self._wake.wait()
