"""Compare rooms in memory with the log when messages may be lost (X2), or when the log may have lost entries (X8)."""

import asyncio
from collections.abc import Callable, Iterable

from alcove import background
from alcove.cluster.local_room import LocalRoom, LocalRooms
from alcove.storage.base import Log, LogUnavailableError, Position, RoomState

#: Rooms whose state is read in one query.
_ROOMS = 500


class HeadCheck:
    """Reads the heads of rooms in doubt from the log, in one task however many there are."""

    def __init__(self, log: Log, rooms: LocalRooms, note_head: Callable[[str, int], None]) -> None:
        """Create an idle check; `note_head` is called with an item and its head in the log."""
        self._log = log
        self._rooms = rooms
        self._note_head = note_head
        self._in_doubt: set[str] = set()
        #: Of the items in doubt, those where another entry was reported than the one in memory.
        self._contradicted: set[str] = set()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def close(self) -> None:
        """Cancel the check that is running, and start no other."""
        self._closed = True
        await background.cancel(self._task)

    def start(self, items: Iterable[str]) -> None:
        """Compare these items' rooms, and those left from earlier attempts, with the log."""
        self._in_doubt.update(items)
        if self._in_doubt and self._task is None and not self._closed:
            self._task = asyncio.create_task(self._run())

    def verify_history(self, item: str) -> None:
        """Check the log's history, because a different entry was reported or read at a seq in memory (X8)."""
        self._contradicted.add(item)
        self.start([item])

    def forget(self, item: str) -> None:
        """Forget what was reported of a room that is no longer in memory."""
        self._contradicted.discard(item)

    async def _run(self) -> None:
        """Read heads and read marks of all items in doubt; stop if the log does not answer."""
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
        """Bring a room to the head of its log, or reset it if the log lost entries. Raises LogUnavailableError."""
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
