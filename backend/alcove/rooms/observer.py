"""Pass every entry of a room, in order, to a function in this process."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from alcove.protocol import Entry
from alcove.repeated_warnings import RepeatedWarning
from alcove.storage.base import LogUnavailableError

logger = logging.getLogger(__name__)
_cannot_read = RepeatedWarning(logger, "item %s cannot be read for its observer: %s")

#: Seconds before a failed read is repeated; doubled after each failure, up to the second number.
_RETRY_S = (0.1, 2.0)

#: Takes entries of one room, ascending. It must not block, and must not raise.
OnEntries = Callable[[Sequence[Entry]], None]
#: Reads entries after a seq, up to the room's head. Returns the seq after which the next read continues, and the
#: entries. The returned seq is greater than the given one, even if retention has removed the entries
#: between them. Raises LogUnavailableError.
ReadEntries = Callable[[int], Awaitable[tuple[int, list[Entry]]]]


class LogObserver:
    """A cursor on a room's log that passes each entry, in order, to a function (D1).

    Like a connection, it is in step and gets each delivery at once, or it is behind and reads the log until it has
    caught up.
    """

    def __init__(self, item: str, seq: int, *, on_entries: OnEntries, read: ReadEntries) -> None:
        """Create an observer; `read_up_to` or `deliver` starts it.

        Args:
            item: The item of the room, for log messages.
            seq: Entries after this seq are passed on.
            on_entries: Called with entries, in order.
            read: Reads entries of the room.

        """
        self._item = item
        #: The seq of the last entry that was passed on.
        self.seq = seq
        #: The seq up to which entries must be passed on.
        self._head = seq
        self._on_entries = on_entries
        self._read = read
        self._read_task: asyncio.Task[None] | None = None

    def deliver(self, entries: Sequence[Entry]) -> None:
        """Pass new entries on if they directly follow the last one; otherwise read the log up to them."""
        if self._read_task is None and entries[0].seq == self.seq + 1:
            self._head = self.seq = entries[-1].seq
            self._on_entries(entries)
        else:
            self.read_up_to(entries[-1].seq)

    def read_up_to(self, head: int) -> None:
        """Read the entries up to `head` from the log, and pass them on."""
        self._head = max(self._head, head)
        if self.seq < self._head and self._read_task is None:
            self._read_task = asyncio.create_task(self._catch_up())

    def close(self) -> None:
        """Stop passing entries on."""
        if self._read_task is not None:
            self._read_task.cancel()

    async def _catch_up(self) -> None:
        """Read and pass on entries until the observer is in step; repeat a failed read after a delay."""
        wait_s, longest_s = _RETRY_S
        try:
            while self.seq < self._head:
                try:
                    seq, entries = await self._read(self.seq)
                except LogUnavailableError as error:
                    _cannot_read(self._item, error)
                    await asyncio.sleep(wait_s)
                    wait_s = min(2 * wait_s, longest_s)
                else:
                    wait_s = _RETRY_S[0]
                    self.seq = seq
                    if entries:
                        self._on_entries(entries)
        except Exception:
            logger.exception("item %s: its observer failed and is stopped", self._item)
        finally:
            self._read_task = None
