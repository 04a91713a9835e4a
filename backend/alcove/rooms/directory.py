"""The rooms in memory: opening them with the end of their log, delivering into them, and letting them go."""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from alcove.access.revocations import REVOCATIONS_ITEM
from alcove.background import BackgroundTasks
from alcove.bus.base import Bus
from alcove.cluster.cluster import Cluster
from alcove.errors import Close
from alcove.observability.metrics import HISTORIES_LOST, OUTCOMES, SENDS
from alcove.protocol import FRAME_BYTES, Bye, ReadMark, encode
from alcove.rooms.presence import RoomPresence
from alcove.rooms.room import Room
from alcove.rooms.tail import Tail
from alcove.storage.base import Appended, Draft, Log, LogUnavailableError, Outcome, Position
from alcove.storage.read_marks import ReadMarkWriter
from alcove.wire.connection import Connection, Frame

#: Entries of its log that a room begins with in memory: what a newcomer gets by default (H2).
_WARM = 50

#: Milliseconds over which the connections of a room come back whose history was lost.
_RETURN_MS = 1000

_STORED, _DUPLICATE, _REFUSED = (SENDS.labels(outcome) for outcome in OUTCOMES)

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Opening:
    """A room on its way into memory, how far entries were committed meanwhile, and in which history ("": unknown)."""

    task: asyncio.Task[Room]
    head: int = 0
    log_id: str = ""


