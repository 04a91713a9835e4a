"""Compare rooms in memory with the log, when messages may be lost (X2) or the log may have lost entries (X8)."""

import asyncio
from collections.abc import Callable, Iterable

from alcove import background
from alcove.cluster.local_room import LocalRoom, LocalRooms
from alcove.storage.base import Log, LogUnavailableError, Position, RoomState

#: Rooms whose state is read in one query.
_ROOMS_PER_QUERY = 500


class HeadCheck:
    """The comparison of rooms in doubt with the log, in one background task for all of them."""

    def __init__(self, log: Log, rooms: LocalRooms, note_head: Callable[[str, int], None]) -> None:
        """Create a check that is not running.

        Args:
            log: The log to read.
            rooms: The rooms of this process.
            note_head: Called with an item and the head of its log, for each room that was checked.

        """
        self._log = log
        self._rooms = rooms
        self._note_head = note_head
        self._in_doubt: set[str] = set()
        #: Of the items in doubt, those where another entry was reported than the one in memory.
        self._contradicted: set[str] = set()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def close(self) -> None:
        """Cancel the running check, and start no further ones."""
        self._closed = True
        await background.cancel(self._task)

    def start(self, items: Iterable[str]) -> None:
        """Start to compare these items' rooms with the log, and those whose earlier check failed."""
        self._in_doubt.update(items)
        if self._in_doubt and self._task is None and not self._closed:
            self._task = asyncio.create_task(self._run())

    def verify_history(self, item: str) -> None:
        """Start to check whether the log lost entries: it reported another entry at a seq that the room has (X8)."""
        self._contradicted.add(item)
        self.start([item])

    def forget(self, item: str) -> None:
        """Drop a reported contradiction of a room that was removed from memory."""
        self._contradicted.discard(item)

    async def _run(self) -> None:
        """Read heads and read marks of all items in doubt, in batches; stop if the log does not answer."""
        try:
            while self._in_doubt:
                items = [self._in_doubt.pop() for _ in range(min(_ROOMS_PER_QUERY, len(self._in_doubt)))]
                # The positions before the query: the log's later answer must contain at least these entries.
                rooms = [room for item in items if (room := self._rooms.find(item)) is not None]
                before = {room.item: (room, room.position()) for room in rooms}
                try:
                    states = await self._log.room_states(items)
                    for item, state in states.items():
                        if item in before:
                            await self._compare(*before[item], state)
                        else:
                            self._note_head(item, state.head)
                except LogUnavailableError:
                    self._in_doubt.update(items)
                    return
        finally:
            self._task = None

    async def _compare(self, room: LocalRoom, position: Position, state: RoomState) -> None:
        """Apply the log's head and read marks to a room, or reset the room if its log has lost entries.

        Args:
            room: The room.
            position: The room's position before the log was read.
            state: What the log has.

        Raises:
            LogUnavailableError: The log does not answer.

        """
        item = room.item
        if self._rooms.find(item) is not room:
            return
        log_id = state.log
        if log_id == position.log and (state.head < position.head or item in self._contradicted):
            # A replica may be a moment behind; only the database that takes writes knows whether entries are lost.
            log_id = await self._log.verify_history(item, position)
            self._contradicted.discard(item)
            if self._rooms.find(item) is not room:
                return
        if log_id != position.log:
            self._rooms.reset(item)
            return
        self._note_head(item, state.head)
        room.apply_remote_marks(state.reads)
