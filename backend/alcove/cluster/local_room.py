"""Declare the interface of the rooms of this process that the cluster uses; `alcove.rooms` implements it."""

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from alcove.cluster.connections import ConnectionState
from alcove.protocol import Entry, Person
from alcove.storage.base import Position

#: A member, and by how many the number of their connections changed; negative: some closed.
PresenceChange = tuple[Person, int]


class LocalRoom(Protocol):
    """A room in the memory of this process; it gets new entries and activity from the cluster."""

    @property
    def item(self) -> str:
        """The item that the room belongs to."""
        ...

    @property
    def log_id(self) -> str:
        """The id of the history that the room's entries belong to (R5)."""
        ...

    @property
    def head(self) -> int:
        """The seq of the last entry that was delivered to the room."""
        ...

    def deliver(self, entries: Sequence[Entry], oldest: int) -> list[bytes]:
        """Append durable entries and send them to the connections in step.

        Args:
            entries: At least one entry; consecutive and ascending.
            oldest: The first seq that the log still keeps.

        Returns:
            The encoded lines of the entries that were new.

        """
        ...

    def advance(self, head: int) -> None:
        """Set the head without entries: the connections read the entries up to `head` from the log."""
        ...

    def contradicts(self, entries: Iterable[Entry]) -> bool:
        """Return whether the room has an entry that differs from one of these with the same seq (X8)."""
        ...

    def position(self) -> Position:
        """Return the history, the head and the time of the last entry, to compare with storage (X8)."""
        ...

    def apply_remote_presence(self, changes: Iterable[PresenceChange]) -> None:
        """Add changes of members' connections in other processes to the room's presence (P1)."""
        ...

    def apply_remote_typing(self, person: Person, now: float) -> None:
        """Send the connections a notice that a member is typing on another process (P4); `now`: monotonic seconds."""
        ...

    def apply_remote_marks(self, marks: dict[str, int]) -> None:
        """Apply read marks that another process stored: member id → seq (P5)."""
        ...

    def connection_states(self, process: str) -> list[ConnectionState]:
        """Describe each connection to the room (W8); `process` is the name of this process."""
        ...


class LocalRooms(Protocol):
    """The rooms in the memory of this process, and the rooms that are being read into memory."""

    def find(self, item: str) -> LocalRoom | None:
        """Return the item's room, or None if it is not in memory."""
        ...

    def items(self) -> Collection[str]:
        """Return the items whose rooms are in memory."""
        ...

    def is_opening(self, item: str) -> bool:
        """Return whether the item's room is being read into memory now."""
        ...

    def extend_opening(self, item: str, head: int, log_id: str) -> None:
        """Record the head of a room's log while the room is being read, so that the room starts at least at that head.

        Args:
            item: The item; nothing happens if its room is not being read.
            head: The seq of the log's last entry.
            log_id: The id of the history that `head` belongs to; "": unknown.

        """
        ...

    def apply_remote_marks(self, item: str, marks: dict[str, int]) -> None:
        """Apply read marks that another process stored to the item's room, also while it is being read (P5)."""
        ...

    def reset(self, item: str) -> None:
        """Close the item's room, because the log has a new history of it; clients reconnect and read that (R5, X8)."""
        ...
