"""Buffer entries that arrive out of order, until the entries before them arrive or are read from the log. No I/O."""

from collections.abc import Iterable

from alcove.protocol import Entry

#: Entries that one buffer holds at most; entries beyond are read from the log.
_CAPACITY = 4096


class ReorderBuffer:
    """Holds entries of one room that cannot be delivered yet, because entries before them are missing.

    Attributes:
        known: The highest seq that was reported, whether or not its entry is in the buffer.
        oldest: The first seq that the log still keeps, as far as reported.

    """

    __slots__ = ("_held", "known", "oldest")

    def __init__(self) -> None:
        self._held: dict[int, Entry] = {}
        self.known = 0
        self.oldest = 1

    def add(self, entries: Iterable[Entry], oldest: int) -> None:
        """Store entries, in any order, up to `_CAPACITY`; of those beyond, only the highest seq is kept in `known`."""
        for entry in entries:
            self.known = max(self.known, entry.seq)
            if len(self._held) < _CAPACITY:
                self._held[entry.seq] = entry
        self.oldest = max(self.oldest, oldest)

    def take(self, head: int) -> list[Entry]:
        """Remove and return the entries that follow `head` without a gap; drop entries at or before the new head."""
        run: list[Entry] = []
        while (entry := self._held.pop(head + 1 + len(run), None)) is not None:
            run.append(entry)
        new_head = head + len(run)
        if self._held and min(self._held) <= new_head:
            self._held = {seq: entry for seq, entry in self._held.items() if seq > new_head}
        return run
