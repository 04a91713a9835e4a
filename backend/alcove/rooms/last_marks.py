"""Store the pending read marks of rooms that close (P5)."""

import logging
from collections.abc import Callable, Sequence

from alcove.background import BackgroundTasks
from alcove.protocol import Line, ReadMark
from alcove.rooms.room import Room
from alcove.storage.base import LogUnavailableError
from alcove.storage.read_marks import ReadMarkWriter

logger = logging.getLogger(__name__)


class LastMarks:
    """Stores the pending read marks of closing rooms in the background."""

    def __init__(
        self, writer: ReadMarkWriter, tasks: BackgroundTasks, publish: Callable[[str, Sequence[Line]], None]
    ) -> None:
        """Create a writer of last marks; `publish` sends lines of an item to the other processes."""
        self._writer = writer
        self._tasks = tasks
        self._publish = publish

    def store(self, room: Room) -> None:
        """Store the pending marks of a room, without waiting."""
        if marks := room.presence.take_reads():
            self._tasks.spawn(self._store(room.item, marks))

    async def _store(self, item: str, marks: dict[str, int]) -> None:
        try:
            stored = await self._writer.store(item, marks)
        except LogUnavailableError as error:
            logger.warning("item %s: the last read marks are lost: %s", item, error)
        else:
            self._publish(item, [ReadMark(member, seq) for member, seq in stored.items()])
