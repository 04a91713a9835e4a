"""Collect which rooms changed, until the changes are passed on (W10). No I/O."""

from collections.abc import Collection, Iterator

from alcove.cluster.messages import RoomsChanged

#: Maximum number of rooms in one message to the other processes.
_ROOMS_PER_MESSAGE = 200


class ChangeSet:
    """Changed rooms with their heads, and members whose read mark moved in a room.

    If more than `limit` changes are added, the set drops all of them and sets `overflowed`: all rooms may have changed.
    """

    def __init__(self, limit: int) -> None:
        """Create an empty set; `limit`: the maximum number of rooms, and of pairs of room and member."""
        self._limit = limit
        #: Changed rooms: item → head.
        self._heads: dict[str, int] = {}
        #: Members whose read mark moved: item → member ids.
        self._marks: dict[str, set[str]] = {}
        #: The number of pairs of item and member in `_marks`.
        self._pairs = 0
        #: Whether more changes than `limit` were added.
        self.overflowed = False

    def __bool__(self) -> bool:
        return self.overflowed or bool(self._heads or self._marks)

    def __repr__(self) -> str:
        return f"<ChangeSet rooms={len(self._heads)} marks={self._pairs} overflowed={self.overflowed}>"

    def add_room(self, item: str, head: int) -> None:
        """Record that the room changed; `head`: the seq of its last entry, 0 if it was deleted, -1 if unknown."""
        if not self.overflowed:
            self._heads[item] = head
            self._check_limit()

    def add_marks(self, item: str, members: Collection[str]) -> None:
        """Record that the read marks of these members moved in the room."""
        if not self.overflowed:
            recorded = self._marks.setdefault(item, set())
            before = len(recorded)
            recorded.update(members)
            self._pairs += len(recorded) - before
            self._check_limit()

    def rooms(self) -> list[str]:
        """List the rooms that changed."""
        return list(self._heads)

    def marks(self) -> dict[str, Collection[str]]:
        """Return the members whose read mark moved, by room, except for rooms that `rooms` lists."""
        return {item: members for item, members in self._marks.items() if item not in self._heads}

    def messages(self) -> Iterator[RoomsChanged]:
        """Yield the messages that announce the changes to other processes."""
        if self.overflowed:
            yield RoomsChanged({}, {}, more=True)
        changed = list(self._heads | self._marks)
        for start in range(0, len(changed), _ROOMS_PER_MESSAGE):
            items = changed[start : start + _ROOMS_PER_MESSAGE]
            heads = {item: self._heads[item] for item in items if item in self._heads}
            marks = {item: sorted(self._marks[item]) for item in items if item in self._marks}
            yield RoomsChanged(heads, marks)

    def _check_limit(self) -> None:
        """Empty the set and mark it as overflowed if it exceeds its limit."""
        if max(len(self._heads), self._pairs) > self._limit:
            self.overflowed = True
            self._heads.clear()
            self._marks.clear()
            self._pairs = 0
