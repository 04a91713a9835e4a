"""Compare rooms in memory with the log, when messages may be lost (X2) or the log may have lost entries (X8)."""

import asyncio
from collections.abc import Callable, Iterable

from alcove import background
from alcove.cluster.local_room import LocalRoom, LocalRooms
from alcove.storage.base import Log, LogUnavailableError, Position, RoomState

#: Rooms whose state is read in one query.
_ROOMS = 500


class HeadCheck:
    """Reads the heads of doubtful rooms from the log, in one background task for all of them."""

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
        """Compare these items' rooms with the log, and also those whose earlier check failed."""
        self._in_doubt.update(items)
        if self._in_doubt and self._task is None and not self._closed:
            self._task = asyncio.create_task(self._run())

    def verify_history(self, item: str) -> None:
        """Check whether the log lost its history: it reported a different entry at a seq that the room has (X8)."""
        self._contradicted.add(item)
        self.start([item])

    def forget(self, item: str) -> None:
        """Drop a reported contradiction of a room that was removed from memory."""
        self._contradicted.discard(item)

    async def _run(self) -> None:
        """Read heads and read marks of all doubtful items, in pages; stop if the log does not answer."""
        try:
            while self._in_doubt:
                items = [self._in_doubt.pop() for _ in range(min(_ROOMS, len(self._in_doubt)))]
                # The positions before the query: the log's later answer must contain at least these entries.
                seen = {item: (room, room.position()) for item in items if (room := self._rooms.find(item)) is not None}
                try:
                    states = await self._log.room_states(items)
                    for item, state in states.items():
                        if item in seen:
                            await self._compare(*seen[item], state)
                        else:
                            self._note_head(item, state.head)
                except LogUnavailableError:
                    self._in_doubt.update(items)
                    return
        finally:
            self._task = None

    async def _compare(self, room: LocalRoom, seen: Position, state: RoomState) -> None:
        """Apply the log's head and read marks to a room, or reset the room if the log lost its history.

        Args:
            room: The room.
            seen: The room's position before the log was read.
            state: What the log has.

        Raises:
            LogUnavailableError: The log does not answer.

        """
        item = room.item
        if self._rooms.find(item) is not room:
            return
        log_id = state.log
        if log_id == seen.log and (state.head < seen.head or item in self._contradicted):
            # A replica may be a moment behind; only the database that takes writes knows whether entries are lost.
            log_id = await self._log.verify_history(item, seen)
            self._contradicted.discard(item)
            if self._rooms.find(item) is not room:
                return
        if log_id != seen.log:
            self._rooms.reset(item)
            return
        self._note_head(item, state.head)
        room.apply_remote_marks(state.reads)
