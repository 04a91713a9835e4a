"""Define the interface of a room log (`Log`), and the types and errors of its methods.

How to add an engine:

1. Write a package next to `sqlite` and `postgres` with a class that implements `Log`, its SQL in `queries.sql`, and its
   schema in numbered steps (`queries.load_queries`, `queries.schema_files`).
2. Raise only the errors of this module: `LogUnusableError` while opening, `LogUnavailableError` while the storage
   fails, `UnstorableError` for a value that it can never store.
3. Take the lock of `LockMode` before reading the schema, and serve no call while the lock is lost.
4. Open it in `open.py` by the scheme of its URL; if its driver is optional, add an extra to `pyproject.toml`.
5. Add it to `tests/contract/conftest.py`: every test of `tests/contract/test_log*.py` must pass, and so must those of
   `tests/cluster` with its URL if several processes may share it.

Each method returns once its effect is durable. If it raises, it has no effect, unless it runs several transactions.
`append` takes effect in call order. All other methods may run concurrently, and a slow one must not delay `append`.
"""

import asyncio
from collections.abc import Awaitable, Collection, Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Raw, Struct

from alcove.errors import AlcoveError
from alcove.item_ranges import Range
from alcove.protocol import Entry, Person

#: How a server locks its log (X7): exclusively with the memory bus, shared with a bus that connects processes.
LockMode = Literal["exclusive", "shared"]


class LogUnavailableError(AlcoveError):
    """The storage does not answer or cannot write. Nothing was stored, and the caller may retry (S7)."""


class UnstorableError(AlcoveError):
    """A value that can never be stored: text that the storage cannot encode, or a number out of range."""


class ListRefusedError(AlcoveError):
    """A list of rooms took too long, or too many lists are waiting. The message says which of these, and what to do."""


class NoSuchRoomError(AlcoveError):
    """A list was requested to begin after an item's room, but the item has no room and so no position in the list."""


class LogUnusableError(AlcoveError):
    """The storage cannot be opened as a log: it is another program's, its schema is too new, or it is locked.

    The message is one line for the operator.
    """


class Draft(Struct, frozen=True, gc=False):
    """A send that is not stored yet, from which the log makes an entry."""

    item: str
    kind: Literal["message", "edit", "delete", "event"]
    #: Chosen by the sender. A second draft of this sender in the room with the same id stores nothing (S5).
    id: str
    by: Person
    #: When it was sent, in ms since the epoch, by the server's clock (F3).
    at: int
    #: The JSON value of a message, edit or event, as it was sent.
    body: Raw | None = None
    #: The seq of the message that an edit or delete changes.
    target: int | None = None
    #: Whether the sender may change messages of others (S8).
    moderate: bool = False
    #: Whether it comes from an import: consumers do not get imported entries (K1).
    imported: bool = False

    def __repr__(self) -> str:
        target = "" if self.target is None else f" of {self.target}"
        return f"<Draft {self.kind}{target} {self.id!r} by {self.by.id!r} in {self.item!r}>"


class Appended(Struct, frozen=True, gc=False):
    """The outcome of a draft whose entry is stored."""

    entry: Entry
    #: Whether an earlier draft with the same item, sender and id stored the entry (S5).
    duplicate: bool
    #: The first seq that the room still keeps.
    oldest: int
    #: The id of the room's history (R5).
    log: str


class Refused(Struct, frozen=True):
    """The outcome of a draft that cannot become an entry, and the reason (S8)."""

    code: Literal["invalid", "forbidden"]
    message: str


Outcome = Appended | Refused


class Position(Struct, frozen=True):
    """The last position in a room that a process has seen. The log compares it to detect that it lost entries (X8)."""

    #: The id of the room's history (R5).
    log: str
    #: The seq of the last entry, 0 if the room was empty.
    head: int
    #: The time of that entry, in ms since the epoch; None: this process does not know it.
    at: int | None


class Page(Struct, frozen=True):
    """Consecutive entries of a room in ascending order of seq, and the bounds of the room.

    `oldest` and `head` are the first and last seq that the room keeps (1 and 0 if it is empty), `log` is the id of its
    history (R5).
    """

    entries: list[Entry]
    oldest: int
    head: int
    log: str


class RoomState(Struct, frozen=True):
    """The bounds of a room as in `Page`, and `reads`: the seq of up to 100 read marks, the last moved, by member id."""

    log: str
    oldest: int
    head: int
    reads: dict[str, int]


class RoomReadMark(Struct, frozen=True):
    """The seq up to which a member has read an item (P5)."""

    item: str
    member: str
    seq: int


class ItemSummary(Struct, frozen=True):
    """A room in a list: its last entry, and how many messages of others follow the reader's mark (at most 1000)."""

    item: str
    head: int
    last: Entry | None
    unread: int


class UnreadCount(Struct, frozen=True):
    """The head of a room, and how many messages of others follow a member's read mark (at most 1000)."""

    item: str
    head: int
    unread: int


