"""Keep the last entries of a room's log in memory, with their encoded lines."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile

from msgspec import UNSET
from msgspec.structs import replace

from alcove.protocol import Entry, encode


class Tail:
    """The last entries of a room, limited by number and by bytes of their lines.

    Edits and deletes are applied to earlier entries, so no line has a body that was deleted (S9).
    """

    __slots__ = ("_entries", "_lines", "_max_bytes", "_max_entries", "first_seq", "size_bytes")

    def __init__(self, max_entries: int, max_bytes: int) -> None:
        """Create an empty tail.

        Args:
            max_entries: The maximum number of entries.
            max_bytes: The maximum bytes of all lines.

        """
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        #: The entries, consecutive and ascending.
        self._entries: deque[Entry] = deque()
        #: The encoded line of each entry.
        self._lines: deque[bytes] = deque()
        #: The seq of the first entry; meaningless while the tail is empty.
        self.first_seq = 0
        #: Bytes of all lines.
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def last(self) -> Entry | None:
        """The last entry; None while the tail is empty."""
        return self._entries[-1] if self._entries else None

    def contradicts(self, entries: Iterable[Entry]) -> bool:
        """Return whether the tail has a different entry at the seq of one of these (X8)."""
        for entry in entries:
            index = entry.seq - self.first_seq
            if 0 <= index < len(self._entries):
                tail_entry = self._entries[index]
                if (tail_entry.id, tail_entry.by.id, tail_entry.at) != (entry.id, entry.by.id, entry.at):
                    return True
        return False

    def extend(self, entries: Sequence[Entry]) -> None:
        """Append consecutive entries, and apply the edits and deletes among them; call `trim` afterwards."""
        if entries and not self._entries:
            self.first_seq = entries[0].seq
        for entry in entries:
            line = encode(entry)
            self._entries.append(entry)
            self._lines.append(line)
            self.size_bytes += len(line)
            if entry.target is UNSET:
                continue
            if entry.kind == "edit":
                self._apply_edit(entry.target, entry)
            elif entry.kind == "delete":
                self._erase(entry.target, entry.at)

    def covers(self, seq: int) -> bool:
        """Return whether every entry after `seq` is in memory."""
        return bool(self._entries) and seq + 1 >= self.first_seq

    def lines_after(self, seq: int, max_bytes: int) -> list[bytes] | None:
        """Return the lines of the entries after `seq`: as many as `max_bytes` allows, and at least one.

        Returns None if entries after `seq` are missing from memory.
        """
        start = seq + 1 - self.first_seq
        if start < 0 or not self._entries:
            return None
        lines: list[bytes] = []
        size = 0
        # By index: a deque finds an index from its nearer end, whereas an iterator starts at the beginning.
        for index in range(start, len(self._lines)):
            line = self._lines[index]
            size += len(line) + 1
            if lines and size > max_bytes:
                break
            lines.append(line)
        return lines

    def last_seq_before(self, before_ms: int) -> int:
        """Return the seq of the last entry that is older than `before_ms` (ms since the epoch); 0 if there is none."""
        old = sum(1 for _ in takewhile(lambda entry: entry.at < before_ms, self._entries))
        return self.first_seq + old - 1 if old else 0

    def trim(self, oldest: int) -> None:
        """Drop the first entries while the tail exceeds its limits, and those before the seq `oldest`."""
        entries, lines = self._entries, self._lines
        while entries and (
            len(entries) > self._max_entries or self.size_bytes > self._max_bytes or self.first_seq < oldest
        ):
            entries.popleft()
            self.size_bytes -= len(lines.popleft())
            self.first_seq += 1

    def clear(self) -> None:
        """Drop all entries: the log has changed in a way that the tail does not reflect."""
        self._entries.clear()
        self._lines.clear()
        self.size_bytes = 0

    def _apply_edit(self, target: int, edit: Entry) -> None:
        """Replace the body of the message `target` by the edit's, unless the message is deleted or not in the tail."""
        index = target - self.first_seq
        if index >= 0 and self._entries[index].deleted is UNSET:
            self._replace_entry(index, replace(self._entries[index], body=edit.body, edited=edit.at))

    def _erase(self, target: int, at: int) -> None:
        """Remove the body of the message `target`, deleted at `at`, and the bodies of its edits."""
        deleted = {target: at}
        for index, entry in enumerate(self._entries):
            if (erased := without_body(entry, deleted)) is not entry:
                self._replace_entry(index, erased)

    def _replace_entry(self, index: int, entry: Entry) -> None:
        """Replace the entry at an index, and its line."""
        line = encode(entry)
        self.size_bytes += len(line) - len(self._lines[index])
        self._entries[index] = entry
        self._lines[index] = line


def without_body(entry: Entry, deleted: Mapping[int, int]) -> Entry:
    """Remove the body of an entry if it is a deleted message, or an edit of one (S9); otherwise return it unchanged.

    Args:
        entry: The entry.
        deleted: The deleted messages: seq → time of the delete in ms since the epoch.

    """
    if entry.seq in deleted:
        return replace(entry, body=UNSET, deleted=deleted[entry.seq])
    if entry.kind == "edit" and entry.target in deleted:
        return replace(entry, body=UNSET)
    return entry
