"""Entries that came before those in front of them, held until these come or are read from the log; pure."""

from collections.abc import Iterable

from alcove.protocol import Entry

#: Entries held at most; beyond, the log has them.
_HELD = 4096


class ReorderBuffer:
    """What is known of one room beyond its head."""

    __slots__ = ("_ahead", "known", "oldest")

    def __init__(self) -> None:
        self._ahead: dict[int, Entry] = {}
        #: The furthest seq that anyone spoke of.
        self.known = 0
        #: The first that the room keeps, as far as anyone said.
        self.oldest = 1

    def add(self, entries: Iterable[Entry], oldest: int) -> None:
        """Hold entries, whether or not they are next."""
        for entry in entries:
            self.known = max(self.known, entry.seq)
            if len(self._ahead) < _HELD:
                self._ahead[entry.seq] = entry
        self.oldest = max(self.oldest, oldest)

    def take(self, head: int) -> list[Entry]:
        """What follows `head` without a hole; what is not behind it is forgotten."""
        run: list[Entry] = []
        while (entry := self._ahead.pop(head + 1 + len(run), None)) is not None:
            run.append(entry)
        reached = head + len(run)
        if self._ahead and min(self._ahead) <= reached:
            self._ahead = {seq: entry for seq, entry in self._ahead.items() if seq > reached}
        return run
