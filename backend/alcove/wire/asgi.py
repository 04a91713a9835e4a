"""The portable carrier: a connection on plain ASGI send and receive, under any ASGI server."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from alcove.errors import Close
from alcove.limits import Budget
from alcove.observability.metrics import LIMITS
from alcove.wire.connection import ABORT, BUFFER_BYTES, MESSAGE_BYTES, Frame, Receiver

#: ASGI servers buffer too (uvicorn: 64 KiB before `send` waits), so this carrier keeps less of its own.
_BOUND = BUFFER_BYTES - 64 * 1024
#: Seconds that a peer has to take what is buffered and to answer the close frame.
_CLOSE_S = 5.0
#: Seconds that a peer whose replies pile up has to take half of them; meanwhile nothing of it is read.
_STALL_S = 40.0
#: Seconds that a peer has to take what is buffered when the server stops.
_STOP_S = 1.0
_END: Final = object()


class AsgiConnection:
    """One accepted WebSocket, carried by two loops: this task reads, another one writes.

    `run` serves a receiver until the connection is over; the methods of `Connection` may be called from the
    receiver's first call on.
    """

    __slots__ = (
        "_budget",
        "_close",
        "_closed",
        "_deadline",
        "_drained",
        "_max_message",
        "_message",
        "_pending",
        "_readable",
        "_size",
        "_stopping",
        "_wake",
        "_websocket",
    )

    #: Every frame is asked about (Connection).
    direct: Final = None

    def __init__(
        self,
        websocket: WebSocket,
        *,
        max_message: int = MESSAGE_BYTES,
        budget: Budget = Budget(),  # noqa: B008 - a tuple: it cannot change
        stopping: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        """Take over an accepted WebSocket; `stopping` is awaited when the server ends the task of a connection."""
        self._stopping = stopping
        self._websocket = websocket
        self._budget = budget
        self._max_message = max_message
        self._pending: deque[Frame] = deque()
        self._size = 0
        self._close: tuple[int, str] | None = None
        self._closed = False
        #: The rest of the message that the receiver is taking.
        self._message: Iterator[object] | None = None
        self._wake = asyncio.Event()
        self._drained: asyncio.Event | None = None
        self._readable = asyncio.Event()
        self._readable.set()
        self._deadline: asyncio.Timeout | None = None

    def offer(self, frame: Frame) -> bool:
        """Take the frame if it fits within the buffer's bound (Connection)."""
        if self._size and self._size + len(frame.payload) > _BOUND:
            return False
        self.write(frame)
        return True

    def write(self, frame: Frame) -> None:
        """Take the frame in any case (Connection)."""
        if self._closed or self._close is not None:
            return
        self._pending.append(frame)
        self._size += len(frame.payload)
        self._wake.set()

    def buffered(self) -> int:
        """Bytes not yet handed to the server (Connection)."""
        return self._size

    async def drained(self) -> bool:
        """Wait until at most half the bound is buffered (Connection)."""
        while self._size > _BOUND // 2 and not self._closed:
            if self._drained is None:
                self._drained = asyncio.Event()
            await self._drained.wait()
        return not self._closed

    def pause_reading(self) -> None:
        """Pass nothing more to the receiver until `resume_reading` (Connection)."""
        if self._close is None:
            self._readable.clear()

    def resume_reading(self) -> None:
        """Go on (Connection)."""
        self._readable.set()

    def close(self, code: int, reason: str = "") -> None:
        """Send what is buffered, then a close frame (Connection)."""
        if self._closed or self._close is not None:
            return
        self._readable.set()  # to see the peer's close frame
        self._close = (code, reason.encode()[:123].decode(errors="ignore"))
        self._wake.set()
        if self._deadline is not None:
            self._deadline.reschedule(asyncio.get_running_loop().time() + _CLOSE_S)

    async def run(self, receiver: Receiver) -> None:
        """Read messages into the receiver until the connection is over, then call its `closed`."""
        writer = asyncio.create_task(self._write_out())
        code = Close.HEARTBEAT.value
        try:
            async with asyncio.timeout(_CLOSE_S if self._close else None) as self._deadline:
                code = await self._read(receiver)
        except TimeoutError:
            # The peer takes nothing and answers nothing: an ASGI server that can, cuts it off.
            if abort := self._websocket.scope.get("extensions", {}).get(ABORT):
                abort()
        except asyncio.CancelledError:
            # The server stops and waits no longer. Raised on, this would print a traceback for each such peer.
            code = Close.RESTART.value
            self._deadline = None  # it is over, and `close` would move it
            await self._restart(writer)
        finally:
            self._closed = True
            self._pending.clear()
            self._size = 0
            if self._drained is not None:
                self._drained.set()
            writer.cancel()
            receiver.closed(self._close[0] if self._close else code)

    async def _restart(self, writer: asyncio.Task[None]) -> None:
        """Tell the peer that the server restarts: hypercorn ends tasks before it ends the application (Z1)."""
        if self._close is not None:
            return
        if self._stopping is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_STOP_S):
                    await self._stopping()
        self.close(Close.RESTART, "restart")
        await asyncio.wait([writer], timeout=_STOP_S)

    async def _read(self, receiver: Receiver) -> int:
        """Hand on messages; return the code with which the connection ended.

        A server that has messages ready returns from `receive` without waiting, so this loop lets the others have
        their turn when the budget is used up (L6).
        """
        receive = self._websocket.receive
        frames, size = self._budget.frames, self._budget.size
        while True:
            await self._readable.wait()
            message: dict[str, Any] = dict(await receive())
            if message["type"] == "websocket.disconnect":
                return int(message.get("code") or 1005)
            frames -= 1
            size -= self._take(message, receiver)
            while self._message is not None or frames <= 0 or size <= 0:
                await self._next_turn()
                frames, size = self._budget.frames, self._budget.size
                if self._message is not None and (self._close or next(self._message, _END) is _END):
                    self._message = None
            await self._catch_up()

    async def _next_turn(self) -> None:
        """Let the others have their turn; wait longer while the receiver waits or replies pile up."""
        LIMITS.labels("turn").inc()
        await asyncio.sleep(0)
        await self._readable.wait()
        await self._catch_up()

    async def _catch_up(self) -> None:
        """Wait while the peer does not take its replies. Raises TimeoutError when it takes too long."""
        if self._size > _BOUND:
            async with asyncio.timeout(_STALL_S):
                await self.drained()

    def _take(self, message: dict[str, Any], receiver: Receiver) -> int:
        """Hand on one message, unless the connection is closing; return its size in bytes."""
        text, data = message.get("text"), message.get("bytes")
        size = len(data or b"") if text is None else _utf8_size(text)
        if self._close is not None:
            return size
        if size > self._max_message:
            self.close(Close.TOO_BIG, f"a message may have {self._max_message} bytes, this one has {size}")
        elif text is not None:
            self._message = receiver.text(text)
        else:
            receiver.binary(data or b"")
        return size

    async def _write_out(self) -> None:
        """Hand frames to the server as it takes them, then the close frame."""
        send = self._websocket.send
        try:
            while True:
                while self._pending:
                    frame = self._pending[0]
                    if frame.binary:
                        await send({"type": "websocket.send", "bytes": frame.payload})
                    else:
                        await send({"type": "websocket.send", "text": frame.text})
                    self._pending.popleft()
                    self._size -= len(frame.payload)
                    if self._drained is not None and self._size <= _BOUND // 2:
                        self._drained.set()
                        self._drained = None
                if self._close is not None:
                    await send({"type": "websocket.close", "code": self._close[0], "reason": self._close[1]})
                    return
                self._wake.clear()
                await self._wake.wait()
        except (WebSocketDisconnect, RuntimeError):
            # The peer went while we wrote, or the server closed: the reading side hears of it, with the code.
            return


def _utf8_size(text: str) -> int:
    """Bytes of `text` in UTF-8."""
    return len(text) if text.isascii() else len(text.encode())
