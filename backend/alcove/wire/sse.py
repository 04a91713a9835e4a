"""A connection that sends a room's lines as Server-Sent Events, for networks that break WebSockets (W3)."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable

import msgspec
from fastapi.sse import ServerSentEvent

from alcove.wire.buffered import BufferedWriter
from alcove.wire.connection import BUFFER_BYTES

#: Maximum bytes buffered. Less than BUFFER_BYTES: FastAPI buffers a few more lines, and the transport 64 KiB.
_MAX_BUFFERED_BYTES = BUFFER_BYTES // 2
#: Seconds that a reader has to take what is buffered after `close`.
_CLOSE_S = 5.0
#: The beginning of an entry's line, with its seq.
_ENTRY = re.compile(rb'\{"type":"entry","seq":(\d+),')


class SseConnection(BufferedWriter):
    """A connection that sends each line as one Server-Sent Event (Connection).

    The `id` of an entry's event is the seq, from which the client resumes.
    """

    __slots__ = ("_abort", "_abort_timer", "_close_event")

    def __init__(self, abort: Callable[[], object] = lambda: None) -> None:
        """Create a connection without events.

        Args:
            abort: Drops the client's TCP connection. By default it does nothing, for servers that offer no abort.

        """
        super().__init__(_MAX_BUFFERED_BYTES)
        self._abort = abort
        #: Calls `abort`; None before `close`.
        self._abort_timer: asyncio.TimerHandle | None = None
        #: The data of the event `close`, which is the last one; None before `close`.
        self._close_event: bytes | None = None

    def __repr__(self) -> str:
        state = "ended" if self._ended else "closing" if self._close_event else "open"
        return f"<SseConnection {state}: {self._size} bytes buffered>"

    def pause_reading(self) -> None:
        """Do nothing: the peer sends nothing (Connection)."""

    def resume_reading(self) -> None:
        """Do nothing: the peer sends nothing (Connection)."""

    def close(self, code: int, reason: str = "") -> None:
        """Send the buffered lines, then an event `close` with the code and the reason (Connection)."""
        if self._accepts:
            self._close_event = msgspec.json.encode({"code": code, "reason": reason})
            self._abort_timer = asyncio.get_running_loop().call_later(_CLOSE_S, self._abort)
            self._stop_accepting()

    def end(self) -> None:
        """Drop the buffered lines, because the response is complete or the client has disconnected."""
        if self._abort_timer is not None:
            self._abort_timer.cancel()
        self._discard()

    async def events(self) -> AsyncIterator[ServerSentEvent]:
        """Yield an event for each line, until the connection is closed; the last event is then `close`."""
        while True:
            while self._frames:
                for line in self._frames[0].payload.split(b"\n"):
                    entry = _ENTRY.match(line)
                    yield ServerSentEvent(raw_data=line.decode(), id=entry[1].decode() if entry else None)
                self._release()
            if self._close_event is not None:
                yield ServerSentEvent(event="close", raw_data=self._close_event.decode())
                return
            self._changed.clear()
            await self._changed.wait()
