"""Collect which rooms changed, on all processes, and notify the readers of the list of rooms (W10)."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress

from alcove import background
from alcove.cluster.cluster import Cluster
from alcove.cluster.messages import ROOM_CHANGES, ClusterMessage, RoomsChanged
from alcove.item_ids import ItemIdError, check_item_id, is_internal
from alcove.observability.metrics import LIMITS
from alcove.rooms.change_set import ChangeSet
from alcove.rooms.list_check import ListCheck
from alcove.rooms.list_feed import ListFeed
from alcove.storage.base import Appended, Log

#: Seconds in which changes are collected before they are passed on.
_COLLECT_S = 0.25


class RoomChanges:
    """Changed rooms, collected for the readers of the list and for the other processes.

    The bus only announces that a room changed; the room's state is read from the log (X2, X9).
    """

    def __init__(self, log: Log, cluster: Cluster, feed: ListFeed, *, limit: int) -> None:
        """Subscribe to the changes of other processes and of the database.

        Args:
            log: The log to poll while changes may be missing.
            cluster: Exchanges changes with the other processes.
            feed: Sends changed rooms to the readers of the list.
            limit: The maximum number of changes to collect, and the maximum number of rooms whose heads are remembered.

        """
        self._cluster = cluster
        self._feed = feed
        self._limit = limit
        #: The heads of the rooms that changed last, to ignore repeated reports: item → head, the latest change last.
        self._heads: OrderedDict[str, int] = OrderedDict()
        #: Changes on any process, for the readers in this process.
        self._for_readers = ChangeSet(limit)
        #: Changes in this process, for the other processes.
        self._for_processes = ChangeSet(limit)
        #: The functions given to `follow`: the first is called for each change, the second after a gap.
        self._followers: list[tuple[Callable[[str, int], None], Callable[[], None]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._pass_on_task: asyncio.Task[None] | None = None
        self._check = ListCheck(
            log,
            lambda: len(feed) > 0,
            lambda: cluster.complete,
            limit=limit,
            on_change=self._record_room,
            refresh_readers=feed.refresh_all,
        )
        cluster.subscribe(ROOM_CHANGES, self._receive, self._on_gap)
        cluster.on_database_send(self._database_sent, self._on_gap)

    async def close(self) -> None:
        """Cancel the timer and the background tasks."""
        if self._timer is not None:
            self._timer.cancel()
        await background.cancel(self._pass_on_task)
        await self._check.close()

    def start_polling(self) -> None:
        """Start to poll the log for changes that the bus may miss, until there are no readers (X2)."""
        if not self._cluster.sole_writer:
            self._check.start()

    @property
    def complete(self) -> bool:
        """Whether every change of other processes is announced to this one, as far as this process knows."""
        return self._cluster.complete

    def follow(self, on_change: Callable[[str, int], None], on_gap: Callable[[], None]) -> None:
        """Call functions about changes on any process, without the delay that collecting takes.

        Args:
            on_change: Called with item and head of each changed room; a head below 1: the room has a new history. The
                database's announcements may be forged (X9).
            on_gap: Called when changes may have been missed.

        """
        self._followers.append((on_change, on_gap))

    # --- changes in this process

    def entries_stored(self, stored: Mapping[str, Sequence[Appended]]) -> None:
        """Record the rooms of the entries that one commit stored (by item), or that an earlier send had stored (S5)."""
        if not (len(self._feed) or self._followers or self._cluster.shared):
            return  # nobody needs the changes
        for item, appended in stored.items():
            if is_internal(item):
                continue
            head = 0
            for result in appended:
                entry = result.entry
                head = max(head, entry.seq)
                if entry.kind != "message":
                    self._feed.entry_changed(item)
            if self._cluster.shared:
                self._for_processes.add_room(item, head)
                self._schedule_pass_on()
            self._record_room(item, head)

    def marks_stored(self, item: str, members: Collection[str]) -> None:
        """Record that this process stored read marks of these members in the item's room."""
        if self._cluster.shared:
            self._for_processes.add_marks(item, members)
            self._schedule_pass_on()
        self._record_marks(item, members)

    def history_lost(self, item: str) -> None:
        """Record that a room has a new history, whose head is unknown (X8)."""
        self._heads.pop(item, None)
        self._record_room(item, -1)

    def room_deleted(self, item: str) -> None:
        """Record that a room was deleted in this process (W11)."""
        if self._cluster.shared:
            self._for_processes.add_room(item, 0)
            self._schedule_pass_on()
        self._record_room(item, 0)

    # --- changes in other processes

    def _receive(self, message: ClusterMessage) -> None:
        """Record the changes that another process announces (Handler)."""
        if not isinstance(message, RoomsChanged):
            return
        for item, head in message.heads.items():
            self._record_room(item, head)
        for item, members in message.marks.items():
            self._record_marks(item, members)
        if message.more:
            self._on_gap()

    def _database_sent(self, item: str, head: int) -> None:
        """Record that an SQL function stored an entry (X5).

        The head may be forged: only the followers get it, and the room counts as changed in any case (X9).
        """
        with suppress(ItemIdError):
            self._add_room(check_item_id(item))
            for on_change, _ in self._followers:
                on_change(item, head)

    def _on_gap(self) -> None:
        """Record that changes may have been missed, and notify the followers (GapHandler)."""
        self._check.report_gap()
        for _, on_gap in self._followers:
            on_gap()

    # --- collecting

    def _record_room(self, item: str, head: int) -> None:
        """Record that a room's head is now `head`, unless that was the last report about the room."""
        if self._heads.get(item) == head:
            return
        self._heads[item] = head
        self._heads.move_to_end(item)
        if len(self._heads) > self._limit:
            self._heads.popitem(last=False)
        for on_change, _ in self._followers:
            on_change(item, head)
        self._add_room(item, head)

    def _add_room(self, item: str, head: int = -1) -> None:
        """Collect a changed room for the readers, if there are readers; `head` -1: unknown."""
        if len(self._feed):
            self._for_readers.add_room(item, head)
            self._schedule_pass_on()

    def _record_marks(self, item: str, members: Collection[str]) -> None:
        """Collect moved read marks for the readers, if there are readers."""
        if len(self._feed):
            self._for_readers.add_marks(item, members)
            self._schedule_pass_on()

    def _schedule_pass_on(self) -> None:
        """Schedule `_pass_on` in a quarter of a second, unless it is scheduled or running."""
        if self._timer is None and self._pass_on_task is None:
            self._timer = asyncio.get_running_loop().call_later(_COLLECT_S, self._pass_on)

    def _pass_on(self) -> None:
        """Publish the changes of this process to the others, and pass all changes to the readers."""
        self._timer = None
        stored, self._for_processes = self._for_processes, ChangeSet(self._limit)
        for message in stored.messages():
            self._cluster.publish(ROOM_CHANGES, message)
        changed, self._for_readers = self._for_readers, ChangeSet(self._limit)
        if stored.overflowed or changed.overflowed:
            LIMITS.labels("list_changes").inc()
        if changed.overflowed:
            self._feed.refresh_all()
            return
        self._feed.marks_moved(changed.marks())
        if rooms := changed.rooms():
            self._pass_on_task = asyncio.create_task(self._feed.rooms_changed(rooms))
            self._pass_on_task.add_done_callback(self._on_passed_on)

    def _on_passed_on(self, task: asyncio.Task[None]) -> None:
        """Schedule the next `_pass_on` if changes were collected while the task ran."""
        self._pass_on_task = None
        if not task.cancelled() and (self._for_readers or self._for_processes):
            self._schedule_pass_on()
