"""The rooms of a process as its cluster uses them, without the directory that opens them."""

from collections.abc import Collection

from alcove.rooms.room import Room


class FakeRooms:
    """Rooms in memory that record the calls of the cluster (LocalRooms)."""

    def __init__(self, rooms: dict[str, Room]) -> None:
        self._rooms = rooms
        #: Items whose rooms are being opened; tests add to it.
        self.opening: set[str] = set()
        #: Items that are not in memory, and the head that was reported of each.
        self.extended: list[tuple[str, int]] = []
        #: Items whose history was lost.
        self.lost: list[str] = []

    def find(self, item: str) -> Room | None:
        """Return the item's room, None while it is not in memory (LocalRooms)."""
        return self._rooms.get(item)

    def items(self) -> Collection[str]:
        """Return the items whose rooms are in memory (LocalRooms)."""
        return self._rooms.keys()

    def is_opening(self, item: str) -> bool:
        """Return whether the test made the item's room one that is being opened (LocalRooms)."""
        return item in self.opening

    def extend_opening(self, item: str, head: int, log_id: str) -> None:  # noqa: ARG002 - tests have one history
        """Record the reported head (LocalRooms)."""
        self.extended.append((item, head))

    def apply_remote_marks(self, item: str, marks: dict[str, int]) -> None:
        """Apply the marks to the item's room, if it is in memory (LocalRooms)."""
        if (room := self._rooms.get(item)) is not None:
            room.apply_remote_marks(marks)

    def reset(self, item: str) -> None:
        """Record that the history was lost; the room stays in memory (LocalRooms)."""
        self.lost.append(item)
