"""Bring rooms to the heads of their logs: reorder received entries, and read missing ones from the log (X2)."""

import asyncio
import contextlib
from collections.abc import Iterable, Sequence

from alcove import background
from alcove.cluster.head_check import HeadCheck
from alcove.cluster.local_room import LocalRoom, LocalRooms
from alcove.cluster.reorder import ReorderBuffer
from alcove.protocol import FRAME_BYTES, Entry
from alcove.storage.base import Log, LogUnavailableError

#: Seconds to wait for missing entries that may arrive out of order, before they are read from the log.
_GRACE_S = 0.02
#: Maximum number of entries that are read with one query.
_PAGE_ENTRIES = 250
#: Maximum number of missing entries that are read once for the whole room; if more are missing, each reader reads them.
_MAX_GAP = 2000


class Recovery:
    """Delivers entries to rooms in the order of their log, and reads missing entries from the log."""

    def __init__(self, log: Log, rooms: LocalRooms, *, sole_writer: bool) -> None:
        """Create the recovery, without entries to deliver or to read.

        Args:
            log: The log of the rooms.
            rooms: The rooms of this process.
            sole_writer: Whether no other process writes to the log. Missing entries can then not arrive later, so
                readers read them from the log at once.

        """
        self._log = log
        self._rooms = rooms
        self._sole_writer = sole_writer
        self._head_check = HeadCheck(log, rooms, self.note_head)
        #: item → entries that cannot be delivered yet, because earlier ones are missing.
        self._buffers: dict[str, ReorderBuffer] = {}
        #: item → the task that reads its missing entries.
        self._fill_tasks: dict[str, asyncio.Task[None]] = {}

    async def close(self) -> None:
        """Stop the head checks, and cancel the reads of missing entries."""
        await self._head_check.close()
        await background.cancel(*self._fill_tasks.values())

    # --- entries and heads that were reported

    def deliver(self, item: str, entries: Sequence[Entry], oldest: int, log_id: str = "") -> list[bytes]:
        """Deliver entries to the item's room; buffer them first if entries before them are missing.

        Args:
            item: The item.
            entries: At least one entry; consecutive and ascending.
            oldest: The first seq that the log still keeps.
            log_id: The id of the history that the entries belong to; "" if the sender did not give it.

        Returns:
            The encoded lines that the room sent for new entries; none if the entries were buffered or ignored.

        """
        room = self._rooms.find(item)
        if room is None:
            self._rooms.extend_opening(item, entries[-1].seq, log_id)
            return []
        if log_id and log_id != room.log_id:
            self.check_heads([item])  # the room or the message is out of date; the log decides which
            return []
        head = room.head
        if entries[0].seq <= head and room.contradicts(entries):
            self.verify_history(item)
            return []
        if item not in self._buffers and (self._sole_writer or entries[0].seq <= head + 1):
            return room.deliver(entries, oldest)
        buffer = self._buffers.setdefault(item, ReorderBuffer())
        buffer.add(entries, oldest)
        self._deliver_next(room, buffer)
        if item in self._buffers:
            self._start_fill(item, _GRACE_S)
        return []

    def note_head(self, item: str, head: int) -> None:
        """Record that the item's log extends to `head`, and read the entries that the room lacks."""
        room = self._rooms.find(item)
        if room is None:
            self._rooms.extend_opening(item, head, "")
        elif self._sole_writer:
            room.advance(head)  # the room was not given these entries, so its readers read them from the log
        elif head > room.head:
            buffer = self._buffers.setdefault(item, ReorderBuffer())
            buffer.reported_head = max(buffer.reported_head, head)
            self._start_fill(item, 0)

    async def catch_up(self, room: LocalRoom, seq: int) -> None:
        """Bring the room to the end of its log if a client reports a `seq` beyond the room's head (R5).

        Raises:
            LogUnavailableError: The log does not answer.

        """
        if seq <= room.head:
            return
        state = (await self._log.room_states([room.item]))[room.item]
        if self._rooms.find(room.item) is not room:
            return
        if state.log != room.log_id:
            self._rooms.reset(room.item)
            return
        self.note_head(room.item, state.head)
        if task := self._fill_tasks.get(room.item):
            await asyncio.wait([task])

    # --- comparing with the log

    def check_heads(self, items: Iterable[str]) -> None:
        """Compare the rooms of these items with the log in the background, because messages may be lost."""
        self._head_check.start(items)

    def check_all_heads(self) -> None:
        """Compare all rooms in memory with the log in the background."""
        self._head_check.start(self._rooms.items())

    def check_reported(self, item: str) -> None:
        """Compare the item's room with the log after an untrusted report that the log has grown (X9)."""
        if self._rooms.find(item) is not None or self._rooms.is_opening(item):
            self.check_heads([item])

    def verify_history(self, item: str) -> None:
        """Check in the background whether the log lost entries: a reported entry differs from the room's (X8)."""
        self._head_check.verify_history(item)

    def retry(self) -> None:
        """Repeat the reads that failed because the log did not answer."""
        self.check_heads(())
        for item in self._buffers:
            self._start_fill(item, 0)

    def forget(self, item: str) -> None:
        """Drop the buffered entries of a room that was removed from memory."""
        self._buffers.pop(item, None)
        self._head_check.forget(item)

    # --- filling gaps

    def _deliver_next(self, room: LocalRoom, buffer: ReorderBuffer) -> None:
        """Deliver the buffered entries that follow the head, in one call; drop the buffer when nothing is missing.

        One call, so that a message and its deletion in the same run are delivered together (S9).
        """
        if run := buffer.take(room.head):
            room.deliver(run, buffer.oldest)
        if buffer.reported_head <= room.head and self._buffers.get(room.item) is buffer:
            del self._buffers[room.item]

    def _start_fill(self, item: str, delay_s: float) -> None:
        """Start a task that reads the missing entries after `delay_s` seconds, unless one is running for the item."""
        if item not in self._fill_tasks:
            task = self._fill_tasks[item] = asyncio.create_task(self._fill(item, delay_s))
            task.add_done_callback(lambda _: self._fill_tasks.pop(item, None))

    async def _fill(self, item: str, delay_s: float) -> None:
        """Read the gap between the head and the buffered entries from the log, and deliver it.

        A gap of over `_MAX_GAP` entries is not read here. The head moves past the gap, and each connection reads the
        entries at its own pace.
        """
        await asyncio.sleep(delay_s)
        # The first page begins with the last entry in memory, to check that the log still has that entry (X8).
        overlap = 1
        with contextlib.suppress(LogUnavailableError):  # `retry` reads again
            while (buffer := self._buffers.get(item)) and (room := self._rooms.find(item)) is not None:
                self._deliver_next(room, buffer)
                if item not in self._buffers:
                    return
                if buffer.reported_head - room.head > _MAX_GAP:
                    room.advance(buffer.reported_head)
                    continue
                head = room.head
                after = max(0, head - overlap)
                page = await self._log.read(item, after=after, limit=_PAGE_ENTRIES, max_bytes=FRAME_BYTES)
                if self._rooms.find(item) is not room:
                    return
                if page.log != room.log_id:
                    self._rooms.reset(item)
                    return
                if page.head < head or room.contradicts(page.entries):
                    self.verify_history(item)
                    return
                if page.oldest > room.head + 1:
                    room.advance(page.oldest - 1)
                elif (not page.entries or page.entries[-1].seq <= head) and not overlap:
                    return
                overlap = 0
                buffer.add(page.entries, page.oldest)
