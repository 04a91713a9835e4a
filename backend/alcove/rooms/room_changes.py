"""Collect which rooms changed, in this process and in others, and pass that on to the lists of rooms (W10)."""

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Sequence
from contextlib import suppress
from math import inf

from alcove import background
from alcove.clock import now_ms
from alcove.cluster.cluster import Cluster
from alcove.cluster.messages import ROOM_CHANGES, ClusterMessage, RoomsChanged
from alcove.item_ids import ItemIdError, check_item_id
from alcove.observability.metrics import LIMITS
from alcove.rooms.list_feed import ListFeed
from alcove.storage.base import Appended, Draft, Log, LogUnavailableError, Outcome

#: Seconds in which changes are collected before they are passed on.
_COLLECT_S = 0.25
#: Rooms in one message to the other processes.
_MESSAGE_ROOMS = 200
#: Seconds between two checks whether to ask the log for changes; it is asked at every one while the bus is in doubt
#: (X2), and at every fifth one besides: processes of an earlier version publish no changes.
_CHECK_S = 1.0
_CHECKS = 5
#: Milliseconds that a room's time may be behind: the clocks of machines differ, and a commit takes its time.
_OVERLAP_MS = 60_000
#: Seconds between two times that all readers get the latest rooms again.
_REFRESH_S = 10.0