class Log(Protocol):
    """Stores the entries of every room, and the read marks of their members.

    Every method may raise `LogUnavailableError`, and `UnstorableError` for an argument that cannot be stored.
    """

    #: Created with the log; the id of the history of each room that has never lost an entry (R5).
    id: str

    def append(
        self,
        drafts: Sequence[Draft],
        io_pending: asyncio.Event | None = None,
        positions: Mapping[str, Position] | None = None,
    ) -> Awaitable[list[Outcome]]:
        """Store a batch of drafts in one transaction that is synced to disk (S3): all of it or nothing.

        In each room the new entries get consecutive `seq` in the drafts' order (S2), and `at` never decreases (F3). An
        edit replaces the body of its target; a delete erases that body and the bodies of its edits (S9). Retention is
        applied to the rooms of the batch, except to internal rooms, whose items begin with `!`.

        Args:
            drafts: The batch. Storing begins with the call, not when the result is awaited.
            io_pending: Is set when only storage I/O is left to wait for, so that the caller can use the processor
                meanwhile; at the latest when the outcomes are ready.
            positions: The last positions of the drafts' rooms that the caller has seen, by item. A room that ends
                before the position, or has another entry there, has lost entries: it gets a new history in the same
                transaction, before the drafts are appended (X8).

        Returns:
            An outcome for each draft, in their order.

        """
        ...

    async def verify_history(self, item: str, position: Position) -> str:
        """Check whether a room still has the entry at a position, and return the id of the room's history.

        A room that has lost the entry gets a new history first: only one if several processes notice the loss (X8).
        """
        ...

    async def read(
        self, item: str, *, after: int | None = None, before: int | None = None, limit: int, max_bytes: int = 1 << 20
    ) -> Page:
        """Read the first entries after seq `after`, or the last ones before seq `before`, or the latest ones.

        Args:
            item: The item of the room.
            after: Read entries with a greater seq.
            before: Read entries with a smaller seq; ignored if `after` is given.
            limit: The maximum number of entries.
            max_bytes: The maximum bytes of all bodies together. The entries farthest from `after` or `before` are left
                out to stay below this size, but the page has at least one entry if there is any.

        """
        ...

    async def room_states(self, items: Sequence[str]) -> dict[str, RoomState]:
        """Read the state of each item's room; the state of a room without entries has head 0 and no read marks."""
        ...

    async def move_read_marks(self, marks: Sequence[RoomReadMark]) -> list[RoomReadMark]:
        """Move read marks forward, never back or beyond the head; return the resulting marks in the same order (P5)."""
        ...

    async def list_rooms(
        self, ranges: Sequence[Range], member: str, *, limit: int, before: str | None = None
    ) -> list[ItemSummary]:
        """List the rooms whose item is in one of the ranges, the latest written first (W4). Does not delay `read`.

        Args:
            ranges: Ranges of items, ascending and disjoint.
            member: The id of the member whose unread messages are counted.
            limit: The maximum number of rooms.
            before: List only rooms that follow this item's room; None: from the start.

        Raises:
            ListRefusedError: It takes too long, or too many lists are waiting.
            NoSuchRoomError: The item `before` has no entries.

        """
        ...

    async def count_unread(self, pairs: Sequence[tuple[str, str]]) -> list[UnreadCount]:
        """Count the unread messages for each pair of item and member id; a room without entries has head 0 (W10)."""
        ...

    async def entries_by_seq(self, item_seqs: Collection[tuple[str, int]]) -> dict[tuple[str, int], Entry]:
        """Read the entries with these pairs of item and seq; pairs without a stored entry are left out."""
        ...

    async def changed_since(self, at: int, *, limit: int) -> list[tuple[str, int]]:
        """List item and head of the rooms whose last entry has the time `at` (ms) or later, the latest first."""
        ...

    async def read_marks(self, item: str, *, first: str, limit: int) -> list[RoomReadMark]:
        """List up to `limit` read marks of a room in the order of member ids, beginning at the member id `first`."""
        ...

    async def rooms_of_member(self, member: str) -> list[str]:
        """List the items of the rooms in which the member has entries or a read mark, without internal rooms."""
        ...

    async def entries_of_member(self, item: str, member: str, *, after: int, limit: int) -> list[Entry]:
        """Read up to `limit` entries that the member wrote in a room, ascending, with a seq greater than `after`."""
        ...

    async def seqs_of(self, keys: Collection[tuple[str, str, str]]) -> dict[tuple[str, str, str], int]:
        """Return the seqs of stored entries by item, author and id (S5); keys of no entry are left out."""
        ...

    async def erase_member(self, items: Sequence[str], member: str) -> None:
        """Erase a member's name, picture, role, events and read marks in rooms, in several transactions (W14).

        The caller deletes the messages first (S9), and repeats a call that failed. Entries keep their ids and seqs.
        """
        ...

    async def delete_room(self, item: str) -> str:
        """Hide a room with its entries, ids and read marks; return the id of the new, empty history (R5, W11)."""
        ...

    async def remove_before(self, item: str, seq: int) -> int:
        """Remove an internal room's entries before `seq`, but not the last one; return the first seq that it keeps."""
        ...

    async def remove_deleted(self) -> None:
        """Remove the rows of deleted rooms, in several transactions; after a stop, the next start continues."""
        ...

    async def bus_key(self) -> bytes:
        """Return the key that encrypts messages between this log's processes: 32 random bytes, generated once (X9)."""
        ...

    async def check_writable(self) -> None:
        """Commit a small write, to check that the storage takes writes (W7)."""
        ...

    async def close(self) -> None:
        """Finish the calls in progress, and close the storage; calls after that raise LogUnavailableError."""
        ...
