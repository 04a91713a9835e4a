"""Deliver the entries of each commit to rooms and to the list of rooms (S4, W10)."""

from collections.abc import Sequence
from operator import attrgetter

from alcove.cluster.cluster import Cluster
from alcove.observability.metrics import SEND_OUTCOMES, SERVER_METRICS, Metrics
from alcove.rooms.directory import RoomDirectory
from alcove.rooms.room_changes import RoomChanges
from alcove.storage.base import Appended, Draft, Outcome, Position


class EntryDelivery:
    """The delivery of a commit's entries to the room in each process, and to the list of rooms."""

    def __init__(
        self, rooms: RoomDirectory, cluster: Cluster, changes: RoomChanges, metrics: Metrics = SERVER_METRICS
    ) -> None:
        """Store the receivers of entries.

        Args:
            rooms: The rooms of this process.
            cluster: The other processes.
            changes: Notifies the readers of the list of rooms.
            metrics: Counts the outcomes of sends.

        """
        self._rooms = rooms
        self._cluster = cluster
        self._changes = changes
        #: The counters of sends, one for each outcome.
        self._stored, self._duplicate, self._refused = (metrics.sends.labels(outcome) for outcome in SEND_OUTCOMES)

    def deliver(self, outcomes: Sequence[tuple[Draft, Outcome]]) -> None:
        """Deliver the entries of one commit, count the outcomes, and record which rooms changed.

        Args:
            outcomes: The drafts of the commit with their outcomes, in the order of the log.

        """
        by_item = self._count_and_group(outcomes)
        for item, appended in by_item.items():
            log_id = appended[-1].log
            if (room := self._rooms.find(item)) is None:
                last = max((result.entry for result in appended), key=attrgetter("seq"))
                self._rooms.remember(item, Position(log_id, last.seq, last.at))
            elif room.log_id != log_id:
                self._rooms.reset(item)
            if new := [result.entry for result in appended if not result.duplicate]:
                self._cluster.deliver(item, new, appended[-1].oldest, log_id)
            if len(new) < len(appended):
                # The response of storage to an earlier commit may have been lost: a repeated send reveals its entries.
                self._cluster.note_head(item, max(result.entry.seq for result in appended))
        self._changes.entries_stored(by_item)

    def _count_and_group(self, outcomes: Sequence[tuple[Draft, Outcome]]) -> dict[str, list[Appended]]:
        """Count all outcomes (W7), and group the stored entries by item, in the order of the log.

        Both are done in one pass, because every commit is delivered through this method.
        """
        items: dict[str, list[Appended]] = {}
        duplicates = refused = 0
        for draft, outcome in outcomes:
            if isinstance(outcome, Appended):
                items.setdefault(draft.item, []).append(outcome)
                duplicates += outcome.duplicate
            else:
                refused += 1
        self._stored.inc(len(outcomes) - duplicates - refused)
        self._duplicate.inc(duplicates)
        self._refused.inc(refused)
        return items
