"""Read marks on their way into the log: while some are stored others gather, and the next go together (P5)."""

import asyncio

from alcove.storage.base import Log, RoomReadMark

#: Marks that one transaction takes, give or take a room's.
_BATCH = 1000

#: Where members stand in items: (item, member) → seq.
Stand = dict[tuple[str, str], int]


class ReadMarkWriter:
    """The marks of all rooms, stored a batch at a time: a transaction for each room would leave none for sends."""

    def __init__(self, store: Log) -> None:
        self._log = store
        self._waiting: Stand = {}
        self._next: asyncio.Task[Stand] | None = None
        self._storing = asyncio.Lock()
        #: The last batch on its way, by item.
        self._last: dict[str, asyncio.Task[Stand]] = {}

    async def store(self, item: str, marks: dict[str, int]) -> dict[str, int]:
        """Store marks of one room; return where each member stands then. Raises LogUnavailableError."""
        for member, seq in marks.items():
            self._waiting[item, member] = max(seq, self._waiting.get((item, member), 0))
        batch = self._next
        if batch is None:
            batch = self._next = asyncio.create_task(self._store(self._waiting))
        self._last[item] = batch
        if len(self._waiting) >= _BATCH:
            self._waiting, self._next = {}, None
        try:
            stand = await asyncio.shield(batch)
        finally:
            if self._last.get(item) is batch:
                del self._last[item]
        return {member: stand[item, member] for member in marks}

    async def wait_stored(self, item: str) -> None:
        """Wait for the marks of the item that are on their way, however that ends."""
        if batch := self._last.get(item):
            await asyncio.wait([batch])

    async def _store(self, waiting: Stand) -> Stand:
        async with self._storing:
            if self._waiting is waiting:
                self._waiting, self._next = {}, None
            stored = await self._log.move_read_marks(
                [RoomReadMark(item, member, seq) for (item, member), seq in waiting.items()]
            )
        return {(mark.item, mark.member): mark.seq for mark in stored}
