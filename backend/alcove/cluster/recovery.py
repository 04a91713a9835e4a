"""Keeping rooms at the end of their logs: what comes out of order waits, what does not come is read (X2)."""

import asyncio
import contextlib
from collections.abc import Iterable, Sequence

from alcove import background
from alcove.cluster.local_room import LocalRoom, LocalRooms
from alcove.cluster.reorder import ReorderBuffer
from alcove.protocol import FRAME_BYTES, Entry
from alcove.storage.base import Log, LogUnavailableError, Position, RoomState

#: Seconds that entries in front of others have to come, before the log is asked.
_GRACE_S = 0.02
#: Entries of one page, and how many a room may lack before each reader fetches them at its own pace.
_PAGE = 250
_FAR = 2000
#: Rooms whose heads are read at a time.
_HEADS = 500


class Recovery:
    """What is between the rooms' heads and the ends of their logs."""

    def __init__(
        self,
        store: Log,
        rooms: LocalRooms,
        *,
        alone: bool,
    ) -> None:
        self._log = store
        self._rooms = rooms
        #: Whether nobody else writes to the log: then nothing is ever missed, though it may be in the log already.
        self._alone = alone
        self._pending: dict[str, ReorderBuffer] = {}
        self._unsure: set[str] = set()
        #: Of these, the ones where another entry was told than the one in memory.
        self._contradicted: set[str] = set()
        self._catching: dict[str, asyncio.Task[None]] = {}
        self._healing: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """End what runs."""
        await background.end(*self._catching.values(), self._healing)

    def drop(self, item: str) -> None:
        """The room is no longer in memory."""
        self._pending.pop(item, None)
        self._contradicted.discard(item)

    def arrive(self, item: str, entries: Sequence[Entry], oldest: int, log_id: str = "") -> None:
        """Deliver what is next in order; what is not waits for those before. `log_id` is "" where nobody said it."""
        room = self._rooms.find(item)
        if room is None:
            self._rooms.extend_opening(item, entries[-1].seq, log_id)
            return
        if log_id not in {"", room.log_id}:
            self.heal([item])  # one of the two is out of date, and the log says which
            return
        if entries[0].seq <= room.head and room.contradicts(entries):
            self.contradict(item)
            return
        if item not in self._pending and (self._alone or entries[0].seq <= room.head + 1):
            room.deliver(entries, oldest)
            return
        pending = self._pending.setdefault(item, ReorderBuffer())
        pending.add(entries, oldest)
        self._go_on(room, pending)
        if item in self._pending:
            self._catch(item, _GRACE_S)

    def known(self, item: str, head: int) -> None:
        """The item's log reaches to `head`, whatever was heard of it."""
        room = self._rooms.find(item)
        if room is None:
            self._rooms.extend_opening(item, head, "")
        elif self._alone:
            room.advance(head)
        elif head > room.head:
            pending = self._pending.setdefault(item, ReorderBuffer())
            pending.known = max(pending.known, head)
            self._catch(item, 0)

    def look(self, item: str) -> None:
        """Read where an item's log ends, because somebody says that it has grown; only what the log has counts (X9)."""
        if self._rooms.find(item) is not None or self._rooms.is_opening(item):
            self.heal([item])

    async def reach(self, room: LocalRoom, seq: int) -> None:
        """Bring the room to the end of its log, if it may reach to `seq` (R5). Raises LogUnavailableError."""
        if seq <= room.head:
            return
        state = (await self._log.room_states([room.item]))[room.item]
        if self._rooms.find(room.item) is not room:
            return
        if state.log != room.log_id:
            self._rooms.reset(room.item)
            return
        self.known(room.item, state.head)
        if catching := self._catching.get(room.item):
            await asyncio.wait([catching])

    def heal(self, items: Iterable[str]) -> None:
        """Look where these items' logs end: something about them may have been missed."""
        self._unsure.update(items)
        if self._unsure and self._healing is None:
            self._healing = asyncio.create_task(self._heal())

    def contradict(self, item: str) -> None:
        """Have the log decide: another entry was told or read than the one that the room has at this seq (X8)."""
        self._contradicted.add(item)
        self.heal([item])

    def go_on(self) -> None:
        """Try again what could not be read."""
        self.heal(())
        for item in self._pending:
            self._catch(item, 0)

    def _go_on(self, room: LocalRoom, pending: ReorderBuffer) -> None:
        """Deliver what has become next, in one go: what is deleted in it is not shown before (S9)."""
        if run := pending.take(room.head):
            room.deliver(run, pending.oldest)
        if pending.known <= room.head and self._pending.get(room.item) is pending:
            del self._pending[room.item]

    def _catch(self, item: str, after_s: float) -> None:
        """Read from the log what does not come within `after_s` seconds."""
        if item not in self._catching:
            task = self._catching[item] = asyncio.create_task(self._catch_up(item, after_s))
            task.add_done_callback(lambda _: self._catching.pop(item, None))

    async def _catch_up(self, item: str, after_s: float) -> None:
        """Fill the hole in front of what is held; one query for the room, however many read it."""
        await asyncio.sleep(after_s)
        # The first page begins with the last entry in memory, to see whether that is still the log's (X8).
        overlap = 1
        with contextlib.suppress(LogUnavailableError):  # `go_on` tries again
            while (pending := self._pending.get(item)) and (room := self._rooms.find(item)) is not None:
                self._go_on(room, pending)
                if item not in self._pending:
                    return
                if pending.known - room.head > _FAR:
                    room.advance(pending.known)
                    continue
                head = room.head
                after = max(0, head - overlap)
                page = await self._log.read(item, after=after, limit=_PAGE, max_bytes=FRAME_BYTES)
                if self._rooms.find(item) is not room:
                    return
                if page.log != room.log_id:
                    self._rooms.reset(item)
                    return
                if page.head < head or room.contradicts(page.entries):
                    self.contradict(item)
                    return
                if page.oldest > room.head + 1:
                    room.advance(page.oldest - 1)
                elif (not page.entries or page.entries[-1].seq <= head) and not overlap:
                    return
                overlap = 0
                pending.add(page.entries, page.oldest)

    async def _heal(self) -> None:
        """Read the heads, and the marks, of rooms in doubt."""
        try:
            while self._unsure:
                items = [self._unsure.pop() for _ in range(min(_HEADS, len(self._unsure)))]
                # As they are before the log is asked: whatever it answers later must hold at least this.
                seen = {item: (room, room.position()) for item in items if (room := self._rooms.find(item)) is not None}
                try:
                    states = await self._log.room_states(items)
                    for item, state in states.items():
                        if item in seen:
                            await self._compare(*seen[item], state)
                        else:
                            self.known(item, state.head)
                except LogUnavailableError:
                    self._unsure.update(items)
                    return
        finally:
            self._healing = None

    async def _compare(self, room: LocalRoom, seen: Position, state: RoomState) -> None:
        """Bring a room to where the log is, or give it up where the log lost entries. Raises LogUnavailableError."""
        item = room.item
        if self._rooms.find(item) is not room:
            return
        log_id = state.log
        if log_id == seen.log and (state.head < seen.head or item in self._contradicted):
            # A reader may be a moment behind; whether entries are lost is decided where they are written.
            log_id = await self._log.verify_history(item, seen)
            self._contradicted.discard(item)
            if self._rooms.find(item) is not room:
                return
        if log_id != seen.log:
            self._rooms.reset(item)
            return
        self.known(item, state.head)
        room.apply_remote_marks(state.reads)
