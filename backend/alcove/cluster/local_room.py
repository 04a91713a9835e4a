"""Declare what the cluster needs of the rooms of this process; `alcove.rooms` implements it."""

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from alcove.cluster.connections import ConnectionState
from alcove.protocol import Entry, Person
from alcove.storage.base import Position

#: A member, and by how many their connections changed; negative: some closed.
PresenceChange = tuple[Person, int]


class LocalRoom(Protocol):
    """A room in the memory of this process, which follows the log and the other processes."""

    @property
    def item(self) -> str:
        """The item that the room belongs to."""
        ...

    @property
    def log_id(self) -> str:
        """The id of the history that the room's numbers belong to (R5)."""
        ...

    @property
    def head(self) -> int:
        """The seq of the last entry that the room has."""
        ...

    def deliver(self, entries: Sequence[Entry], oldest: int) -> list[bytes]:
        """Append durable entries and send them to the readers; return the lines of those that were new.

        Args:
            entries: At least one, dense and ascending.
            oldest: The first seq that the log still keeps.

        """
        ...

    def advance(self, head: int) -> None:
        """Move the head to `head`; the readers fetch the entries before it from the log."""
        ...

    def contradicts(self, entries: Iterable[Entry]) -> bool:
        """Return whether the room has another entry at the seq of one of these (X8)."""
        ...

    def position(self) -> Position:
        """Return the head and the last entry's time, which storage compares with its own (X8)."""
        ...

    def apply_remote_presence(self, changes: Iterable[PresenceChange]) -> None:
        """Count connections that members opened and closed in other processes (P1)."""
        ...

    def apply_remote_typing(self, person: Person, now: float) -> None:
        """Show that a member is typing on another process (P4); `now` in seconds."""
        ...

    def apply_remote_marks(self, marks: dict[str, int]) -> None:
        """Apply read marks that another process stored: member → seq (P5)."""
        ...

    def connection_states(self, process: str) -> list[ConnectionState]:
        """Return the state of each connection to the room (W8); `process` is the name of this process."""
        ...


class LocalRooms(Protocol):
    """The rooms in the memory of this process, and those that are being opened."""

    def find(self, item: str) -> LocalRoom | None:
        """Return the item's room, None while it is not in memory."""
        ...

    def items(self) -> Collection[str]:
        """Return the items whose rooms are in memory."""
        ...

    def is_opening(self, item: str) -> bool:
        """Return whether the item's room is being read into memory."""
        ...

    def extend_opening(self, item: str, head: int, log_id: str) -> None:
        """Record that the log of a room that may be opening extends to `head`; `log_id` "": history unknown."""
        ...

    def reset(self, item: str) -> None:
        """Close the item's room, because the log lost its history; its clients read the new one (R5, X8)."""
        ...
