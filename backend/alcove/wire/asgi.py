"""A WebSocket connection that uses ASGI's `send` and `receive`, and so works with any ASGI server."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from alcove.errors import Close
from alcove.limits import Budget
from alcove.observability.metrics import LIMITS
from alcove.wire.buffered import BufferedWriter
from alcove.wire.connection import ABORT, BUFFER_BYTES, Receiver

#: Maximum bytes buffered. Less than BUFFER_BYTES, because ASGI servers buffer, too: uvicorn 64 KiB before `send` waits.
_MAX_BUFFERED_BYTES = BUFFER_BYTES - 64 * 1024
#: Seconds that a peer has to take what is buffered and to answer the close frame.
_CLOSE_S = 5.0
#: Seconds that a peer has to take half of its buffered replies once they exceed the maximum; it is not read meanwhile.
_STALL_S = 40.0
#: Seconds that a peer has to take what is buffered when the server stops.
_STOP_S = 1.0
#: What `next` returns for a message that is processed completely.
_EXHAUSTED: Final = object()


class AsgiConnection(BufferedWriter):
    """One accepted WebSocket with two tasks: the caller of `run` reads, another task writes (Connection).

    The methods of `Connection` may be called once the receiver has been called for the first time.
    """

    __slots__ = (
        "_budget",
        "_close_frame",
        "_deadline",
        "_max_message",
        "_message",
        "_readable",
        "_stopping",
        "_websocket",
    )

    def __init__(
        self,
        websocket: WebSocket,
        *,
        max_message: int,
        budget: Budget,
        on_server_stop: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        """Take over an accepted WebSocket.

        Args:
            websocket: The WebSocket.
            max_message: The maximum size of a message from the client in bytes (L1).
            budget: The input to process per turn of the event loop (L6).
            on_server_stop: Awaited when the server cancels the connection's task because it stops; None: nothing.

        """
        super().__init__(_MAX_BUFFERED_BYTES)
        self._websocket = websocket
        self._max_message = max_message
        self._budget = budget
        self._stopping = on_server_stop
        #: Code and reason of the close frame to send after the buffered frames; None while the connection is open.
        self._close_frame: tuple[int, str] | None = None
        #: The remaining work of a message that the receiver processes in several turns.
        self._message: Iterator[object] | None = None
        #: Set unless the receiver paused reading.
        self._readable = asyncio.Event()
        self._readable.set()
        #: Limits the time of the connection after `close`; None before `run`.
        self._deadline: asyncio.Timeout | None = None

    def __repr__(self) -> str:
        state = "ended" if self._ended else "closing" if self._close_frame else "open"
        return f"<AsgiConnection {state}: {self._size} bytes buffered>"

    def pause_reading(self) -> None:
        """Pass no messages to the receiver until `resume_reading` (Connection)."""
        if self._close_frame is None:
            self._readable.clear()

    def resume_reading(self) -> None:
        """Pass messages to the receiver again (Connection)."""
        self._readable.set()

    def close(self, code: int, reason: str = "") -> None:
        """Send the buffered frames, then a close frame (Connection)."""
        if self._ended or self._close_frame is not None:
            return
        self._readable.set()  # to read the peer's close frame
        self._close_frame = (code, reason.encode()[:123].decode(errors="ignore"))
        self._stop_accepting()
        if self._deadline is not None:
            self._deadline.reschedule(asyncio.get_running_loop().time() + _CLOSE_S)

    async def run(self, receiver: Receiver) -> None:
        """Pass messages to the receiver until the connection has ended, then call the receiver's `on_close`."""
        writer = asyncio.create_task(self._send_all())
        code = Close.HEARTBEAT.value
        try:
            async with asyncio.timeout(_CLOSE_S if self._close_frame else None) as self._deadline:
                code = await self._read(receiver)
        except TimeoutError:
            # The peer takes nothing and answers nothing: abort the connection if the server can.
            if abort := self._websocket.scope.get("extensions", {}).get(ABORT):
                abort()
        except asyncio.CancelledError:
            # The server stops and does not wait. It would log a traceback for each connection if this were raised.
            code = Close.RESTART.value
            self._deadline = None  # it has expired or is cancelled, and `close` must not reschedule it
            await self._close_for_restart(writer)
        finally:
            self._discard()
            writer.cancel()
            receiver.on_close(self._close_frame[0] if self._close_frame else code)

    async def _close_for_restart(self, writer: asyncio.Task[None]) -> None:
        """Wait for the drain, then close with 1012; hypercorn cancels connections before it stops the app (Z1)."""
        if self._close_frame is not None:
            return
        if self._stopping is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_STOP_S):
                    await self._stopping()
        self.close(Close.RESTART, "restart")
        await asyncio.wait([writer], timeout=_STOP_S)

    async def _read(self, receiver: Receiver) -> int:
        """Pass messages to the receiver; return the close code with which the connection ended.

        `receive` returns without waiting while the server has messages, so this loop yields to other tasks whenever the
        budget is used up (L6).

        Raises:
            TimeoutError: The peer did not take its replies for `_STALL_S` seconds.

        """
        receive = self._websocket.receive
        frames, size = self._budget.frames, self._budget.size
        while True:
            await self._readable.wait()
            message: dict[str, Any] = dict(await receive())
            if message["type"] == "websocket.disconnect":
                return int(message.get("code") or 1005)
            frames -= 1
            size -= self._dispatch(message, receiver)
            while self._message is not None or frames <= 0 or size <= 0:
                await self._next_turn()
                frames, size = self._budget.frames, self._budget.size
                if self._message is not None and (self._close_frame or next(self._message, _EXHAUSTED) is _EXHAUSTED):
                    self._message = None
            await self._wait_until_taken()

    async def _next_turn(self) -> None:
        """Yield to other tasks. Wait longer while reading is paused, or while the peer does not take its replies."""
        LIMITS.labels("turn").inc()
        await asyncio.sleep(0)
        await self._readable.wait()
        await self._wait_until_taken()

    async def _wait_until_taken(self) -> None:
        """Wait while over `_MAX_BUFFERED_BYTES` are buffered. Raises TimeoutError if that lasts `_STALL_S` seconds."""
        if self._size > _MAX_BUFFERED_BYTES:
            async with asyncio.timeout(_STALL_S):
                await self.wait_writable()

    def _dispatch(self, message: dict[str, Any], receiver: Receiver) -> int:
        """Pass one message to the receiver, unless the connection is closing; close with 1009 if it is too large.

        Returns:
            The size of the message in bytes.

        """
        text, data = message.get("text"), message.get("bytes")
        size = len(data or b"") if text is None else _utf8_size(text)
        if self._close_frame is not None:
            return size
        if size > self._max_message:
            self.close(Close.TOO_BIG, f"a message may have {self._max_message} bytes, this one has {size}")
        elif text is not None:
            self._message = receiver.on_text(text)
        else:
            receiver.on_binary(data or b"")
        return size

    async def _send_all(self) -> None:
        """Send frames as they are buffered, and the close frame last."""
        send, frames = self._websocket.send, self._frames
        try:
            while True:
                while frames:
                    frame = frames[0]
                    if frame.binary:
                        await send({"type": "websocket.send", "bytes": frame.payload})
                    else:
                        await send({"type": "websocket.send", "text": frame.text})
                    self._release()
                if self._close_frame is not None:
                    code, reason = self._close_frame
                    await send({"type": "websocket.close", "code": code, "reason": reason})
                    return
                self._changed.clear()
                await self._changed.wait()
        except (WebSocketDisconnect, RuntimeError):
            # The peer disconnected or the server closed the connection; `receive` returns the code.
            return


def _utf8_size(text: str) -> int:
    """Compute the length of `text` in UTF-8, in bytes."""
    return len(text) if text.isascii() else len(text.encode())
