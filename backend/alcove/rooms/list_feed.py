"""Send changed rooms to the readers of the list of rooms, each at the pace of its connection (W10)."""

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping

from alcove import background
from alcove.access.authenticator import Authenticator
from alcove.item_ranges import ALL_ITEMS, Range, restrict_to_prefix
from alcove.protocol import ListReady, encode
from alcove.repeated_warnings import RepeatedWarning
from alcove.rooms.list_index import ListIndex
from alcove.rooms.list_lines import complete_line, group_lines, item_line, shared_line
from alcove.rooms.list_reader import READY, ListReader
from alcove.storage.base import ItemSummary, ListRefusedError, Log, LogUnavailableError
from alcove.wire.connection import UNCHECKED_BYTES, Frame

logger = logging.getLogger(__name__)
_cannot_read = RepeatedWarning(logger, "lists of rooms wait for storage: %s")

#: Pairs of item and member after which a round takes no further reader.
_ROUND_PAIRS = 500
#: Different items after which a round takes no further reader: this bounds its memory, as a last entry may have 64 KiB.
_ROUND_ITEMS = 100
#: Maximum number of items that one round sends to one reader.
_READER_ITEMS = 25
#: Readers that are notified of a change in one turn of the event loop.
_READERS_PER_TURN = 1000
#: Seconds before a failed read is repeated; doubled after each failure, up to the second number.
_RETRY_S = (0.1, 2.0)

_READY_LINE = encode(ListReady())


