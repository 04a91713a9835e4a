"""Stand-ins for what sessions and rooms touch: a socket whose peer reads when told, a desk, a clock, a log on hold."""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from alcove.item_ranges import Range
from alcove.limits import KeyedLimiter
from alcove.protocol import Entry, ServerLine
from alcove.rooms.session import Session
from alcove.storage.base import (
    Draft,
    ItemSummary,
    LogUnavailableError,
    Outcome,
    Page,
    Position,
    Retention,
    RoomReadMark,
    RoomState,
    UnreadCount,
    UnstorableError,
)
from alcove.storage.committer import OverloadedError
from alcove.storage.outcomes import OutcomeHandler
from alcove.storage.sqlite.schema import prepare
from alcove.storage.sqlite.store import SqliteStore
from alcove.wire.connection import BUFFER_BYTES, Frame, Receiver

T = TypeVar("T")

#: Decodes what a server may say, and nothing else.
server_lines: msgspec.json.Decoder[ServerLine] = msgspec.json.Decoder(ServerLine)


class _Turn:
    """One turn of the event loop."""

    def __await__(self) -> Generator[None, None, None]:
        yield


async def turn(times: int = 20) -> None:
    """Let the loop turn, so that all that is ready happens; twenty turns are more than any chain here takes."""
    for _ in range(times):
        await _Turn()


def take(receiver: Receiver, frame: str) -> int:
    """Have the receiver take a text frame to its end, as a carrier does; return how many turns of the loop it needs."""
    return 1 + sum(1 for _ in receiver.text(frame) or ())


class Clock:
    """A clock moved by hand, in seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Socket:
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

    def __init__(self, receiver: Receiver, socket: Socket) -> None:
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


@dataclass
class FakeHost:
    """A desk (SessionHost) that keeps the drafts it is handed."""

    drafts: list[Draft] = field(default_factory=list)
    left: list[Session] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    rates: KeyedLimiter[tuple[str, str]] = field(default_factory=lambda: KeyedLimiter(0, 1))
    clock: Clock = field(default_factory=Clock)
    full: bool = False
    ms: int = 1_795_000_000_000

    def append(self, draft: Draft, handler: OutcomeHandler) -> None:
        """Keep the draft, or refuse where `full` (SessionHost)."""
        assert isinstance(handler, Session)
        if self.full:
            raise OverloadedError("10000 sends wait for storage already")
        self.drafts.append(draft)

    def take_send(self, member: str, item: str) -> int:
        """Take one send of the member's rate (SessionHost)."""
        return self.rates.take((member, item), self.clock())

    def leave(self, session: Session) -> None:
        """Remember who left (SessionHost)."""
        self.left.append(session)

    def renew(self, session: Session, token: str) -> None:  # noqa: ARG002 - whose token it is, is not asked here
        """Remember the token (SessionHost)."""
        self.tokens.append(token)

    def now_ms(self) -> int:
        """The time that stands (SessionHost)."""
        return self.ms


#: What can go wrong in a storage: nothing was stored, or it was and the answer got lost.
Fault = Literal["nothing stored", "answer lost"]


class Held:
    """A piece of a log's work, held until the test has it performed, and then answered."""

    def __init__(self, work: Callable[[], object], *, writes: bool) -> None:
        self.writes = writes
        self.performed = False
        self._work = work
        self._outcome: object = None
        self._future: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    def __await__(self) -> Generator[object, None, object]:
        return self._future.__await__()

    def perform(self, fault: Fault | None = None) -> None:
        """Do the work, or fail to."""
        try:
            self._outcome = None if fault == "nothing stored" else self._work()
        except (sqlite3.Error, ValueError, UnstorableError) as error:
            self._outcome = error
        if fault is not None:
            self._outcome = LogUnavailableError(fault)
        self.performed = True

    def answer(self) -> None:
        """Tell the outcome to whoever waits."""
        if self._future.done():
            return
        if isinstance(self._outcome, Exception):
            self._future.set_exception(self._outcome)
        else:
            self._future.set_result(self._outcome)


