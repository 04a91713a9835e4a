"""Keep a room's position in its log: the head, the last entries in memory, and reads of earlier ones from storage."""

from collections.abc import Awaitable, Callable, Sequence

from msgspec import UNSET

from alcove.protocol import FRAME_BYTES, Entry
from alcove.rooms.tail import Tail, without_body
from alcove.storage.base import LogUnavailableError, Page, Position

#: Maximum number of entries in one page that is read from the log.
_PAGE_ENTRIES = 250

#: Reads the entries of the room after a seq (first argument), at most a number of entries (second) and of bytes
#: (third). Raises LogUnavailableError.
ReadPage = Callable[[int, int, int], Awaitable[Page]]


class RoomHistory:
    """The entries of one room, without its connections: bounds of the log, tail in memory, reads from storage."""

    def __init__(
        self,
        *,
        log_id: str,
        head: int,
        oldest: int,
        tail: Tail,
        read: ReadPage,
        on_entries_missing: Callable[[], None],
    ) -> None:
        """Start at `head`.

        Args:
            log_id: The id of the history that the entries belong to (R5).
            head: The seq of the last entry.
            oldest: The seq of the first entry that the log keeps.
            tail: The last entries, up to the head; may be empty.
            read: Reads a page of the room's log.
            on_entries_missing: Called when storage has fewer entries than were delivered (X8).

        """
        self.log_id = log_id
        self.head = head
        self.oldest = oldest
        self.tail = tail
        self._read = read
        self._on_entries_missing = on_entries_missing
        #: For each page that is being read, the messages deleted meanwhile: target → time of the delete.
        self._deleted_during: dict[object, dict[int, int]] = {}
        #: How often `advance` was called.
        self._advances = 0

    def __repr__(self) -> str:
        return f"<RoomHistory {self.log_id} {self.oldest}..{self.head}, {len(self.tail)} in memory>"

    def position(self) -> Position:
        """Return the history, the head and the time of the last entry, to compare with storage (X8)."""
        last = self.tail.last
        return Position(self.log_id, self.head, None if last is None else last.at)

    def append(self, entries: Sequence[Entry], oldest: int) -> None:
        """Append entries to the tail; the first must directly follow the head. Call `trim` after their lines were sent.

        Args:
            entries: At least one entry; consecutive and ascending.
            oldest: The seq of the first entry that the log keeps.

        """
        self.tail.extend(entries)
        for deleted in self._deleted_during.values():
            for entry in entries:
                if entry.kind == "delete" and entry.target is not UNSET:
                    deleted[entry.target] = entry.at
        self.head = entries[-1].seq
        self.oldest = max(self.oldest, oldest)

    def advance(self, head: int) -> None:
        """Move the head to `head` without entries, and empty the tail: the entries are in storage only."""
        # The entries up to `head` may edit or delete messages in the tail, whose lines are outdated then (S9).
        self._advances += 1
        self.tail.clear()
        self.head = head

    def trim(self) -> None:
        """Drop entries from the tail that exceed its limits, or that retention removed from the log."""
        self.tail.trim(self.oldest)

    def expire(self, before_ms: int) -> None:
        """Drop entries older than `before_ms` (ms since the epoch), also if the room gets no new ones (L5)."""
        self.oldest = max(self.oldest, self.tail.last_seq_before(before_ms) + 1)
        self.trim()

    async def read_entries(self, after: int) -> tuple[int, list[Entry]]:
        """Read one page of the entries after the seq `after`.

        Returns:
            The seq after which the next read continues, and the entries.

        Raises:
            LogUnavailableError: Storage does not answer, or has fewer entries than were delivered.

        """
        first, entries = await self.read_from_first_kept(after)
        return first - 1 + len(entries), entries

    async def read_from_first_kept(self, after: int) -> tuple[int, list[Entry]]:
        """Read one page of the entries after the seq `after`, up to the head.

        Returns:
            The seq of the first entry after `after` that the log still has, and the entries from there. There are none
            if retention has removed everything up to the head; the seq is then the one after the head.

        Raises:
            LogUnavailableError: Storage does not answer, or has fewer entries than were delivered.

        """
        page, deleted = await self._read_page(after)
        # The log may be ahead of the room by a commit that is not delivered here yet.
        entries = [without_body(entry, deleted) for entry in page.entries if entry.seq <= self.head]
        first = entries[0].seq if entries else min(page.oldest, self.head + 1)
        if not entries and first <= after + 1:
            raise self._report_missing(page, self.head)
        return first, entries

    async def _read_page(self, after: int) -> tuple[Page, dict[int, int]]:
        """Read the page after the seq `after`; return it with the messages that were deleted during the read.

        The page may still have the bodies of those messages (S9). Raises LogUnavailableError.
        """
        while True:
            advances = self._advances
            head = self.head
            read_key = object()
            deleted = self._deleted_during[read_key] = {}
            try:
                page = await self._read(after, _PAGE_ENTRIES, FRAME_BYTES)
            finally:
                del self._deleted_during[read_key]
            if page.log != self.log_id or page.head < head:
                raise self._report_missing(page, head)
            if advances == self._advances:
                return page, deleted
            # `advance` skipped entries during the read. They may have deleted messages of the page: read it again.

    def _report_missing(self, page: Page, head: int) -> LogUnavailableError:
        """Report that storage lacks delivered entries, and return the exception for the caller to raise."""
        self._on_entries_missing()
        return LogUnavailableError(f"the log ends at {page.head}, before {head}, which was delivered")
