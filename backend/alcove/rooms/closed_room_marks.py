"""Store the read marks of rooms that close before their marks were stored (P5)."""

import logging
from collections.abc import Callable, Sequence

from alcove.background import BackgroundTasks
from alcove.protocol import Line, ReadMark
from alcove.rooms.room import Room
from alcove.storage.base import LogUnavailableError
from alcove.storage.read_marks import ReadMarkWriter

logger = logging.getLogger(__name__)


class ClosedRoomMarks:
    """The pending read marks of closing rooms, which background tasks store."""

    def __init__(
        self, writer: ReadMarkWriter, tasks: BackgroundTasks, publish: Callable[[str, Sequence[Line]], None]
    ) -> None:
        """Create the store of pending marks.

        Args:
            writer: Stores the marks.
            tasks: Runs the background tasks.
            publish: Called with an item and the lines to publish to the other processes.

        """
        self._writer = writer
        self._tasks = tasks
        self._publish = publish

    def store(self, room: Room) -> None:
        """Start a task that stores the pending marks of a room, if it has any."""
        if marks := room.presence.take_unstored_marks():
            self._tasks.spawn(self._store(room.item, marks))

    async def _store(self, item: str, marks: dict[str, int]) -> None:
        """Store marks and publish the result; if storage does not answer, log that the marks are lost."""
        try:
            stored = await self._writer.store(item, marks)
        except LogUnavailableError as error:
            logger.warning("item %s: the last read marks are lost: %s", item, error)
        else:
            self._publish(item, [ReadMark(member, seq) for member, seq in stored.items()])
