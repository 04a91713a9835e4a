"""The rooms in memory: opening them with the end of their log, delivering into them, and letting them go."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from alcove.bus.base import Bus
from alcove.log.base import Appended, Draft, Log, LogUnavailableError, Outcome
from alcove.marks import Marks
from alcove.metrics import OUTCOMES, SENDS
from alcove.presence import Present
from alcove.protocol import ReadMark
from alcove.relay import Relay
from alcove.room import FRAME_BYTES, Room
from alcove.tail import Tail

#: Entries of its log that a room begins with in memory: what a newcomer gets by default (H2).
_WARM = 50

#: Seconds that errands have to end when the process does.
_ERRANDS_S = 2.0

_STORED, _DUPLICATE, _REFUSED = (SENDS.labels(outcome) for outcome in OUTCOMES)

log = logging.getLogger("alcove.rooms")


@dataclass(slots=True)
class _Opening:
    """A room on its way into memory, and how far entries were committed meanwhile."""

    task: asyncio.Task[Room]
    head: int = 0


class Rooms:
    """A room is here while somebody is in it or on the way."""

    def __init__(
        self,
        store: Log,
        bus: Bus,
        sends: Bus | None,
        *,
        tail_entries: int,
        tail_bytes: int,
        clock: Callable[[], float],
    ) -> None:
        self.open: dict[str, Room] = {}
        self.relay = Relay(store, bus, sends, rooms=self.open, beyond=self._beyond, clock=clock)
        self._log = store
        self._tail = tail_entries, tail_bytes
        self._opening: dict[str, _Opening] = {}
        self._coming: Counter[str] = Counter()
        self._marks = Marks(store)
        self._errands: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Store what was gathered, and end what runs beside."""
        for room in list(self.open.values()):
            self._store_last_marks(room)
            room.close()
        if self._errands:
            await asyncio.wait(self._errands, timeout=_ERRANDS_S)
        await self.relay.close()

    @contextmanager
    def coming(self, item: str) -> Iterator[None]:
        """Keep the item's room while somebody is on the way into it."""
        self._coming[item] += 1
        try:
            yield
        finally:
            self._coming[item] -= 1
            if not self._coming[item]:
                del self._coming[item]
            self.drop_if_idle(item)

    def keep(self, item: str) -> None:
        """Keep the item's room for good."""
        self._coming[item] += 1

    async def get(self, item: str) -> Room:
        """The item's room, brought into memory where it is not; who comes meanwhile waits for the same.

        Raises LogUnavailableError.
        """
        room = self.open.get(item)
        if room is not None:
            return room
        opening = self._opening.get(item)
        if opening is None:
            opening = self._opening[item] = _Opening(asyncio.create_task(self._open(item)))
        return await asyncio.shield(opening.task)

    async def _open(self, item: str) -> Room:
        """Bring a room into memory, with the end of its log as its tail."""
        try:
            # The others first: what they store from now on is heard, and what they stored before is read.
            await self.relay.open(item)
            await self._marks.settled(item)  # of the same room, as it was let out of memory a moment ago
            states = await self._log.rooms([item])
            page = await self._log.read(item, limit=_WARM, max_bytes=FRAME_BYTES)
        except BaseException:
            self.relay.closed(item)
            raise
        finally:
            opening = self._opening.pop(item)
        tail = Tail(*self._tail)
        if page.head >= opening.head:
            for entry in page.entries:
                tail.push(entry)
        room = Room(
            item,
            head=max(page.head, opening.head),
            oldest=page.oldest,
            tail=tail,
            present=Present(states[item].reads),
            read=lambda after, limit, max_bytes: self._log.read(item, after=after, limit=limit, max_bytes=max_bytes),
            store_marks=lambda marks: self._marks.store(item, marks),
            share=lambda lines: self.relay.share(item, lines),
        )
        if item in self._coming:
            self.open[item] = room
            self.relay.opened(room)
        else:  # whoever came has gone again
            self.relay.closed(item)
        return room

    def drop_if_idle(self, item: str) -> None:
        """Let a room out of memory that nobody is in or coming to."""
        room = self.open.get(item)
        if room is not None and not len(room) and item not in self._coming:
            del self.open[item]
            self.relay.closed(item)
            self._store_last_marks(room)
            room.close()

    def deliver(self, stored: Sequence[tuple[Draft, Outcome]]) -> None:
        """Hand new entries to the rooms that are in memory (S4), here and elsewhere."""
        rooms: dict[str, list[Appended]] = {}
        duplicates = refused = 0
        for draft, outcome in stored:
            if isinstance(outcome, Appended):
                rooms.setdefault(draft.item, []).append(outcome)
                duplicates += outcome.duplicate
            else:
                refused += 1
        _STORED.inc(len(stored) - duplicates - refused)
        _DUPLICATE.inc(duplicates)
        _REFUSED.inc(refused)
        for item, appended in rooms.items():
            if new := [one.entry for one in appended if not one.duplicate]:
                self.relay.stored(item, new, appended[-1].oldest)
            if len(new) < len(appended):
                # A commit whose answer was lost is known by the first send that comes again, as a duplicate.
                self.relay.known(item, max(one.entry.seq for one in appended))

    def _beyond(self, item: str, head: int) -> None:
        """An item's log reaches to `head`; its room may be on its way into memory."""
        if opening := self._opening.get(item):
            opening.head = max(opening.head, head)

    # --- marks

    def _store_last_marks(self, room: Room) -> None:
        """Store what a room that goes had gathered."""
        marks = room.present.take_reads()
        if marks:
            self.run_errand(self._store_late_marks(room.item, marks))

    async def _store_late_marks(self, item: str, marks: dict[str, int]) -> None:
        try:
            stand = await self._marks.store(item, marks)
            self.relay.share(item, [ReadMark(member, seq) for member, seq in stand.items()])
        except LogUnavailableError as error:
            log.warning("item %s: the last read marks are lost: %s", item, error)

    def run_errand(self, work: Coroutine[None, None, None]) -> None:
        """Let something run beside, and keep it until it is done."""
        errand = asyncio.create_task(work)
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)
