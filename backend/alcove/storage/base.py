"""What a log promises, whichever engine keeps it: its methods, and the shapes they speak."""

import asyncio
from collections.abc import Awaitable, Collection, Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Raw, Struct

from alcove.errors import AlcoveError
from alcove.item_ranges import Range
from alcove.protocol import Entry, Person

_DAY_MS = 86_400_000

#: How a server locks its log (X7): exclusive with the memory bus, shared with a bus that connects processes.
LockMode = Literal["exclusive", "shared"]


class LogUnavailableError(AlcoveError):
    """The storage does not answer or cannot write; nothing was stored, and trying again makes sense (S7)."""


class UnstorableError(AlcoveError):
    """The storage refuses a value, and would refuse it again: text that it cannot hold, or a value too large."""


class ListRefusedError(AlcoveError):
    """A list of rooms took too long, or too many others wait; the message says which, and what to do."""


class NoSuchRoomError(AlcoveError):
    """A page of the list was asked for behind an item that has no entries, so that it has no place in the list."""


class LogUnusableError(AlcoveError):
    """The storage is not a log of ours, or of a newer version; the message is one line for an operator."""


class Draft(Struct, frozen=True, gc=False):
    """An entry not yet stored. `at` is the server's clock in ms; `moderate`: may touch others' messages (S8)."""

    item: str
    kind: Literal["message", "edit", "delete"]
    id: str
    by: Person
    at: int
    body: Raw | None = None
    target: int | None = None
    moderate: bool = False


class Appended(Struct, frozen=True, gc=False):
    """The entry that stands for a draft; `duplicate`: it stood already, under the same item, sender and id (S5).

    `oldest` is the first seq that the room still keeps, `log` the id of its history (R5).
    """

    entry: Entry
    duplicate: bool
    oldest: int
    log: str


class Refused(Struct, frozen=True):
    """Why a draft cannot become an entry (S8)."""

    code: Literal["invalid", "forbidden"]
    message: str


Outcome = Appended | Refused


class Position(Struct, frozen=True):
    """What a process has seen of a room: its history's id, its last entry, and when that was stored (None: unknown)."""

    log: str
    head: int
    at: int | None


class Page(Struct, frozen=True):
    """Entries in ascending order, dense; and where the room begins and ends (`oldest` 1, `head` 0: empty).

    `log` is the id of the room's history (R5).
    """

    entries: list[Entry]
    oldest: int
    head: int
    log: str


class RoomState(Struct, frozen=True):
    """Where a room begins and ends, the id of its history (R5), and up to 100 read marks, the latest moved."""

    log: str
    oldest: int
    head: int
    reads: dict[str, int]


class RoomReadMark(Struct, frozen=True):
    """A member has read an item up to `seq` (P5)."""

    item: str
    member: str
    seq: int


class ItemSummary(Struct, frozen=True):
    """One room as a list shows it: its last entry, and messages of others behind the reader's mark (at most 1000)."""

    item: str
    head: int
    last: Entry | None
    unread: int


class UnreadCount(Struct, frozen=True):
    """The head of an item's log, and the messages of others behind a member's read mark (at most 1000)."""

    item: str
    head: int
    unread: int


class ListLimits(Struct, frozen=True):
    """What lists of rooms may take of the storage: `seconds` one of them, and how many may wait for their turn."""

    seconds: float = 2
    waiting: int = 100


class Retention(Struct, frozen=True):
    """How much a room keeps (L5); None: everything.

    The ids of removed entries stay known until `ids_days` after they were sent, and `days` longer.
    """

    entries: int | None = None
    days: float | None = None
    ids_days: float = 7

    def cutoff(self, now_ms: int) -> int | None:
        """What was stored before this time, in ms since the epoch, need not be kept; None: no time lets anything go."""
        return None if self.days is None else now_ms - int(self.days * _DAY_MS)

    def ids_cutoff(self, now_ms: int) -> int:
        """Ids of removed entries that are older than this, in ms since the epoch, may be forgotten."""
        return now_ms - int((self.ids_days + (self.days or 0)) * _DAY_MS)