class RoomDirectory:
    """A room is here while somebody is in it or on the way."""

    def __init__(
        self,
        store: Log,
        bus: Bus,
        sends: Bus | None,
        *,
        tail_entries: int,
        tail_bytes: int,
        tasks: BackgroundTasks,
        lost: Callable[[str], None],
        clock: Callable[[], float],
        name: str,
    ) -> None:
        self.open: dict[str, Room] = {}
        self.cluster = Cluster(store, bus, sends, rooms=self, clock=clock, name=name)
        #: Told which room's history was lost, once its connections are closed.
        self._lost = lost
        self._log = store
        self._tail = tail_entries, tail_bytes
        self._opening: dict[str, _Opening] = {}
        self._coming: Counter[str] = Counter()
        self._marks = ReadMarkWriter(store)
        self._tasks = tasks

    def close(self) -> None:
        """Store the marks that rooms have gathered, and stop what rooms have scheduled."""
        for room in list(self.open.values()):
            self._store_last_marks(room)
            room.close()

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

    async def get_reached(self, item: str, after: int, log_id: str | None) -> Room:
        """The item's room, at the end of its log where a reader of this history may be that far (R5).

        Raises LogUnavailableError.
        """
        while True:
            room = await self.get(item)
            if log_id in {None, room.log_id}:
                await self.cluster.catch_up(room, after)
            if self.open.get(item) is room:  # else its history was lost meanwhile (X8)
                return room

    async def _open(self, item: str) -> Room:
        """Bring a room into memory, with the end of its log as its tail."""
        try:
            # The others first: what they store from now on is heard, and what they stored before is read.
            await self.cluster.open_room(item)
            await self._marks.wait_stored(item)  # of the same room, as it was let out of memory a moment ago
            while True:
                states = await self._log.room_states([item])
                page = await self._log.read(item, limit=_WARM, max_bytes=FRAME_BYTES)
                if page.log == states[item].log and self._opening[item].log_id in {"", page.log}:
                    break
                # Its history was renewed in between; what was said of the old one does not count.
                self._opening[item].head, self._opening[item].log_id = 0, ""
        except BaseException:
            self.cluster.room_closed(item)
            raise
        finally:
            opening = self._opening.pop(item)
        tail = Tail(*self._tail)
        if page.head >= opening.head:
            for entry in page.entries:
                tail.push(entry)
        room = Room(
            item,
            log_id=page.log,
            head=max(page.head, opening.head),
            oldest=page.oldest,
            tail=tail,
            presence=RoomPresence(states[item].reads),
            read=lambda after, limit, max_bytes: self._log.read(item, after=after, limit=limit, max_bytes=max_bytes),
            store_marks=lambda marks: self._marks.store(item, marks),
            share=lambda lines: self.cluster.publish_activity(item, lines),
            doubt=lambda: self.cluster.check_head(item),
        )
        if item in self._coming:
            self.open[item] = room
            self.cluster.room_opened(room)
        else:  # whoever came has gone again
            self.cluster.room_closed(item)
        return room

    def drop_if_idle(self, item: str) -> None:
        """Let a room out of memory that nobody is in or coming to."""
        room = self.open.get(item)
        if room is not None and not len(room) and item not in self._coming:
            del self.open[item]
            self.cluster.room_closed(item)
            self._store_last_marks(room)
            room.close()

    def connections(self) -> list[Connection]:
        """Return the connections to all rooms."""
        return [
            cursor.connection
            for room in self.open.values()
            if room.item != REVOCATIONS_ITEM
            for cursor, _ in room.cursors()
        ]

    def member_connections(self, member: str, item: str) -> int:
        """Return how many connections the member holds to the item's room, on all processes."""
        room = self.open.get(item)
        return 0 if room is None else room.presence.connections(member)

    def position(self, item: str) -> Position | None:
        """What this process has seen of the item's room; None: it is not in memory."""
        room = self.open.get(item)
        return None if room is None else room.position()

    def reset(self, item: str) -> None:
        """Give up a room whose history the log has lost: whoever is in it comes back and reads the new one (R5, X8)."""
        room = self.open.pop(item, None)
        if room is None:
            return
        HISTORIES_LOST.inc()
        logger.warning("item %s: the log lost entries; its history has a new id, and its connections start over", item)
        for cursor, _ in room.cursors():
            retry_ms = random.randrange(_RETURN_MS)  # noqa: S311 - spreads them, guards nothing
            cursor.connection.write(Frame(encode(Bye("restart", retry_ms))))
            cursor.connection.close(Close.RESTART, "this room's history was lost; read it again")
            room.leave(cursor)
            self.cluster.count_connection(item, cursor.member.person, -1)
        self.cluster.room_closed(item)
        room.close()
        self._lost(item)

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
            log_id = appended[-1].log
            if (room := self.open.get(item)) is not None and room.log_id != log_id:
                self.reset(item)
            if new := [one.entry for one in appended if not one.duplicate]:
                self.cluster.deliver(item, new, appended[-1].oldest, log_id)
            if len(new) < len(appended):
                # A commit whose answer was lost is known by the first send that comes again, as a duplicate.
                self.cluster.note_head(item, max(one.entry.seq for one in appended))

    def find(self, item: str) -> Room | None:
        """Return the item's room, None while it is not in memory (LocalRooms)."""
        return self.open.get(item)

    def items(self) -> Collection[str]:
        """Return the items whose rooms are in memory (LocalRooms)."""
        return self.open.keys()

    def extend_opening(self, item: str, head: int, log_id: str) -> None:
        """Record that the log of a room that may be opening extends to `head` in this history (LocalRooms)."""
        if opening := self._opening.get(item):
            if log_id not in {"", opening.log_id}:
                opening.head, opening.log_id = 0, log_id
            opening.head = max(opening.head, head)

    def is_opening(self, item: str) -> bool:
        """Return whether the item's room is being read into memory (LocalRooms)."""
        return item in self._opening

    # --- marks

    def _store_last_marks(self, room: Room) -> None:
        """Store what a room that goes had gathered."""
        marks = room.presence.take_reads()
        if marks:
            self._tasks.spawn(self._store_late_marks(room.item, marks))

    async def _store_late_marks(self, item: str, marks: dict[str, int]) -> None:
        try:
            stand = await self._marks.store(item, marks)
            self.cluster.publish_activity(item, [ReadMark(member, seq) for member, seq in stand.items()])
        except LogUnavailableError as error:
            logger.warning("item %s: the last read marks are lost: %s", item, error)
