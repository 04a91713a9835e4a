"""A connection whose client reads frames when the test lets it, and the decoder of what it reads."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator

import msgspec

from alcove.protocol import ServerLine
from alcove.wire.connection import BUFFER_BYTES, Frame, Receiver

#: Decodes what a server may send, and nothing else.
server_lines: msgspec.json.Decoder[ServerLine] = msgspec.json.Decoder(ServerLine)


class FakeConnection:
    """A connection (Connection) whose peer takes frames when told, or at once where `reads`."""

    def __init__(
        self, *, bound: int = BUFFER_BYTES, reads: bool = True, seen: Callable[[bytes], None] | None = None
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
        self._seen = seen
        self._pending: deque[bytes] = deque()
        self._size = 0
        self._drained = asyncio.Event()

    @property
    def lines(self) -> list[ServerLine]:
        """Every line the peer has read. Raises msgspec.DecodeError for what is not in the protocol."""
        return [server_lines.decode(line) for frame in self.frames for line in frame.split(b"\n")]

    def new_lines(self) -> list[ServerLine]:
        """The lines the peer has read since the last time."""
        lines = self.lines
        self.frames.clear()
        return lines

    @property
    def direct(self) -> None:
        """Every frame is asked about (Connection)."""

    def offer(self, frame: Frame) -> bool:
        """Take the frame if it fits (Connection)."""
        if self._size and self._size + len(frame.payload) > self.bound:
            return False
        self.write(frame)
        return True

    def write(self, frame: Frame) -> None:
        """Take the frame (Connection)."""
        if self.dead or self.close_code is not None:
            return
        if self._seen is not None:
            self._seen(frame.payload)
        self._pending.append(frame.payload)
        self._size += len(frame.payload)
        if self.reads:
            self.take()

    def take(self, frames: int | None = None) -> None:
        """The peer reads so many frames, by default all."""
        for _ in range(len(self._pending) if frames is None else min(frames, len(self._pending))):
            payload = self._pending.popleft()
            self._size -= len(payload)
            self.frames.append(payload)
        if self._size <= self.bound // 2:
            self._drained.set()

    def buffered(self) -> int:
        """Bytes the peer has not read (Connection)."""
        return self._size

    async def drained(self) -> bool:
        """Wait until at most half the bound is buffered (Connection)."""
        while self._size > self.bound // 2 and not self.dead:
            self._drained.clear()
            await self._drained.wait()
        return not self.dead

    def pause_reading(self) -> None:
        """Note that reading is paused (Connection)."""
        self.paused = True

    def resume_reading(self) -> None:
        """Note that reading goes on (Connection)."""
        self.paused = False
        self.resumed()

    def close(self, code: int, reason: str = "") -> None:
        """Close; nothing is written any more (Connection)."""
        if not self.dead and self.close_code is None:
            self.close_code = int(code)
            self.close_reason = reason

    def die(self) -> None:
        """The connection is gone, without a word."""
        self.dead = True
        self._pending.clear()
        self._size = 0
        self._drained.set()


class Feed:
    """Passes frames to a receiver as a carrier does: a step of a message per turn, nothing while reading is paused."""

    def __init__(self, receiver: Receiver, socket: FakeConnection) -> None:
        self._receiver = receiver
        self._socket = socket
        self._frames: deque[str] = deque()
        self._rest: Iterator[object] | None = None
        socket.resumed = self._go_on

    def __call__(self, frame: str) -> int:
        """Pass on a frame as far as that is possible now; return the number of turns it took."""
        self._frames.append(frame)
        return self._go_on()

    def _go_on(self) -> int:
        turns = 0
        while (self._rest is not None or self._frames) and not self._socket.paused:
            if self._socket.close_code is not None or self._socket.dead:
                self._frames.clear()
                self._rest = None
            elif self._rest is None:
                self._rest = self._receiver.text(self._frames.popleft())
                turns += 1
            elif next(self._rest, self) is self:
                self._rest = None
            else:
                turns += 1
        return turns