class ListFeed:
    """The feed of changed rooms for the list's readers in this process; one task reads the log for all of them.

    The work grows with the number of changed rooms and their readers, not with the number of rooms.
    """

    def __init__(self, log: Log, authenticator: Authenticator | None) -> None:
        """Create a feed without readers.

        Args:
            log: The log to read.
            authenticator: Returns what a caller may read; None: everyone may read everything.

        """
        self._log = log
        self._authenticator = authenticator
        self._index = ListIndex()
        #: Readers with something to send, in the order of their turns.
        self._due: dict[ListReader, None] = {}
        #: Readers whose connection is full, with the task that waits until it takes more.
        self._blocked: dict[ListReader, asyncio.Task[None]] = {}
        self._task: asyncio.Task[None] | None = None
        #: Items in which an entry was edited or deleted since the current round began.
        self._rewritten: set[str] = set()

    def __len__(self) -> int:
        """Return the number of readers."""
        return len(self._index)

    def pending(self) -> int:
        """Return the number of changed rooms that wait to be sent, over all readers."""
        return sum(map(len, self._index.readers()))

    async def close(self) -> None:
        """Cancel the background tasks."""
        await background.cancel(self._task, *self._blocked.values())

    # --- readers

    async def start(self, reader: ListReader) -> list[ItemSummary]:
        """Start to collect changes for the reader; return the rooms for `send_latest`.

        Raises:
            ListRefusedError: Reading the list takes too long, or too many lists wait to be read.
            LogUnavailableError: Storage does not answer.

        """
        ranges = self._readable_ranges(reader)
        # Collect before reading the list, so that no change falls between the two.
        reader.collect(ranges)
        self._index.add(reader, ranges)
        if not ranges or not reader.limit:
            return []
        return await self._log.list_rooms(ranges, reader.member, limit=reader.limit)

    def send_latest(self, reader: ListReader, rooms: Iterable[ItemSummary]) -> None:
        """Send the reader the rooms that `start` returned, then `ready`; changes follow later."""
        lines = {room.item: item_line(room) for room in rooms if self._may_read(reader, room.item)}
        self._write(reader, lines | {READY: _READY_LINE})

    def stop(self, reader: ListReader) -> None:
        """Stop collecting changes for the reader, and drop what waits for it."""
        self._index.remove(reader)
        self._due.pop(reader, None)
        if blocked := self._blocked.pop(reader, None):
            blocked.cancel()

    # --- changes

    async def rooms_changed(self, items: Iterable[str]) -> None:
        """Schedule a line about each of these rooms for every reader that may read it."""
        notified = 0
        for item in items:
            for reader in self._index.candidates(item):
                if reader.add_change(item):
                    self._schedule(reader)
                notified += 1
                if notified % _READERS_PER_TURN == 0:
                    await asyncio.sleep(0)

    def marks_moved(self, moved: Mapping[str, Collection[str]]) -> None:
        """Schedule a line about a room for the readers of members whose read mark in it moved: item → members."""
        for item, members in moved.items():
            for member in members:
                for reader in self._index.readers_of_member(member):
                    if reader.add_change(item):
                        self._schedule(reader)

    def refresh_all(self) -> None:
        """Schedule the latest rooms for every reader, because it is unknown which rooms changed."""
        for reader in self._index.readers():
            self.refresh(reader)

    def refresh(self, reader: ListReader) -> None:
        """Schedule for the reader: the latest rooms that it may read now, then `ready`."""
        reader.mark_outdated()
        self._schedule(reader)

    def refresh_member(self, member: str) -> None:
        """Schedule the latest rooms for all readers of a member, whose rights have changed."""
        for reader in self._index.readers_of_member(member):
            self.refresh(reader)

    def entry_changed(self, item: str) -> None:
        """Record that an entry of the room was edited or deleted: what was read before must not be sent (S9)."""
        if self._task is not None:
            self._rewritten.add(item)

    # --- feeding

    def _schedule(self, reader: ListReader) -> None:
        """Queue the reader for the next round, unless its connection is full; start the task if it is not running."""
        if reader in self._blocked:
            return
        self._due[reader] = None
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        """Run rounds until no reader has anything to send; after a failure, wait and repeat."""
        wait_s, longest_s = _RETRY_S
        try:
            while self._due:
                self._rewritten.clear()
                try:
                    await self._run_round()
                except Exception as error:
                    if not isinstance(error, LogUnavailableError | ListRefusedError):
                        logger.exception("reading for lists of rooms failed")
                    _cannot_read(error)
                    await asyncio.sleep(wait_s)
                    wait_s = min(2 * wait_s, longest_s)
                else:
                    wait_s = _RETRY_S[0]
        finally:
            self._task = None

    async def _run_round(self) -> None:
        """Take pending items of the next readers, read their rooms from the log, and send their lines.

        Raises:
            LogUnavailableError: Storage does not answer; the items stay pending.
            ListRefusedError: Reading the list takes too long, or too many lists wait to be read.

        """
        batch: dict[ListReader, list[str]] = {}
        items: set[str] = set()
        pairs = 0
        while self._due and pairs < _ROUND_PAIRS and len(items) < _ROUND_ITEMS:
            reader = next(iter(self._due))
            if reader.outdated and batch:  # the next round sends it the latest rooms, and nothing to others
                break
            del self._due[reader]
            if reader.connection.buffered_bytes() > UNCHECKED_BYTES:
                self._block(reader)
            elif reader.outdated:
                await self._refresh(reader)
                return
            else:
                taken = batch[reader] = reader.take(_READER_ITEMS)
                pairs += len(taken)
                items.update(taken)
        try:
            await self._send(batch)
        except LogUnavailableError:
            for reader, taken in batch.items():
                if reader in self._index:
                    reader.put_back(taken)
                    self._due[reader] = None
            raise

    async def _refresh(self, reader: ListReader) -> None:
        """Send the latest rooms to a reader that is outdated.

        Raises:
            LogUnavailableError: Storage does not answer; the reader stays queued.
            ListRefusedError: Reading the list takes too long, or too many lists wait to be read.

        """
        try:
            rooms = await self.start(reader)
        except BaseException:
            reader.mark_outdated()
            if reader in self._index:
                self._due[reader] = None
            raise
        self.send_latest(reader, rooms)

    async def _send(self, batch: Mapping[ListReader, list[str]]) -> None:
        """Read the current state of these rooms once for all readers, and write each reader its lines.

        Args:
            batch: The items to send, by reader.

        Raises:
            LogUnavailableError: Storage does not answer.

        """
        pairs = dict.fromkeys(
            (item, reader.member) for reader, items in batch.items() for item in items if item != READY
        )
        counts = dict(zip(pairs, await self._log.count_unread(list(pairs)), strict=True))
        last_keys = {(count.item, count.head) for count in counts.values()}
        last = await self._log.entries_by_seq(last_keys)
        shared = {key: shared_line(*key, last.get(key)) for key in last_keys}
        for reader, items in batch.items():
            lines: dict[str, bytes] = {}
            requeued: list[str] = []
            for item in items:
                if item == READY:
                    lines[READY] = _READY_LINE
                elif item in self._rewritten:
                    requeued.append(item)
                elif self._may_read(reader, item):
                    # A room without entries was deleted: its head is 0.
                    count = counts[item, reader.member]
                    lines[item] = complete_line(shared[item, count.head], count.unread)
            if requeued:
                reader.put_back(requeued)
            self._write(reader, lines)

    def _write(self, reader: ListReader, lines: Mapping[str, bytes]) -> None:
        """Write lines (item → line) until the connection is full; make the items of the others pending again (D2)."""
        if reader not in self._index:
            return
        items = list(lines)
        for group in group_lines(lines.values()):
            if not reader.connection.try_write(Frame(b"\n".join(group))):
                reader.put_back(items)
                self._block(reader)
                return
            del items[: len(group)]
        if reader.has_pending:
            self._schedule(reader)

    def _block(self, reader: ListReader) -> None:
        """Stop sending to the reader until its connection takes more."""
        if reader not in self._blocked:
            self._blocked[reader] = asyncio.create_task(self._wait_until_writable(reader))

    async def _wait_until_writable(self, reader: ListReader) -> None:
        """Wait until the reader's connection takes more, then queue the reader again."""
        if await reader.connection.wait_writable():
            del self._blocked[reader]
            if reader.has_pending:
                self._schedule(reader)

    # --- rights

    def _readable_ranges(self, reader: ListReader) -> list[Range]:
        """Return the ranges of items that the reader may read, within its prefix."""
        ranges = [ALL_ITEMS]
        if self._authenticator is not None:
            ranges = self._authenticator.readable_ranges(reader.caller)
        return restrict_to_prefix(ranges, reader.prefix)

    def _may_read(self, reader: ListReader, item: str) -> bool:
        """Return whether the reader may read the item now."""
        return self._authenticator is None or self._authenticator.may_read(reader.caller, item)
