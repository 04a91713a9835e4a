"""Decide which items a consumer delivers next, and keep its position in each item. No I/O.

An item is in the schedule once its position was loaded from storage. It is idle, ready, waiting for a retry, being
delivered, or parked. New entries come before retries, which take at most half of the slots, so that items that fail do
not block the others (K2).
"""

import heapq
from collections import OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from msgspec.structs import replace

from alcove.storage.consumers import Failure, ItemPosition

State = Literal["idle", "ready", "waiting", "delivering", "parked"]


@dataclass(slots=True)
class _ScheduledItem:
    """An item in the schedule."""

    position: ItemPosition
    state: State = "idle"
    #: Incremented at each change of the position that must be stored.
    version: int = 0
    #: The version of the position that storage has.
    stored_version: int = 0
    #: Whether the position must be loaded again once the item's delivery ends.
    outdated: bool = False


class Schedule:
    """Schedules up to `max_items` items of one consumer. A full schedule drops idle items, or else accepts no more."""

    def __init__(self, *, max_items: int, max_deliveries: int) -> None:
        """Create an empty schedule for `max_items` items, of which up to `max_deliveries` are delivered at a time."""
        self._max_items = max_items
        self._max_deliveries = max_deliveries
        self._items: dict[str, _ScheduledItem] = {}
        #: Items whose positions must be loaded from storage, in order.
        self._unloaded: dict[str, None] = {}
        self._ready: dict[str, None] = {}
        #: A heap of (due in ms, item) for retries; a pair is outdated unless the item still waits for that time.
        self._retry_heap: list[tuple[int, str]] = []
        #: The items that wait for a retry.
        self._retrying: set[str] = set()
        #: Items with nothing to deliver, in the order in which they were used last.
        self._idle: OrderedDict[str, None] = OrderedDict()
        #: Waiting items whose receiver could not be reached at all.
        self._unreachable: set[str] = set()
        #: Items that are being delivered → whether the delivery is a retry.
        self._delivering: dict[str, bool] = {}
        #: Items whose positions must be stored, in order.
        self._changed: dict[str, None] = {}
        #: Whether items were left out because of `max_items`; storage has their positions.
        self.overflowed = False

    def __len__(self) -> int:
        return len(self._items)

    @property
    def pending(self) -> int:
        """The number of items in memory that have something to deliver and are not parked."""
        return len(self._ready) + len(self._delivering) + len(self._retrying)

    @property
    def has_failures(self) -> bool:
        """Whether any item waits for a retry, or is being retried."""
        return bool(self._retrying) or any(self._delivering.values())

    @property
    def is_half_full(self) -> bool:
        """Whether more than half of the items that fit have something to deliver."""
        return self.pending + len(self._unloaded) > self._max_items // 2

    # --- items and their positions

    def record_head(self, item: str, head: int) -> None:
        """Record that the item's log extends to `head`; a `head` below 1 means that the item has a new history (R5)."""
        scheduled = self._items.get(item)
        if scheduled is None:
            self._queue_load(item)
        elif head < 1:
            self.reload(item)
        elif head > scheduled.position.head:
            scheduled.position = replace(scheduled.position, head=head)
            if scheduled.state == "idle":
                self._classify(item, scheduled)

    def take_unloaded(self, limit: int) -> list[str]:
        """Return up to `limit` items whose positions must be loaded, and remove them from the queue."""
        items = list(self._unloaded)[:limit]
        for item in items:
            del self._unloaded[item]
        return items

    def queue_load(self, items: Iterable[str]) -> None:
        """Queue items whose positions must be loaded from storage."""
        for item in items:
            self._queue_load(item)

    def add(self, position: ItemPosition) -> None:
        """Add an item with its position from storage; if the schedule has the item already, keep its position."""
        if position.item in self._items:
            self.record_head(position.item, position.head)
            return
        if len(self._items) >= self._max_items and not self._drop_idle():
            self.overflowed = True
            return
        scheduled = self._items[position.item] = _ScheduledItem(position)
        self._unloaded.pop(position.item, None)
        self._classify(position.item, scheduled)

    def reload(self, item: str) -> None:
        """Drop the item, and queue its position to be loaded again; both wait for the end of a delivery."""
        scheduled = self._items.get(item)
        if scheduled is not None and scheduled.state == "delivering":
            scheduled.outdated = True
            return
        self._drop(item)
        self._queue_load(item)

    def reload_failing(self) -> None:
        """Queue the positions of all failing items to be loaded again, because an operator has changed some."""
        for item in [item for item, scheduled in self._items.items() if scheduled.position.failure is not None]:
            self.reload(item)

    # --- deliveries

    def start_next(self, now: int) -> ItemPosition | None:
        """Start to deliver an item, and return its position; None: no item is ready, or no slot is free."""
        if len(self._delivering) >= self._max_deliveries:
            return None
        if self._ready:
            item = next(iter(self._ready))
            del self._ready[item]
            return self._start(item, is_retry=False)
        if self._retry_slots_full:
            return None
        while self._retry_heap and self._retry_heap[0][0] <= now:
            due, item = heapq.heappop(self._retry_heap)
            if self._is_due_at(item, due):
                return self._start(item, is_retry=True)
        return None

    def next_due(self) -> int | None:
        """Return when the next retry is due, in ms since the epoch; None: there is none, or no slot for it."""
        if self._retry_slots_full:
            return None
        while self._retry_heap and not self._is_due_at(self._retry_heap[0][1], self._retry_heap[0][0]):
            heapq.heappop(self._retry_heap)
        return self._retry_heap[0][0] if self._retry_heap else None

    def position(self, item: str) -> ItemPosition | None:
        """Return the position of an item; None: it must be loaded from storage first."""
        scheduled = self._items.get(item)
        return None if scheduled is None or scheduled.outdated else scheduled.position

    def record_delivered(self, item: str, seq: int, *, reached: bool = True) -> None:
        """Record that the entries of an item are delivered up to `seq`.

        Args:
            item: The item.
            seq: The seq of the last delivered entry.
            reached: Whether the receiver was reached; if so, items whose deliveries did not reach it are retried now.

        """
        scheduled = self._items[item]
        self._set_position(item, scheduled, replace(scheduled.position, seq=seq, failure=None))
        if reached:
            for other in self._unreachable & self._retrying:
                self._retrying.discard(other)
                self._items[other].state = "ready"
                self._ready[other] = None
            self._unreachable.clear()

    def record_failure(self, item: str, failure: Failure, *, unreachable: bool = False) -> None:
        """Record that the entry after the item's position was not delivered (`Failed.unreachable`)."""
        scheduled = self._items[item]
        if unreachable:
            self._unreachable.add(item)
        else:
            self._unreachable.discard(item)
        self._set_position(item, scheduled, replace(scheduled.position, failure=failure))

    def finish(self, item: str) -> None:
        """Finish the delivery that `start_next` started; the item becomes idle, ready, waiting or parked."""
        self._delivering.pop(item, None)
        scheduled = self._items.get(item)
        if scheduled is None:
            return
        scheduled.state = "idle"
        if scheduled.outdated:
            self.reload(item)
        else:
            self._classify(item, scheduled)

    # --- storing

    @property
    def has_changes(self) -> bool:
        """Whether positions wait to be stored."""
        return bool(self._changed)

    def positions_to_store(self, limit: int) -> list[tuple[ItemPosition, int]]:
        """Return up to `limit` positions that must be stored, each with its version (`record_stored`)."""
        changed = [(item, self._items[item]) for item in list(self._changed)[:limit]]
        return [(scheduled.position, scheduled.version) for _, scheduled in changed]

    def record_stored(self, changes: Iterable[tuple[ItemPosition, int]], items: Collection[str]) -> None:
        """Record which positions were stored; the positions of the other items are loaded again.

        `changes` is what `positions_to_store` returned, `items` what `ConsumerLog.save` returned.
        """
        for position, version in changes:
            scheduled = self._items.get(position.item)
            if scheduled is None:
                continue
            if position.item not in items:
                self._changed.pop(position.item, None)
                scheduled.stored_version = scheduled.version
                self.reload(position.item)
                continue
            scheduled.stored_version = version
            if scheduled.version == version:
                self._changed.pop(position.item, None)

    # --- state of one item

    @property
    def _retry_slots_full(self) -> bool:
        """Whether retries use their half of the slots."""
        return sum(self._delivering.values()) >= max(1, self._max_deliveries // 2)

    def _queue_load(self, item: str) -> None:
        """Queue an item whose position must be loaded, unless too many are queued."""
        if item in self._unloaded or len(self._unloaded) < self._max_items:
            self._unloaded[item] = None
        else:
            self.overflowed = True

    def _start(self, item: str, *, is_retry: bool) -> ItemPosition:
        """Mark the item as being delivered, and return its position; `is_retry`: its next entry has failed before."""
        scheduled = self._items[item]
        scheduled.state = "delivering"
        self._retrying.discard(item)
        self._delivering[item] = is_retry
        return scheduled.position

    def _classify(self, item: str, scheduled: _ScheduledItem) -> None:
        """Set the state of an item that is not being delivered: its position decides."""
        position = scheduled.position
        self._idle.pop(item, None)
        if position.seq >= position.head:
            scheduled.state = "idle"
            self._idle[item] = None
        elif position.failure is None:
            scheduled.state = "ready"
            self._ready[item] = None
        elif position.failure.parked:
            scheduled.state = "parked"
            self._idle[item] = None
        else:
            scheduled.state = "waiting"
            self._retrying.add(item)
            heapq.heappush(self._retry_heap, (position.failure.due, item))

    def _is_due_at(self, item: str, due: int) -> bool:
        """Return whether the item waits for a retry at `due` (ms since the epoch)."""
        scheduled = self._items.get(item)
        if scheduled is None or scheduled.state != "waiting" or scheduled.position.failure is None:
            return False
        return scheduled.position.failure.due == due

    def _set_position(self, item: str, scheduled: _ScheduledItem, position: ItemPosition) -> None:
        """Set an item's position, and mark it to be stored."""
        scheduled.position = position
        scheduled.version += 1
        self._changed[item] = None

    def _drop(self, item: str) -> None:
        """Remove an item with all its state; do nothing if the schedule does not have it."""
        if self._items.pop(item, None) is not None:
            self._ready.pop(item, None)
            self._changed.pop(item, None)
            self._idle.pop(item, None)
            self._retrying.discard(item)
            self._unreachable.discard(item)

    def _drop_idle(self) -> bool:
        """Drop the least recently used idle or parked item whose position is stored; return whether there was one."""
        for item in self._idle:
            scheduled = self._items[item]
            if scheduled.version == scheduled.stored_version:
                self._drop(item)
                return True
        return False