class RoomChanges:
    """Changed rooms on their way to the readers of lists, here and in other processes.

    The bus is a hint, and the log is the truth: what readers are sent is read from the log (X2, X9).
    """

    def __init__(self, log: Log, cluster: Cluster, feed: ListFeed, *, limit: int) -> None:
        """`limit` bounds the rooms whose changes are collected at a time, and whose heads are remembered."""
        self._log = log
        self._cluster = cluster
        self._feed = feed
        self._limit = limit
        #: Heads that readers were told of, those of the last changes.
        self._heads: OrderedDict[str, int] = OrderedDict()
        #: Collected for the readers here: rooms, and members whose read marks moved in a room.
        self._changed: dict[str, None] = {}
        self._moved: dict[str, set[str]] = {}
        #: Collected for other processes: the same of what was stored here.
        self._stored: dict[str, int] = {}
        self._stored_marks: dict[str, set[str]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._passing: asyncio.Task[None] | None = None
        self._checking: asyncio.Task[None] | None = None
        #: Whether changes may have been missed, and readers need the latest rooms for that.
        self._in_doubt = False
        self._refresh_due = False
        cluster.subscribe(ROOM_CHANGES, self._receive, self._missed)
        cluster.on_database_send(self._database_sent, self._missed)

    async def close(self) -> None:
        """End what runs."""
        if self._timer is not None:
            self._timer.cancel()
        await background.cancel(self._passing, self._checking)

    def watch(self) -> None:
        """Ask the log for changes where the bus may miss some, as long as there are readers (X2)."""
        if self._checking is None and not self._cluster.sole_writer:
            self._checking = asyncio.create_task(self._check())

    # --- what happens in this process

    def entries_stored(self, stored: Sequence[tuple[Draft, Outcome]]) -> None:
        """Record what became of drafts: entries that are stored now, or were already (S5)."""
        heads: dict[str, int] = {}
        for draft, outcome in stored:
            if isinstance(outcome, Appended) and not draft.item.startswith("!"):
                heads[draft.item] = max(outcome.entry.seq, heads.get(draft.item, 0))
                if draft.kind != "message":
                    self._feed.rewritten(draft.item)
        if not heads:
            return
        if self._cluster.shared:
            self._stored.update(heads)
            self._collect()
        for item, head in heads.items():
            self._note(item, head)

    def marks_stored(self, item: str, members: Collection[str]) -> None:
        """Record read marks that this process stored."""
        if self._cluster.shared:
            self._stored_marks.setdefault(item, set()).update(members)
            self._collect()
        self._note_marks(item, members)

    def history_lost(self, item: str) -> None:
        """Record that a room has a new history (X8)."""
        self._heads.pop(item, None)
        self._note(item, -1)

    # --- what other processes tell

    def _receive(self, message: ClusterMessage) -> None:
        if not isinstance(message, RoomsChanged):
            return
        for item, head in message.heads.items():
            self._note(item, head)
        for item, members in message.marks.items():
            self._note_marks(item, members)
        if message.more:
            self._missed()

    def _database_sent(self, item: str, _head: int) -> None:
        """Record that SQL stored something (X5). The head may be forged, so it is not remembered (X9)."""
        with suppress(ItemIdError):
            self._mark(check_item_id(item))

    def _missed(self) -> None:
        """Record that messages may have been missed."""
        self._in_doubt = self._refresh_due = True

    # --- collecting

    def _note(self, item: str, head: int) -> None:
        if self._heads.get(item) == head:
            return
        self._heads[item] = head
        self._heads.move_to_end(item)
        if len(self._heads) > self._limit:
            self._heads.popitem(last=False)
        self._mark(item)

    def _mark(self, item: str) -> None:
        if len(self._feed):
            self._changed[item] = None
            self._collect()

    def _note_marks(self, item: str, members: Collection[str]) -> None:
        if len(self._feed):
            self._moved.setdefault(item, set()).update(members)
            self._collect()

    def _collect(self) -> None:
        """Pass changes on in a moment; where there are too many, say only that there are."""
        if max(len(self._changed), len(self._moved), len(self._stored), len(self._stored_marks)) > self._limit:
            LIMITS.labels("list_changes").inc()
            if len(self._stored) > self._limit or len(self._stored_marks) > self._limit:
                self._stored.clear()
                self._stored_marks.clear()
                self._cluster.publish(ROOM_CHANGES, RoomsChanged({}, {}, more=True))
            self._changed.clear()
            self._moved.clear()
            self._feed.all_changed()
        if self._timer is None and self._passing is None:
            self._timer = asyncio.get_running_loop().call_later(_COLLECT_S, self._pass_on)

    def _pass_on(self) -> None:
        self._timer = None
        self._publish()
        changed, self._changed = self._changed, {}
        moved, self._moved = self._moved, {}
        self._feed.marks_moved(moved)
        if changed:
            self._passing = asyncio.create_task(self._feed.rooms_changed(changed))
            self._passing.add_done_callback(self._passed_on)

    def _passed_on(self, task: asyncio.Task[None]) -> None:
        self._passing = None
        if not task.cancelled() and any((self._changed, self._moved, self._stored, self._stored_marks)):
            self._collect()

    def _publish(self) -> None:
        """Tell the other processes what was stored here."""
        stored, self._stored = self._stored, {}
        marks, self._stored_marks = self._stored_marks, {}
        changed = list(dict.fromkeys([*stored, *marks]))
        for start in range(0, len(changed), _MESSAGE_ROOMS):
            items = changed[start : start + _MESSAGE_ROOMS]
            heads = {item: stored[item] for item in items if item in stored}
            members = {item: sorted(marks[item]) for item in items if item in marks}
            self._cluster.publish(ROOM_CHANGES, RoomsChanged(heads, members))

    # --- asking the log

    async def _check(self) -> None:
        loop = asyncio.get_running_loop()
        refreshed = -inf
        checks = 0
        try:
            while len(self._feed):
                checks += 1
                if self._in_doubt or not self._cluster.complete or checks % _CHECKS == 0:
                    await self._ask()
                if self._refresh_due and loop.time() - refreshed >= _REFRESH_S:
                    # Read marks that moved meanwhile are in no list of changed rooms.
                    self._refresh_due = False
                    refreshed = loop.time()
                    self._feed.all_changed()
                await asyncio.sleep(_CHECK_S)
        finally:
            self._checking = None

    async def _ask(self) -> None:
        """Ask the log for rooms that changed in the last minute."""
        self._in_doubt = False
        try:
            rooms = await self._log.changed_since(now_ms() - _OVERLAP_MS, limit=self._limit)
        except LogUnavailableError:
            self._in_doubt = True
            return
        for item, head in rooms:
            self._note(item, head)
        if len(rooms) == self._limit:
            self._refresh_due = True