class HeldLog:
    """A log (Log) in memory, the embedded one's own statements; each call is held until the test lets it go on."""

    def __init__(self, retention: Retention | None = None) -> None:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        self.id = prepare(connection, Path(":memory:"))
        self.store = SqliteStore(connection, retention or Retention())
        self.held: list[Held] = []
        #: The batches that were handed in.
        self.batches: list[list[Draft]] = []
        #: Whether a batch has its I/O pending only when it is performed.
        self.holds_io_pending = False
        self._connection = connection

    def _hold(self, work: Callable[[], T], *, writes: bool = False) -> Awaitable[T]:
        held = Held(work, writes=writes)
        self.held.append(held)
        return held  # type: ignore[return-value] # answered with what the work returns

    def append(
        self,
        drafts: Sequence[Draft],
        io_pending: asyncio.Event | None = None,
        seen: Mapping[str, Position] | None = None,
    ) -> Awaitable[list[Outcome]]:
        """Store a batch (Log)."""
        self.batches.append(list(drafts))
        io_pending = io_pending or asyncio.Event()
        if not self.holds_io_pending:
            io_pending.set()
        return self._hold(lambda: self.store.append(drafts, io_pending.set, seen), writes=True)

    async def read(
        self, item: str, *, after: int | None = None, before: int | None = None, limit: int, max_bytes: int = 1 << 20
    ) -> Page:
        """A page of entries (Log)."""
        return await self._hold(lambda: self.store.read(item, after, before, limit, max_bytes))

    async def room_states(self, items: Sequence[str]) -> dict[str, RoomState]:
        """The rooms' states (Log)."""
        return await self._hold(lambda: self.store.room_states(items))

    async def verify_history(self, item: str, seen: Position) -> str:
        """Compare what was seen of a room with what it holds (Log)."""
        return await self._hold(lambda: self.store.verify_history(item, seen), writes=True)

    async def move_read_marks(self, marks: Sequence[RoomReadMark]) -> list[RoomReadMark]:
        """Move read marks (Log)."""
        return await self._hold(lambda: self.store.move_read_marks(marks), writes=True)

    async def list_rooms(
        self, ranges: Sequence[Range], member: str, *, limit: int, before: str | None = None
    ) -> list[ItemSummary]:
        """Rooms the patterns match (Log)."""
        return await self._hold(lambda: self.store.list_rooms(ranges, member, limit=limit, seconds=60, before=before))

    async def count_unread(self, wanted: Sequence[tuple[str, str]]) -> list[UnreadCount]:
        """Return heads and unread messages (Log)."""
        return await self._hold(lambda: self.store.count_unread(wanted))

    async def entries_at(self, places: Collection[tuple[str, int]]) -> dict[tuple[str, int], Entry]:
        """Return entries by item and seq (Log)."""
        return await self._hold(lambda: self.store.entries_at(places))

    async def changed_since(self, at: int, *, limit: int) -> list[tuple[str, int]]:
        """Return rooms written to since then (Log)."""
        return await self._hold(lambda: self.store.changed_since(at, limit))

    async def read_marks(self, item: str, *, first: str, limit: int) -> list[RoomReadMark]:
        """Return read marks (Log)."""
        return await self._hold(lambda: self.store.read_marks(item, first, limit))

    async def rooms_of_member(self, member: str) -> list[str]:
        """Return rooms of a member (Log)."""
        return await self._hold(lambda: self.store.rooms_of_member(member))

    async def entries_of_member(self, item: str, member: str, *, after: int, limit: int) -> list[Entry]:
        """Return entries of a member (Log)."""
        return await self._hold(lambda: self.store.entries_of_member(item, member, after, limit))

    async def erase_member(self, items: Sequence[str], member: str) -> None:
        """Erase a member (Log)."""
        await self._hold(lambda: self.store.erase_member(items, member), writes=True)

    async def delete_room(self, item: str) -> str:
        """Delete a room (Log)."""
        return await self._hold(lambda: self.store.delete_room(item), writes=True)

    async def bus_key(self) -> bytes:
        """The key of the processes' messages (Log)."""
        return await self._hold(self.store.bus_key)

    async def check_writable(self) -> None:
        """Write something (Log)."""
        await self._hold(self.store.check_writable, writes=True)

    async def close(self) -> None:
        """Let go (Log)."""
        self._connection.close()

    def performable(self) -> list[Held]:
        """What can be performed next: the first that writes, and all that read."""
        waiting = [held for held in self.held if not held.performed]
        return [held for held in waiting if not held.writes] + [held for held in waiting if held.writes][:1]

    def answerable(self) -> list[Held]:
        """What can be answered next: the first that wrote, and all that read."""
        done = [held for held in self.held if held.performed]
        return [held for held in done if not held.writes] + [held for held in done if held.writes][:1]

    def answer(self, held: Held) -> None:
        """Answer it, and forget it."""
        self.held.remove(held)
        held.answer()

    def settle(self, fault: Fault | None = None) -> None:
        """Perform the first that is held, and answer it."""
        first = self.held[0]
        first.perform(fault)
        self.answer(first)
