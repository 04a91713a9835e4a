"""The interface of durable consumers: named cursors on the logs of all rooms, kept in the log's database (K2, K4, K5).

A consumer has one position for each item: the seq of the last entry that was delivered. When it is registered, its
positions are the heads of the existing rooms; rooms that are created later are delivered from their first entry. The
effect of each method is durable when it returns.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct

from alcove.storage.base import Log


class Failure(Struct, frozen=True):
    """Why the entry after a position is not delivered yet, and when it is tried again; times in ms since the epoch."""

    attempts: int
    #: When the first attempt failed.
    since: int
    #: When the next attempt is due.
    due: int
    #: What failed, without any text of an entry (A6).
    error: str
    #: Whether there is no next attempt until an operator asks for one (K3).
    parked: bool = False


class ItemPosition(Struct, frozen=True):
    """The position of a consumer in one item."""

    item: str
    #: The history that `seq` belongs to (R5).
    log: str
    #: The last seq of the room when this was read; `save` ignores it.
    head: int
    #: The seq of the last delivered entry; 0: none.
    seq: int
    #: Incremented whenever anything other than the delivering process changes the position.
    revision: int = 0
    #: Why the entry after `seq` could not be delivered; None: no attempt failed.
    failure: Failure | None = None


class ConsumerRecord(Struct, frozen=True):
    """The stored state of a consumer, without its positions."""

    #: Incremented by each retry, skip, disabling and enabling.
    revision: int
    #: The digest of the endpoint to which nothing is delivered, because it answered 410 (K3); None: all are enabled.
    disabled: str | None


class Backlog(NamedTuple):
    """Three counts: items with undelivered entries, these entries, and parked items."""

    items: int
    entries: int
    parked: int


class ConsumerStorage(Protocol):
    """Stores consumers. Every method may raise LogUnavailableError."""

    async def register(self, name: str) -> None:
        """Create the consumer at the current heads of all rooms, unless it exists (K1)."""
        ...

    async def names(self) -> list[str]:
        """Return the names of all consumers, in order."""
        ...

    async def lease(self, names: Sequence[str], holder: str, duration_ms: int) -> dict[str, ConsumerRecord]:
        """Take or renew leases; return the records of the consumers that `holder` now leases, by name (K4).

        The database's clock decides when a lease expires. On an engine for one process, the lock on the log serves as
        the lease, and nothing is written.

        Args:
            names: The consumers to lease.
            holder: The id of the process.
            duration_ms: How long the leases last from now, in ms.

        """
        ...

    async def release(self, holder: str) -> None:
        """End all leases of `holder`, so that another process can take them at once."""
        ...

    async def positions(self, name: str, items: Collection[str]) -> list[ItemPosition]:
        """Return the consumer's positions for those of the items that have a room."""
        ...

    async def pending_positions(self, name: str, after: int, *, limit: int) -> tuple[list[ItemPosition], int | None]:
        """Return the positions that are behind the heads of their rooms and not parked, among the next `limit` rooms.

        Args:
            name: The consumer.
            after: The value that the previous call returned for the next one; 0 for the first call.
            limit: The maximum number of rooms to read.

        Returns:
            The positions, and `after` for the next call; None instead of `after`: there are no further rooms.

        """
        ...

    async def save(self, name: str, holder: str, positions: Sequence[ItemPosition]) -> set[str]:
        """Store positions; return the items whose position was stored.

        A position is not stored if its history or revision is no longer the stored one, or if `holder` has lost the
        lease: the caller must then read the position again.
        """
        ...

    async def imported_ranges(self, item: str, first: int, last: int) -> list[tuple[int, int]]:
        """Return which of the item's entries from `first` to `last` were imported: pairs of a first and a last seq.

        The pairs may reach beyond `first` and `last`. Imported entries are not delivered (K1).
        """
        ...

    async def disable(self, name: str, digest: str | None) -> None:
        """Record the digest of the endpoint that nothing may be delivered to (K3); None: enable every endpoint."""
        ...

    async def find(self, name: str) -> ConsumerRecord | None:
        """Return the stored state of the consumer; None: it does not exist."""
        ...

    async def backlog(self, name: str) -> Backlog:
        """Count undelivered items and entries, and parked items. This reads all rooms."""
        ...

    async def parked_count(self, name: str) -> int:
        """Return the number of parked items."""
        ...

    async def failing_positions(self, name: str, *, limit: int) -> list[ItemPosition]:
        """Return up to `limit` positions with a failure, the parked ones first."""
        ...

    async def retry(self, name: str, item: str | None) -> int:
        """Make the failing position of `item` due now, or all if it is None; return how many positions were failing."""
        ...

    async def skip(self, name: str, item: str) -> bool:
        """Move a failing position past its undeliverable entry; return False if the item's position is not failing."""
        ...


class ConsumerLog(Log, Protocol):
    """A log whose database also stores consumers."""

    @property
    def consumers(self) -> ConsumerStorage:
        """The storage of consumers, which is open as long as the log is."""
        ...
