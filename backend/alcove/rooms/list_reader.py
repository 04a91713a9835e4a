"""Keep the changed rooms that wait to be sent to one reader of the list: a bounded set. No I/O."""

from collections.abc import Iterable, Sequence
from typing import Final

from alcove.access.authenticator import Caller
from alcove.item_ranges import Range, contains
from alcove.observability.metrics import LIMITS
from alcove.wire.connection import Connection

#: The pending item that represents the line `ready`, which follows the first rooms. No item has this id (H3).
READY: Final = ""


class ListReader:
    """A connection to the list of rooms, and the changed rooms that wait to be sent on it.

    Lines are created when they are sent, so a room that changes ten times while it waits is sent once, in its latest
    state.
    """

    __slots__ = ("_pending", "_pending_limit", "caller", "connection", "limit", "outdated", "prefix", "ranges")

    def __init__(self, connection: Connection, caller: Caller, *, prefix: str, limit: int, pending_limit: int) -> None:
        """Create a reader, which collects no changes before `collect` is called.

        Args:
            connection: The connection that lines are written to.
            caller: The caller, whose rights and read marks apply.
            prefix: Collect only rooms whose item begins with this text.
            limit: The maximum number of rooms to send at first.
            pending_limit: The maximum number of changed rooms that wait; beyond it, the reader becomes outdated.

        """
        self.connection = connection
        self.caller = caller
        self.prefix = prefix
        self.limit = limit
        #: The ranges of items that the reader may read, in ascending order.
        self.ranges: Sequence[Range] = ()
        #: Whether the reader needs the latest rooms again, instead of the pending ones.
        self.outdated = False
        #: The changed items that wait to be sent, the longest waiting first: an ordered set.
        self._pending: dict[str, None] = {}
        self._pending_limit = pending_limit

    def __len__(self) -> int:
        """Return the number of rooms that wait to be sent."""
        return len(self._pending)

    def __repr__(self) -> str:
        return f"<ListReader member={self.member!r} pending={len(self)} outdated={self.outdated}>"

    @property
    def member(self) -> str:
        """The id of the member."""
        return self.caller.person.id

    @property
    def has_pending(self) -> bool:
        """Whether there is something to send."""
        return self.outdated or bool(self._pending)

    def add_change(self, item: str) -> bool:
        """Record that the item's room changed; return False if the item is outside the reader's ranges."""
        if not contains(self.ranges, item):
            return False
        if not self.outdated and item not in self._pending and len(self._pending) >= self._pending_limit:
            LIMITS.labels("list_pending").inc()
            self.mark_outdated()
        if not self.outdated:
            self._pending[item] = None
        return True

    def mark_outdated(self) -> None:
        """Drop all pending rooms, and mark the reader as needing the latest rooms again."""
        self.outdated = True
        self._pending.clear()

    def collect(self, ranges: Sequence[Range]) -> None:
        """Start to collect changes in these ranges; call this before the latest rooms are read."""
        self.ranges = ranges
        self.outdated = False

    def take(self, count: int) -> list[str]:
        """Remove and return up to `count` pending items, the longest waiting first."""
        items = [item for item, _ in zip(self._pending, range(count), strict=False)]
        for item in items:
            del self._pending[item]
        return items

    def put_back(self, items: Iterable[str]) -> None:
        """Make items pending again, before all others."""
        if not self.outdated:
            self._pending = dict.fromkeys([*items, *self._pending])
