"""Compare rooms in memory with the log: when messages may be lost (X2), or when the log may have lost entries (X8)."""

import asyncio
from collections.abc import Callable, Iterable

from alcove import background
from alcove.cluster.local_room import LocalRoom, LocalRooms
from alcove.storage.base import Log, LogUnavailableError, Position, RoomState

#: Maximum number of rooms whose state is read with one query.
_ROOMS_PER_QUERY = 500


class HeadCheck:
    """Compares rooms with the log, in one background task for all of them."""

    def __init__(self, log: Log, rooms: LocalRooms, note_head: Callable[[str, int], None]) -> None:
        """Create a check that is not running.

        Args:
            log: The log to read.
            rooms: The rooms of this process.
            note_head: Called with an item and the head of its log, for each item that was checked.

        """
        self._log = log
        self._rooms = rooms
        self._note_head = note_head
        #: Items whose rooms must be compared with the log.
        self._unchecked: set[str] = set()
        #: Items for which an entry was reported that differs from the entry in memory with the same seq.
        self._contradicting: set[str] = set()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def close(self) -> None:
        """Cancel the running check, and start no further ones."""
        self._closed = True
        await background.cancel(self._task)

    def start(self, items: Iterable[str]) -> None:
        """Compare the rooms of these items with the log in the background, and those whose earlier check failed."""
        self._unchecked.update(items)
        if self._unchecked and self._task is None and not self._closed:
            self._task = asyncio.create_task(self._run())

    def verify_history(self, item: str) -> None:
        """Check in the background whether the log lost entries: a reported entry differs from the room's (X8)."""
        self._contradicting.add(item)
        self.start([item])

    def forget(self, item: str) -> None:
        """Drop the report of a different entry, because the item's room was removed from memory."""
        self._contradicting.discard(item)

    async def _run(self) -> None:
        """Read heads and read marks of all unchecked items, in batches; stop if the log does not answer."""
        try:
            while self._unchecked:
                items = [self._unchecked.pop() for _ in range(min(_ROOMS_PER_QUERY, len(self._unchecked)))]
                # Taken before the query, so that the log's answer must have at least the entries up to these positions.
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
                    self._unchecked.update(items)
                    return
        finally:
            self._task = None

    async def _compare(self, room: LocalRoom, position: Position, state: RoomState) -> None:
        """Apply the log's head and read marks to a room, or reset the room if its log has lost entries.

        Args:
            room: The room.
            position: The room's position before the log was read.
            state: The head, the history and the read marks in the log.

        Raises:
            LogUnavailableError: The log does not answer.

        """
        item = room.item
        if self._rooms.find(item) is not room:
            return
        log_id = state.log
        if log_id == position.log and (state.head < position.head or item in self._contradicting):
            # A replica may be a moment behind; only the database that takes writes knows whether entries are lost.
            log_id = await self._log.verify_history(item, position)
            self._contradicting.discard(item)
            if self._rooms.find(item) is not room:
                return
        if log_id != position.log:
            self._rooms.reset(item)
            return
        self._note_head(item, state.head)
        room.apply_remote_marks(state.reads)
