"""Keep the rooms in memory: open each from the log when it is needed, and close it when it is empty."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager

from alcove.background import BackgroundTasks
from alcove.bus.base import Bus
from alcove.cluster.cluster import Cluster
from alcove.limits import ProcessLimits
from alcove.observability.metrics import SERVER_METRICS, Metrics
from alcove.protocol import ReadMark
from alcove.rooms.closed_room_marks import ClosedRoomMarks
from alcove.rooms.closed_rooms import ClosedRoomPositions
from alcove.rooms.cursor import Cursor
from alcove.rooms.opening import Opening
from alcove.rooms.presence import RoomPresence
from alcove.rooms.restart import restart_connections
from alcove.rooms.room import Room
from alcove.rooms.tail import Tail
from alcove.storage.base import Log, Page, Position
from alcove.storage.read_marks import OnMarksStored, ReadMarkWriter
from alcove.wire.connection import Connection

logger = logging.getLogger(__name__)


class RoomDirectory:
    """The rooms in memory (LocalRooms): with connections, kept open without connections, or being opened."""

    def __init__(
        self,
        log: Log,
        bus: Bus,
        database_bus: Bus | None,
        *,
        limits: ProcessLimits,
        tasks: BackgroundTasks,
        on_history_lost: Callable[[str], None],
        on_marks_stored: OnMarksStored,
        clock: Callable[[], float],
        name: str,
        metrics: Metrics = SERVER_METRICS,
    ) -> None:
        """Create an empty directory; `start` connects it to the other processes.

        Args:
            log: The log of all rooms.
            bus: Carries messages between processes.
            database_bus: Carries the announcements of the database (X5); None: it makes none.
            limits: How many entries of a room and how many closed rooms are kept in memory.
            tasks: Runs the tasks that store read marks of closed rooms, and that compare these rooms with the log.
            on_history_lost: Called with an item, after the log lost its history and its connections were closed.
            on_marks_stored: Called with an item and the members whose read marks in its room were stored.
            clock: Returns seconds of a monotonic clock.
            name: The name of this process for operators.
            metrics: Counts lost histories and deliveries.

        """
        self._log, self._metrics = log, metrics
        self._rooms: dict[str, Room] = {}
        #: Returns an item's room; None: not in memory (LocalRooms). An attribute, for speed: each delivery calls it.
        self.find: Callable[[str], Room | None] = self._rooms.get
        self._cluster = Cluster(log, bus, database_bus, rooms=self, clock=clock, name=name)
        self._on_history_lost = on_history_lost
        self._tail_limits = limits.tail_entries, limits.tail_bytes
        self._opening: dict[str, Opening] = {}
        #: How many callers keep the room of an item open although it may have no connection.
        self._kept: Counter[str] = Counter()
        self._mark_writer = ReadMarkWriter(log, on_marks_stored)
        self._closed_room_marks = ClosedRoomMarks(self._mark_writer, tasks, self._cluster.publish_activity)
        limit = limits.closed_rooms
        self._closed = ClosedRoomPositions(log, tasks, self._closed_room_lost, limit=limit, metrics=metrics)
        self._cluster.on_database_send(lambda _item, _head: None, self._closed.compare_all)

    # --- lifecycle, and the other processes

    async def start(self) -> None:
        """Connect to the other processes."""
        await self._cluster.start()

    def close_rooms(self) -> None:
        """Cancel the timers of all rooms, and start to store their pending read marks."""
        for room in list(self._rooms.values()):
            self._closed_room_marks.store(room)
            room.close()

    async def close(self) -> None:
        """Disconnect from the other processes."""
        await self._cluster.close()

    @property
    def bus_up(self) -> bool:
        """Whether messages of other processes and the database arrive, as far as this process knows."""
        return self._cluster.up

    @property
    def cluster(self) -> Cluster:
        """The connection to the other processes."""
        return self._cluster

    # --- rooms in memory

    def items(self) -> Collection[str]:
        """Return the items whose rooms are in memory (LocalRooms)."""
        return self._rooms.keys()

    def all(self) -> list[Room]:
        """List the rooms in memory."""
        return list(self._rooms.values())

    def connections(self) -> list[Connection]:
        """List the connections to all rooms."""
        return [cursor.connection for room in self._rooms.values() for cursor, _ in room.cursors()]

    def member_connections(self, member: str, item: str) -> int:
        """Return the number of the member's connections to the item's room, on all processes."""
        room = self._rooms.get(item)
        return 0 if room is None else room.presence.connections(member)

    def position(self, item: str) -> Position | None:
        """Return the last position in the item's log that this process has seen; None: it has seen none."""
        room = self._rooms.get(item)
        return self._closed.position(item) if room is None else room.position()

    def remember(self, item: str, position: Position) -> None:
        """Record the last position of a room that is not in memory, to notice a later loss of its entries (X8)."""
        self._closed.remember(item, position)

    # --- opening and closing

    @asynccontextmanager
    async def open_room(self, item: str, *, seq: int = 0, log_id: str | None = None) -> AsyncIterator[Room]:
        """Open the item's room, and keep it in memory while the block runs.

        Args:
            item: The item of the room.
            seq: A seq that a client has seen. If the log has it, the room's head is at least this seq (R5).
            log_id: The id of the history that `seq` belongs to; None: unknown.

        Raises:
            LogUnavailableError: Storage does not answer.

        """
        self._kept[item] += 1
        try:
            yield await self._get_read_up_to(item, seq, log_id)
        finally:
            self._kept[item] -= 1
            if not self._kept[item]:
                del self._kept[item]
            self._close_if_empty(item)

    def keep(self, item: str) -> None:
        """Keep the item's room in memory without connections, once it is opened, until the process ends."""
        self._kept[item] += 1

    async def get(self, item: str) -> Room:
        """Return the item's room; read it into memory if it is not there. Concurrent callers share one read.

        Raises LogUnavailableError if storage does not answer.
        """
        room = self._rooms.get(item)
        if room is not None:
            return room
        opening = self._opening.get(item)
        if opening is None:
            opening = self._opening[item] = Opening(asyncio.create_task(self._open(item)))
        return await asyncio.shield(opening.task)

    async def _get_read_up_to(self, item: str, seq: int, log_id: str | None) -> Room:
        """Return the item's room, read at least up to `seq` if the log has it. Raises LogUnavailableError."""
        while True:
            room = await self.get(item)
            if seq > room.head and log_id in {None, room.log_id}:
                await self._cluster.catch_up(room, seq)
            if self._rooms.get(item) is room:  # otherwise it was closed meanwhile (X8): open it again
                return room

    def leave(self, room: Room, cursor: Cursor) -> None:
        """Remove the cursor from the room, and close the room if it is empty. A second call does nothing."""
        room.leave(cursor)
        self._close_if_empty(room.item)

    def reset(self, item: str) -> None:
        """Close the item's room and its connections, because its log has a new history (LocalRooms, X8)."""
        room = self._rooms.pop(item, None)
        if room is None:
            return
        self._metrics.histories_lost.inc()
        logger.warning(
            "item %s: its history has a new id (entries were lost, or the room was deleted); its connections restart",
            item,
        )
        restart_connections(room)
        self._cluster.room_closed(item)
        room.close()
        self._on_history_lost(item)

    def _closed_room_lost(self, item: str, log_id: str) -> None:
        """Tell the other processes and the list that a room, not in memory here, has a new history (X8)."""
        self._cluster.publish_new_history(item, log_id)
        self._on_history_lost(item)

    # --- without a connection

    async def move_read_mark(self, item: str, member: str, seq: int) -> int:
        """Store a read mark, apply it to all processes, and return the resulting mark (P5).

        Raises LogUnavailableError if storage does not answer.
        """
        stored = await self._mark_writer.store(item, {member: seq})
        self.publish_read_mark(item, member, stored[member])
        return stored[member]

    def publish_read_mark(self, item: str, member: str, seq: int) -> None:
        """Apply a stored read mark to the item's room on all processes (P5)."""
        self.apply_remote_marks(item, {member: seq})
        self._cluster.publish_activity(item, [ReadMark(member, seq)])

    def apply_remote_marks(self, item: str, marks: dict[str, int]) -> None:
        """Apply stored read marks to the item's room, also while it is being opened (LocalRooms, P5)."""
        if (room := self._rooms.get(item)) is not None:
            room.apply_remote_marks(marks)
        elif opening := self._opening.get(item):
            opening.marks.append(marks)

    async def delete(self, item: str) -> None:
        """Hide the room with its data, and close its connections on all processes. Raises LogUnavailableError."""
        log_id = await self._log.delete_room(item)
        self.reset(item)
        self._cluster.publish_new_history(item, log_id)

    async def remove_before(self, item: str, seq: int) -> int:
        """Remove the entries of an internal room before `seq` (Log.remove_before). Raises LogUnavailableError."""
        return await self._log.remove_before(item, seq)

    def is_opening(self, item: str) -> bool:
        """Return whether the item's room is being read into memory (LocalRooms)."""
        return item in self._opening

    def extend_opening(self, item: str, head: int, log_id: str) -> None:
        """Record that the log of a room that is being opened extends to `head` (LocalRooms)."""
        if opening := self._opening.get(item):
            opening.extend(head, log_id)

    async def _open(self, item: str) -> Room:
        """Subscribe to an item's messages, and read the end of its log into a new room. Raises LogUnavailableError."""
        try:
            # Subscribe before reading: entries stored earlier are read, entries stored later are received.
            await self._cluster.open_room(item)
            await self._mark_writer.wait_stored(item)  # the room may have closed a moment ago
            page, state = await self._opening[item].read(item, self._log, self._closed)
        except BaseException:
            self._cluster.room_closed(item)
            raise
        finally:
            opening = self._opening.pop(item)
        room = self._make_room(item, page, state.reads, opening.head)
        if item in self._kept:
            self._rooms[item] = room
            self._closed.forget(item)
            self._cluster.room_opened(room)
            for marks in opening.marks:  # they may have been stored after the room's were read
                room.apply_remote_marks(marks)
        else:  # every caller was cancelled meanwhile
            self._cluster.room_closed(item)
        return room

    def _make_room(self, item: str, page: Page, reads: dict[str, int], committed: int) -> Room:
        """Create a room with the page as its tail, or without a tail if the log has grown to `committed` since."""
        tail = Tail(*self._tail_limits)
        if page.head >= committed:
            tail.extend(page.entries)
        return Room(
            item,
            log_id=page.log,
            head=max(page.head, committed),
            oldest=page.oldest,
            tail=tail,
            presence=RoomPresence(reads),
            read=lambda after, limit, max_bytes: self._log.read(item, after=after, limit=limit, max_bytes=max_bytes),
            store_marks=lambda marks: self._mark_writer.store(item, marks),
            on_connections=lambda person, change: self._cluster.count_connection(item, person, change),
            publish=lambda lines: self._cluster.publish_activity(item, lines),
            on_entries_missing=lambda: self._cluster.check_head(item),
            metrics=self._metrics,
        )

    def _close_if_empty(self, item: str) -> None:
        """Remove the item's room from memory, unless it has connections or is kept."""
        room = self._rooms.get(item)
        if room is not None and not len(room) and item not in self._kept:
            del self._rooms[item]
            self._closed.remember(item, room.position())
            self._cluster.room_closed(item)
            self._closed_room_marks.store(room)
            room.close()
