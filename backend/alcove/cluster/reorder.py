"""Buffer entries that arrive out of order, until the entries before them arrive or are read from the log. No I/O."""

from collections.abc import Iterable

from alcove.protocol import Entry

#: Maximum number of entries in one buffer; further ones are read from the log.
_CAPACITY = 4096


class ReorderBuffer:
    """A buffer of one room's entries that cannot be delivered yet, because entries before them are missing.

    Attributes:
        reported_head: The highest seq that was reported, whether or not its entry is in the buffer.
        oldest: The first seq that the log still keeps, as far as reported.

    """

    __slots__ = ("_entries", "oldest", "reported_head")

    def __init__(self) -> None:
        self._entries: dict[int, Entry] = {}
        self.reported_head = 0
        self.oldest = 1

    def add(self, entries: Iterable[Entry], oldest: int) -> None:
        """Store entries, in any order. Of entries beyond `_CAPACITY`, only the highest seq is recorded.

        `oldest` is the first seq that the log still keeps.
        """
        for entry in entries:
            self.reported_head = max(self.reported_head, entry.seq)
            if len(self._entries) < _CAPACITY:
                self._entries[entry.seq] = entry
        self.oldest = max(self.oldest, oldest)

    def take(self, head: int) -> list[Entry]:
        """Remove and return the entries that follow `head` without a gap; drop entries up to the new head."""
        run: list[Entry] = []
        while (entry := self._entries.pop(head + 1 + len(run), None)) is not None:
            run.append(entry)
        new_head = head + len(run)
        if self._entries and min(self._entries) <= new_head:
            self._entries = {seq: entry for seq, entry in self._entries.items() if seq > new_head}
        return run
