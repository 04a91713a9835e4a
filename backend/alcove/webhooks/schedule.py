"""Decide which items a consumer delivers next, and keep how far it has come with each. No I/O.

An item is known once its position was read from storage. A known item is idle, ready, waiting for a repetition, being
delivered, or parked. New entries come before repetitions, which take at most half of the slots: items that fail do not
block the others (K2).
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
class _Item:
    position: ItemPosition
    state: State = "idle"
    #: Incremented at each change that must be stored.
    version: int = 0
    stored_version: int = 0
    #: Whether the position must be read again once its delivery ends.
    outdated: bool = False


class Schedule:
    """The items of one consumer in memory; bounded: idle items are dropped first, then no more are taken in."""

    def __init__(self, *, items: int, at_once: int) -> None:
        """Create an empty schedule for so many items, of which `at_once` are delivered at a time."""
        self._limit = items
        self._at_once = at_once
        self._items: dict[str, _Item] = {}
        #: Items to read from storage, in order.
        self._unknown: dict[str, None] = {}
        self._ready: dict[str, None] = {}
        #: (due, item) of items that wait; an entry counts if the item still waits until then.
        self._waiting: list[tuple[int, str]] = []
        #: The items that wait.
        self._waits: set[str] = set()
        #: Items with nothing to deliver, in the order in which they were used last.
        self._idle: OrderedDict[str, None] = OrderedDict()
        #: Waiting items whose receiver could not be reached at all.
        self._unreachable: set[str] = set()
        #: Items that are being delivered, and whether each is a repetition.
        self._delivering: dict[str, bool] = {}
        self._changed: dict[str, None] = {}
        #: Whether items were left out because of the limit; storage has them.
        self.overflowed = False

    def __len__(self) -> int:
        return len(self._items)

    @property
    def pending(self) -> int:
        """The number of items in memory that have something to deliver and are not parked."""
        return len(self._ready) + len(self._delivering) + len(self._waits)

    @property
    def crowded(self) -> bool:
        """Whether more than half of the items that fit have something to deliver."""
        return self.pending + len(self._unknown) > self._limit // 2

    # --- what is known

    def note(self, item: str, head: int) -> None:
        """Record that the item's log extends to `head`; a number below 1: its history is another one now."""
        known = self._items.get(item)
        if known is None:
            self._want(item)
        elif head < 1:
            self.reread(item)
        elif head > known.position.head:
            known.position = replace(known.position, head=head)
            if known.state == "idle":
                self._settle(item, known)

    def unknown(self, limit: int) -> list[str]:
        """Return up to `limit` items whose positions are to be read, and forget that they are."""
        items = list(self._unknown)[:limit]
        for item in items:
            del self._unknown[item]
        return items

    def want(self, items: Iterable[str]) -> None:
        """Return items whose positions could not be read."""
        for item in items:
            self._want(item)

    def load(self, position: ItemPosition) -> None:
        """Take in a position from storage; the one in memory counts if there is one."""
        if position.item in self._items:
            self.note(position.item, position.head)
            return
        if len(self._items) >= self._limit and not self._drop_idle():
            self.overflowed = True
            return
        known = self._items[position.item] = _Item(position)
        self._unknown.pop(position.item, None)
        self._settle(position.item, known)

    def reread(self, item: str) -> None:
        """Drop what is known of the item, at the end of its delivery if there is one, and read it from storage."""
        known = self._items.get(item)
        if known is not None and known.state == "delivering":
            known.outdated = True
            return
        self._drop(item)
        self._want(item)

    def reread_failing(self) -> None:
        """Read all items with a failure again: an operator has changed some of them."""
        for item in [item for item, known in self._items.items() if known.position.failure is not None]:
            self.reread(item)

    # --- deliveries

    def take(self, now: int) -> ItemPosition | None:
        """Return the position of an item to deliver now; None: there is none, or no slot is free."""
        if len(self._delivering) >= self._at_once:
            return None
        if self._ready:
            item = next(iter(self._ready))
            del self._ready[item]
            return self._begin(item, repeats=False)
        if self._repeats_fully:
            return None
        while self._waiting and self._waiting[0][0] <= now:
            due, item = heapq.heappop(self._waiting)
            if self._waits_until(item, due):
                return self._begin(item, repeats=True)
        return None

    def next_due(self) -> int | None:
        """Return when the next repetition is due, in ms since the epoch; None: there is none, or no slot for it."""
        if self._repeats_fully:
            return None
        while self._waiting and not self._waits_until(self._waiting[0][1], self._waiting[0][0]):
            heapq.heappop(self._waiting)
        return self._waiting[0][0] if self._waiting else None

    def position(self, item: str) -> ItemPosition | None:
        """Return the position of an item that is being delivered; None: it must be read from storage first."""
        known = self._items.get(item)
        return None if known is None or known.outdated else known.position

    def delivered(self, item: str, seq: int, *, reached: bool = True) -> None:
        """Record that an item is delivered up to `seq`.

        Args:
            item: The item.
            seq: The last seq.
            reached: Whether the receiver was reached: then items that could not reach it are repeated now.

        """
        known = self._items[item]
        self._change(item, known, replace(known.position, seq=seq, failure=None))
        if reached:
            for other in self._unreachable & self._waits:
                self._waits.discard(other)
                self._items[other].state = "ready"
                self._ready[other] = None
            self._unreachable.clear()

    def failed(self, item: str, failure: Failure, *, unreachable: bool = False) -> None:
        """Record that the entry after the position could not be delivered; see `delivered` for `unreachable`."""
        known = self._items[item]
        if unreachable:
            self._unreachable.add(item)
        else:
            self._unreachable.discard(item)
        self._change(item, known, replace(known.position, failure=failure))

    def end(self, item: str) -> None:
        """End the delivery that `take` began: the item is idle, ready again, waiting or parked."""
        self._delivering.pop(item, None)
        known = self._items.get(item)
        if known is None:
            return
        known.state = "idle"
        if known.outdated:
            self.reread(item)
        else:
            self._settle(item, known)

    # --- storing

    @property
    def changed(self) -> bool:
        """Whether positions wait to be stored."""
        return bool(self._changed)

    def changes(self, limit: int) -> list[tuple[ItemPosition, int]]:
        """Return up to `limit` positions to store, each with its version."""
        found = [(item, self._items[item]) for item in list(self._changed)[:limit]]
        return [(known.position, known.version) for _, known in found]

    def stored(self, changes: Iterable[tuple[ItemPosition, int]], items: Collection[str]) -> None:
        """Record which of these changes were stored, by item; the others are read from storage again."""
        for position, version in changes:
            known = self._items.get(position.item)
            if known is None:
                continue
            if position.item not in items:
                self._changed.pop(position.item, None)
                known.stored_version = known.version
                self.reread(position.item)
                continue
            known.stored_version = version
            if known.version == version:
                self._changed.pop(position.item, None)

    # --- inside

    @property
    def _repeats_fully(self) -> bool:
        """Whether repetitions take as many slots as they may."""
        return sum(self._delivering.values()) >= max(1, self._at_once // 2)

    def _want(self, item: str) -> None:
        if item in self._unknown or len(self._unknown) < self._limit:
            self._unknown[item] = None
        else:
            self.overflowed = True

    def _begin(self, item: str, *, repeats: bool) -> ItemPosition:
        known = self._items[item]
        known.state = "delivering"
        self._waits.discard(item)
        self._delivering[item] = repeats
        return known.position

    def _settle(self, item: str, known: _Item) -> None:
        """Put an idle item where it belongs by its position."""
        position = known.position
        self._idle.pop(item, None)
        if position.seq >= position.head:
            known.state = "idle"
            self._idle[item] = None
        elif position.failure is None:
            known.state = "ready"
            self._ready[item] = None
        elif position.failure.parked:
            known.state = "parked"
            self._idle[item] = None
        else:
            known.state = "waiting"
            self._waits.add(item)
            heapq.heappush(self._waiting, (position.failure.due, item))

    def _waits_until(self, item: str, due: int) -> bool:
        known = self._items.get(item)
        if known is None or known.state != "waiting" or known.position.failure is None:
            return False
        return known.position.failure.due == due

    def _change(self, item: str, known: _Item, position: ItemPosition) -> None:
        known.position = position
        known.version += 1
        self._changed[item] = None

    def _drop(self, item: str) -> None:
        if self._items.pop(item, None) is not None:
            self._ready.pop(item, None)
            self._changed.pop(item, None)
            self._idle.pop(item, None)
            self._waits.discard(item)
            self._unreachable.discard(item)

    def _drop_idle(self) -> bool:
        """Drop the idle or parked item that was used least recently, if its position is stored."""
        for item in self._idle:
            known = self._items[item]
            if known.version == known.stored_version:
                self._drop(item)
                return True
        return False
