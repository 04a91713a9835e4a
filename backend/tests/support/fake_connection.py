"""A connection in memory whose peer reads frames when the test says so, and a decoder of what it read."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator

import msgspec

from alcove.protocol import ServerLine
from alcove.wire.connection import BUFFER_BYTES, Frame, Receiver

#: Decodes what a server may send, and nothing else.
server_lines: msgspec.json.Decoder[ServerLine] = msgspec.json.Decoder(ServerLine)


class FakeConnection:
    """A connection in memory (Connection). Its peer reads frames when `take` is called, or at once if `reads`."""

    def __init__(
        self, *, bound: int = BUFFER_BYTES, reads: bool = True, on_write: Callable[[bytes], None] | None = None
    ) -> None:
        self.bound = bound
        self.reads = reads
        #: Frames the peer has read.
        self.frames: list[bytes] = []
        self.close_code: int | None = None
        self.close_reason = ""
        self.dead = False
        #: Whether reading from the peer is paused, and what is called when it goes on.
        self.paused = False
        self.resumed: Callable[[], object] = lambda: None
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
        """Buffer the frame if it fits within the bound; else return False (Connection)."""
        if self._size and self._size + len(frame.payload) > self.bound:
            return False
        self.write(frame)
        return True

    def write(self, frame: Frame) -> None:
        """Buffer the frame, even beyond the bound (Connection)."""
        if self.dead or self.close_code is not None:
            return
        if self._on_write is not None:
            self._on_write(frame.payload)
        self._pending.append(frame.payload)
        self._size += len(frame.payload)
        if self.reads:
            self.take()

    def take(self, frames: int | None = None) -> None:
        """Let the peer read `frames` frames, or all if None."""
        for _ in range(len(self._pending) if frames is None else min(frames, len(self._pending))):
            payload = self._pending.popleft()
            self._size -= len(payload)
            self.frames.append(payload)
        if self._size <= self.bound // 2:
            self._writable.set()

    def buffered_bytes(self) -> int:
        """Return the bytes that the peer has not read (Connection)."""
        return self._size

    async def wait_writable(self) -> bool:
        """Wait until at most half the bound is buffered (Connection)."""
        while self._size > self.bound // 2 and not self.dead:
            self._writable.clear()
            await self._writable.wait()
        return not self.dead

    def pause_reading(self) -> None:
        """Record that reading is paused (Connection)."""
        self.paused = True

    def resume_reading(self) -> None:
        """Record that reading continues (Connection)."""
        self.paused = False
        self.resumed()

    def close(self, code: int, reason: str = "") -> None:
        """Record code and reason, and ignore further frames (Connection)."""
        if not self.dead and self.close_code is None:
            self.close_code = int(code)
            self.close_reason = reason

    def die(self) -> None:
        """Lose the connection without a close frame."""
        self.dead = True
        self._pending.clear()
        self._size = 0
        self._writable.set()


class Feed:
    """Passes frames to a receiver as a connection does: one step of a message per turn, none while paused."""

    def __init__(self, receiver: Receiver, socket: FakeConnection) -> None:
        self._receiver = receiver
        self._socket = socket
        self._frames: deque[str] = deque()
        self._rest: Iterator[object] | None = None
        socket.resumed = self._go_on

    def __call__(self, frame: str) -> int:
        """Pass a frame as far as possible now; return the number of turns that it took."""
        self._frames.append(frame)
        return self._go_on()

    def _go_on(self) -> int:
        turns = 0
        while (self._rest is not None or self._frames) and not self._socket.paused:
            if self._socket.close_code is not None or self._socket.dead:
                self._frames.clear()
                self._rest = None
            elif self._rest is None:
                self._rest = self._receiver.on_text(self._frames.popleft())
                turns += 1
            elif next(self._rest, self) is self:
                self._rest = None
            else:
                turns += 1
        return turns
