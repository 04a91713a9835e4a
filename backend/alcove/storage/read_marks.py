"""Store read marks in batches: marks that arrive during one transaction are stored by the next one (P5)."""

import asyncio
from collections.abc import Callable, Collection

from alcove.storage.base import Log, RoomReadMark

#: Number of marks at which a batch is full. The marks of the room that fills the batch may exceed this number.
_FULL_BATCH_MARKS = 1000

#: Read marks of several rooms: (item, member) → seq.
_MarksByRoom = dict[tuple[str, str], int]

#: Called with an item and the members whose read marks in its room were stored.
OnMarksStored = Callable[[str, Collection[str]], None]


class ReadMarkWriter:
    """Stores the read marks of all rooms in shared transactions: one for each room would leave no time for sends."""

    def __init__(self, log: Log, on_stored: OnMarksStored = lambda _item, _members: None) -> None:
        """Create a writer with nothing to store.

        Args:
            log: Stores the marks.
            on_stored: Called with an item and the members whose marks in its room were stored.

        """
        self._log = log
        self._on_stored = on_stored
        #: The marks of the next batch.
        self._waiting: _MarksByRoom = {}
        #: The task that will store the next batch; None: no mark waits.
        self._next_batch: asyncio.Task[_MarksByRoom] | None = None
        self._store_lock = asyncio.Lock()
        #: By item, the latest unfinished batch that has marks of the item's room.
        self._last_batch: dict[str, asyncio.Task[_MarksByRoom]] = {}

    async def store(self, item: str, marks: dict[str, int]) -> dict[str, int]:
        """Store read marks of one room with the next batch.

        Args:
            item: The item of the room.
            marks: The seq by member id.

        Returns:
            The stored seq by member id, which is greater than the given one if the member had read further before.

        Raises:
            LogUnavailableError: Storage does not answer; no mark of the batch was stored.

        """
        for member, seq in marks.items():
            self._waiting[item, member] = max(seq, self._waiting.get((item, member), 0))
        batch = self._next_batch
        if batch is None:
            batch = self._next_batch = asyncio.create_task(self._store_batch(self._waiting))
        self._last_batch[item] = batch
        if len(self._waiting) >= _FULL_BATCH_MARKS:
            self._waiting, self._next_batch = {}, None
        try:
            stored = await asyncio.shield(batch)
        finally:
            if self._last_batch.get(item) is batch:
                del self._last_batch[item]
        self._on_stored(item, marks.keys())
        return {member: stored[item, member] for member in marks}

    async def wait_stored(self, item: str) -> None:
        """Wait until all marks of the item that were passed to `store` are stored or have failed."""
        if batch := self._last_batch.get(item):
            await asyncio.wait([batch])

    async def _store_batch(self, batch: _MarksByRoom) -> _MarksByRoom:
        """Wait for the previous batch, then store this one with the marks added meanwhile.

        Return the resulting marks.
        """
        async with self._store_lock:
            if self._waiting is batch:
                self._waiting, self._next_batch = {}, None
            marks = [RoomReadMark(item, member, seq) for (item, member), seq in batch.items()]
            stored = await self._log.move_read_marks(marks)
        return {(mark.item, mark.member): mark.seq for mark in stored}
