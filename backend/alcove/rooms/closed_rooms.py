"""Remember the last position of each room that has left memory, to detect that its log has lost entries since (X8)."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from itertools import islice

from alcove.background import BackgroundTasks
from alcove.observability.metrics import LIMITS, SERVER_METRICS, Metrics
from alcove.storage.base import Log, LogUnavailableError, Page, Position

#: Maximum number of rooms whose entries are read in one query.
_ROOMS_PER_QUERY = 500
#: Seconds between two attempts to compare, while storage does not answer.
_RETRY_S = 1.0

logger = logging.getLogger(__name__)


class ClosedRoomPositions:
    """The last position that this process has seen in each room that is no longer in its memory."""

    def __init__(
        self,
        log: Log,
        tasks: BackgroundTasks,
        on_new_history: Callable[[str, str], None],
        *,
        limit: int,
        metrics: Metrics = SERVER_METRICS,
    ) -> None:
        """Create an empty record of positions.

        Args:
            log: The log of the rooms.
            tasks: Runs the comparison of all rooms.
            on_new_history: Called with an item and the id of its new history, after its log lost entries.
            limit: The maximum number of rooms to remember. The most recently closed ones are enough, because a failover
                loses only the entries of the last moments.
            metrics: Counts lost histories.

        """
        self._log = log
        self._tasks = tasks
        self._on_new_history = on_new_history
        self._limit, self._metrics = limit, metrics
        #: The last position by item; the most recently closed room is last.
        self._positions: OrderedDict[str, Position] = OrderedDict()
        #: The task of `compare_all`; None: none runs.
        self._comparison: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """Return the number of rooms that are remembered."""
        return len(self._positions)

    def remember(self, item: str, position: Position) -> None:
        """Record the position of a room, unless the room is empty or a later position in the same history is known."""
        if not position.head:
            return
        known = self._positions.get(item)
        if known is not None and known.log != position.log:
            self._report_new_history(item)
        if known is None or known.log != position.log or known.head < position.head:
            self._positions[item] = position
        self._positions.move_to_end(item)
        if len(self._positions) > self._limit:
            self._positions.popitem(last=False)
            LIMITS.labels("closed_rooms").inc()

    def forget(self, item: str) -> None:
        """Drop the position of a room, which is in memory now."""
        self._positions.pop(item, None)

    def position(self, item: str) -> Position | None:
        """Return the last known position of the room; None: unknown."""
        return self._positions.get(item)

    async def verify(self, item: str, page: Page) -> bool:
        """Check that the log still has the entry at a room's last position.

        Args:
            item: The item of the room.
            page: The last entries that the log has now.

        Returns:
            True if the log has it, or no position of the room is known. False if the log lost it, and has therefore
            given the room a new history: the page must be read again.

        Raises:
            LogUnavailableError: Storage does not answer.

        """
        position = self._positions.get(item)
        if (
            position is None
            or position.log != page.log
            or (position.head, position.at) in {(entry.seq, entry.at) for entry in page.entries}
        ):
            return True
        return await self._verify_with_log(item, position)

    def compare_all(self) -> None:
        """Start to compare all positions with the log, because the database may have failed over to another server."""
        if self._positions and self._comparison is None:
            self._comparison = self._tasks.spawn(self._compare_all())

    async def _compare_all(self) -> None:
        """Compare all positions with the log, in batches; retry a batch until storage answers."""
        try:
            rooms = dict(self._positions)
            while rooms:
                try:
                    await self._compare_batch(dict(islice(rooms.items(), _ROOMS_PER_QUERY)), rooms)
                except LogUnavailableError:
                    await asyncio.sleep(_RETRY_S)
        finally:
            self._comparison = None

    async def _compare_batch(self, batch: dict[str, Position], remaining: dict[str, Position]) -> None:
        """Compare the positions of `batch` with the log; remove their items from `remaining`.

        Raises LogUnavailableError if storage does not answer: the items not yet compared are still in `remaining`.
        """
        entries = await self._log.entries_by_seq([(item, position.head) for item, position in batch.items()])
        for item, position in batch.items():
            entry = entries.get((item, position.head))
            if (entry is None or entry.at != position.at) and self._positions.get(item) is position:
                await self._verify_with_log(item, position)
            del remaining[item]

    async def _verify_with_log(self, item: str, position: Position) -> bool:
        """Return whether the log still has the position; if not, forget the position and report the loss.

        Raises:
            LogUnavailableError: Storage does not answer.

        """
        log_id = await self._log.verify_history(item, position)
        if log_id == position.log:
            return True
        if self._positions.get(item) is position:
            del self._positions[item]
        self._report_new_history(item)
        self._on_new_history(item, log_id)
        return False

    def _report_new_history(self, item: str) -> None:
        """Count and log that a room has a new history."""
        self._metrics.histories_lost.inc()
        logger.warning(
            "item %s: its history has a new id (entries were lost, or the room was deleted) since it was closed", item
        )
