"""A connection in memory whose peer reads frames when the test lets it, and a feed of frames to its receiver."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator

import msgspec

from alcove.protocol import ServerLine
from alcove.wire.connection import BUFFER_BYTES, Frame, Receiver

#: A decoder that accepts only lines that a server may send.
server_lines: msgspec.json.Decoder[ServerLine] = msgspec.json.Decoder(ServerLine)


class FakeConnection:
    """A connection in memory (Connection).

    Its peer reads each frame as soon as it is written if `reads` is set; otherwise `let_peer_read` must be called.
    """

    def __init__(
        self,
        *,
        max_buffered: int = BUFFER_BYTES,
        reads: bool = True,
        on_write: Callable[[bytes], None] | None = None,
    ) -> None:
        self.max_buffered = max_buffered
        self.reads = reads
        #: The frames that the peer has read.
        self.frames: list[bytes] = []
        self.close_code: int | None = None
        self.close_reason = ""
        self.aborted = False
        #: Whether reading from the peer is paused.
        self.paused = False
        #: Called when reading continues.
        self.on_resume: Callable[[], object] = lambda: None
        self._on_write = on_write
        self._pending: deque[bytes] = deque()
        self._size = 0
        self._writable = asyncio.Event()

    @property
    def lines(self) -> list[ServerLine]:
        """All lines that the peer has read. Raises msgspec.DecodeError for a line that is not in the protocol."""
        return [server_lines.decode(line) for frame in self.frames for line in frame.split(b"\n")]

    def new_lines(self) -> list[ServerLine]:
        """Return the lines that the peer has read since the last call."""
        lines = self.lines
        self.frames.clear()
        return lines

    @property
    def unchecked_write(self) -> None:
        """None: every frame is passed to `try_write` (Connection)."""

    def try_write(self, frame: Frame) -> bool:
        """Buffer the frame if it fits into `max_buffered` bytes; return whether it does (Connection)."""
        if self._size and self._size + len(frame.payload) > self.max_buffered:
            return False
        self.write(frame)
        return True

    def write(self, frame: Frame) -> None:
        """Buffer the frame, even beyond `max_buffered` bytes (Connection)."""
        if self.aborted or self.close_code is not None:
            return
        if self._on_write is not None:
            self._on_write(frame.payload)
        self._pending.append(frame.payload)
        self._size += len(frame.payload)
        if self.reads:
            self.let_peer_read()

    def let_peer_read(self, count: int | None = None) -> None:
        """Let the peer read `count` frames, or all if None."""
        for _ in range(len(self._pending) if count is None else min(count, len(self._pending))):
            payload = self._pending.popleft()
            self._size -= len(payload)
            self.frames.append(payload)
        if self._size <= self.max_buffered // 2:
            self._writable.set()

    def buffered_bytes(self) -> int:
        """Return the number of bytes that the peer has not read (Connection)."""
        return self._size

    async def wait_writable(self) -> bool:
        """Wait until at most half of `max_buffered` is buffered; return whether the peer is connected (Connection)."""
        while self._size > self.max_buffered // 2 and not self.aborted:
            self._writable.clear()
            await self._writable.wait()
        return not self.aborted

    def pause_reading(self) -> None:
        """Record that reading is paused (Connection)."""
        self.paused = True

    def resume_reading(self) -> None:
        """Record that reading continues (Connection)."""
        self.paused = False
        self.on_resume()

    def close(self, code: int, reason: str = "") -> None:
        """Record code and reason, and ignore further frames (Connection)."""
        if not self.aborted and self.close_code is None:
            self.close_code = int(code)
            self.close_reason = reason

    def abort(self) -> None:
        """Lose the connection without a close frame."""
        self.aborted = True
        self._pending.clear()
        self._size = 0
        self._writable.set()


class FrameFeed:
    """A source of frames that calls a receiver as a connection does.

    Each turn runs one step of a message; none runs while reading is paused.
    """

    def __init__(self, receiver: Receiver, socket: FakeConnection) -> None:
        self._receiver = receiver
        self._socket = socket
        self._frames: deque[str] = deque()
        #: The remaining steps of the current message.
        self._steps: Iterator[object] | None = None
        socket.on_resume = self._run

    def __call__(self, frame: str) -> int:
        """Pass a frame to the receiver until reading is paused; return the number of turns that this took."""
        self._frames.append(frame)
        return self._run()

    def _run(self) -> int:
        turns = 0
        while (self._steps is not None or self._frames) and not self._socket.paused:
            if self._socket.close_code is not None or self._socket.aborted:
                self._frames.clear()
                self._steps = None
            elif self._steps is None:
                self._steps = self._receiver.on_text(self._frames.popleft())
                turns += 1
            elif next(self._steps, self) is self:
                self._steps = None
            else:
                turns += 1
        return turns