class Log(Protocol):
    """Rooms' entries, kept.

    Every method may raise LogUnavailableError, and UnstorableError where what it was given is at fault. `id` was made
    when the log was created; it identifies the history of every room that never lost an entry (R5).
    """

    id: str

    def append(
        self,
        drafts: Sequence[Draft],
        io_pending: asyncio.Event | None = None,
        seen: Mapping[str, Position] | None = None,
    ) -> Awaitable[list[Outcome]]:
        """Store a batch in one transaction, synced to disk before its outcomes come (S3): all of it or nothing.

        The work begins with the call. `io_pending` is set once nothing is left of it but to wait for the storage, which
        is the time to do something else; at the latest with the outcomes.

        The outcomes are in the drafts' order. In each room `seq` is dense and in the drafts' order (S2), and
        `at` never runs backwards (F3). An edit rewrites its target's body, a delete erases it and its edits' (S9).
        Applies the retention to the rooms it touches, but not to the house's own, whose items begin with `!`.

        `seen` is what the caller has seen of these items' rooms. A room that holds less, or another entry there, lost
        entries: it gets a new history in the same transaction, before anything is appended (X8).
        """
        ...

    async def verify_history(self, item: str, seen: Position) -> str:
        """Compare what the caller has seen of a room with what it holds; return the id of its history.

        A room that lost entries gets a new history first, once however many processes notice it (X8).
        """
        ...

    async def read(
        self, item: str, *, after: int | None = None, before: int | None = None, limit: int, max_bytes: int = 1 << 20
    ) -> Page:
        """Up to `limit` entries behind `after` (oldest first), or in front of `before`, or the latest.

        A page ends early when its bodies exceed `max_bytes`, but holds at least one entry where there is any;
        what it leaves out is at the end away from the bound, so that the next page follows on it.
        """
        ...

    async def room_states(self, items: Sequence[str]) -> dict[str, RoomState]:
        """The state of each item's room; an item never written to has an empty one."""
        ...

    async def move_read_marks(self, marks: Sequence[RoomReadMark]) -> list[RoomReadMark]:
        """Move read marks forward, never back, never beyond the head; return where each stands then (P5)."""
        ...

    async def list_rooms(
        self, ranges: Sequence[Range], member: str, *, limit: int, before: str | None = None
    ) -> list[ItemSummary]:
        """Return rooms whose item is in one of the ranges, the latest written first (W4). Joins do not wait for it.

        Args:
            ranges: In order.
            member: Whose unread messages are counted.
            limit: How many rooms at most.
            before: Only rooms that were last written to before the room of this item was; None: the latest.

        Raises:
            ListRefusedError: It takes too long, or too many others wait.
            NoSuchRoomError: The item `before` has no entries.

        """
        ...

    async def count_unread(self, wanted: Sequence[tuple[str, str]]) -> list[UnreadCount]:
        """Return head and unread messages for each pair of an item and a member (W10), in their order.

        An item never written to has head 0.
        """
        ...

    async def entries_at(self, places: Collection[tuple[str, int]]) -> dict[tuple[str, int], Entry]:
        """Return the entries at these items and seqs, without those that retention removed."""
        ...

    async def changed_since(self, at: int, *, limit: int) -> list[tuple[str, int]]:
        """Return item and head of rooms written to at `at` (ms since the epoch) or later, the latest first."""
        ...

    async def bus_key(self) -> bytes:
        """Return the key that this log's processes seal their messages with (X9): 32 random bytes, made once."""
        ...

    async def check_writable(self) -> None:
        """Write and commit something small, to see whether the storage takes writes (W7)."""
        ...

    async def close(self) -> None:
        """Finish what was begun and let go of the storage; what comes later is LogUnavailableError."""
        ...
