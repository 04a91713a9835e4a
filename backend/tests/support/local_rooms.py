"""Rooms in memory for tests of the cluster, without the directory that opens rooms."""

from collections.abc import Collection

from alcove.rooms.room import Room


class FakeRooms:
    """The rooms of a process, which record the calls of the cluster (LocalRooms)."""

    def __init__(self, rooms: dict[str, Room]) -> None:
        self._rooms = rooms
        #: Items whose rooms are being opened. Tests add to it.
        self.opening: set[str] = set()
        #: The items and heads that were reported for rooms that are being opened.
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
        """Return whether the test declared that the item's room is being opened (LocalRooms)."""
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
