"""Deliver the entries of all rooms to one target, in order for each item, while this process has the lease (K2)."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from alcove import background
from alcove.clock import now_ms
from alcove.observability.consumer_metrics import ConsumerMetrics
from alcove.repeated_warnings import RepeatedWarning
from alcove.storage.base import LogUnavailableError
from alcove.storage.consumers import ConsumerLog, ConsumerRecord
from alcove.webhooks.item_delivery import ItemDelivery
from alcove.webhooks.retries import RetryPolicy
from alcove.webhooks.schedule import Schedule
from alcove.webhooks.targets import Target

logger = logging.getLogger(__name__)
_unavailable = RepeatedWarning(logger, "deliveries wait, because storage does not answer: %s")

#: Maximum numbers of positions that one query loads or stores, and of rooms that one query scans.
_POSITIONS_PER_QUERY, _ROOMS_PER_QUERY = 500, 1000
#: Seconds between two stores of positions; entries delivered in between are delivered again after a crash.
_STORE_S = 0.2
#: Seconds between two polls for rooms that changed, while every change is announced.
_POLL_S = 10.0
#: Seconds between two polls while changes may not be announced, or did not fit into the schedule (X2).
_FREQUENT_POLL_S = 1.0
#: How far back a poll looks, in ms: an entry's time may precede its commit, as clocks differ and commits take time.
_LOOK_BACK_MS = 60_000
#: Seconds between two scans of all rooms.
_SCAN_S = 600.0
#: Seconds before a failed query is repeated.
_RETRY_S = 1.0
#: Seconds that deliveries have to finish when the process ends.
_CLOSE_S = 2.0


class ConsumerWorker:
    """Runs one consumer. The worker delivers nothing until `set_lease` gives it the lease."""

    def __init__(
        self,
        name: str,
        target: Target,
        *,
        log: ConsumerLog,
        holder: str,
        policy: RetryPolicy,
        max_items: int,
        max_deliveries: int,
        metrics: ConsumerMetrics,
        bus_is_complete: Callable[[], bool],
    ) -> None:
        """Create a worker; `run` starts it.

        Args:
            name: The consumer's name.
            target: Receives the entries.
            log: The log of all rooms, and of the consumers' positions.
            holder: The id of this process in leases.
            policy: Decides when a failed delivery is retried.
            max_items: The maximum number of items in memory.
            max_deliveries: The maximum number of items that are delivered at the same time.
            metrics: The consumer's metrics.
            bus_is_complete: Returns whether every change of a room is passed to `record_head`, as far as is known.

        """
        self.name = name
        self._target = target
        self._log = log
        self._holder = holder
        self._delivery = ItemDelivery(
            name, target, log=log, policy=policy, metrics=metrics, may_deliver=self._may_deliver, disable=self._disable
        )
        self._max_items = max_items
        self._max_deliveries = max_deliveries
        self._metrics = metrics
        self._bus_is_complete = bus_is_complete
        self._schedule = Schedule(max_items=max_items, max_deliveries=max_deliveries)
        self._deliveries: set[asyncio.Task[None]] = set()
        self._record: ConsumerRecord | None = None
        #: When the lease of this process ends, by the loop's clock; 0: this process does not have the lease.
        self._lease_until = 0.0
        #: Whether the last attempt to store positions succeeded; nothing is delivered otherwise.
        self._storage_available = True
        self._scan_due = True
        self._closing = False
        #: Set when an item may be ready to be delivered.
        self._wake = asyncio.Event()
        self._scan_requested, self._lease_changed = asyncio.Event(), asyncio.Event()

    # --- called from outside

    def record_head(self, item: str, head: int) -> None:
        """Record that an item's log extends to `head` (below 1: the item has a new history); called for each commit."""
        if self._lease_until and self._target.wants_item(item):
            self._schedule.record_head(item, head)
            self._wake.set()

    def request_scan(self) -> None:
        """Scan all rooms soon, because announcements may be missing."""
        self._scan_due = True
        self._scan_requested.set()

    def set_lease(self, record: ConsumerRecord | None, until: float) -> None:
        """Set whether this process has the lease.

        Args:
            record: The stored state of the consumer; None: this process does not have the lease.
            until: When the lease ends, by the loop's clock.

        """
        self._lease_until = 0.0 if record is None else until
        if record is not None:
            if self._record is not None and record.revision != self._record.revision:
                self._schedule.reload_failing()
                self.request_scan()
            self._record = record
        self._lease_changed.set()
        self._wake.set()

    @property
    def has_lease(self) -> bool:
        """Whether the lease of this process has not ended."""
        return asyncio.get_running_loop().time() < self._lease_until

    @property
    def disabled(self) -> bool:
        """Whether the target answered 410, and no operator has retried since."""
        return self._record is not None and self.is_disabled(self._record)

    def is_disabled(self, record: ConsumerRecord) -> bool:
        """Return whether `record` disables the target; a record of a 410 from an earlier address does not."""
        return record.disabled == self._target.receiver_id

    async def run(self) -> None:
        """Deliver whenever this process has the lease, until cancelled."""
        while True:
            self._lease_changed.clear()
            if not self.has_lease:
                await self._lease_changed.wait()
                continue
            self._metrics.has_lease.set(1)
            self._schedule = Schedule(max_items=self._max_items, max_deliveries=self._max_deliveries)
            self._scan_due, self._storage_available = True, True
            try:
                await self._run_with_lease()
            except Exception:
                logger.exception("consumer %s failed, and starts again", self.name)
                await asyncio.sleep(_RETRY_S)
            finally:
                self._metrics.has_lease.set(0)

    async def close(self) -> None:
        """Wait for the deliveries in progress, and store the positions."""
        self._closing = True
        if self._deliveries:
            await asyncio.wait(self._deliveries, timeout=_CLOSE_S)
        await background.cancel(*self._deliveries)
        with suppress(LogUnavailableError):
            while self._schedule.has_changes and self.has_lease:
                await self._store()

    # --- while this process has the lease

    async def _run_with_lease(self) -> None:
        """Scan rooms, deliver entries and store positions until the lease is lost. Raises the error of a task."""
        tasks = [asyncio.create_task(work()) for work in (self._scan_rooms, self._deliver_items, self._store_positions)]
        try:
            while self.has_lease:
                remaining_s = self._lease_until - asyncio.get_running_loop().time()
                done, _ = await asyncio.wait(tasks, timeout=remaining_s, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            if not self._closing:
                await background.cancel(*self._deliveries)
            await background.cancel(*tasks)

    async def _scan_rooms(self) -> None:
        """Find rooms with undelivered entries: scan all rooms every ten minutes, recently changed rooms in between."""
        loop = asyncio.get_running_loop()
        scanned_at = loop.time()
        while True:
            try:
                if self._scan_due or (self._schedule.overflowed and not self._schedule.is_half_full):
                    self._scan_due = self._schedule.overflowed = False
                    scanned_at = loop.time()
                    await self._scan_all()
                else:
                    for item, head in await self._log.changed_since(now_ms() - _LOOK_BACK_MS, limit=self._max_items):
                        self.record_head(item, head)
                self._metrics.parked.set(await self._log.consumers.parked_count(self.name))
            except LogUnavailableError as error:
                _unavailable(error)
                self._scan_due = True
                await asyncio.sleep(_RETRY_S)
                continue
            self._metrics.pending.set(self._schedule.pending)
            if loop.time() - scanned_at > _SCAN_S:
                self._scan_due = True
                continue
            self._scan_requested.clear()
            with suppress(TimeoutError):
                has_all = self._bus_is_complete() and not self._schedule.overflowed
                async with asyncio.timeout(_POLL_S if has_all else _FREQUENT_POLL_S):
                    await self._scan_requested.wait()

    async def _scan_all(self) -> None:
        """Add every room with undelivered entries to the schedule, until the schedule is full."""
        after: int | None = 0
        while after is not None and not self._schedule.overflowed:
            positions, after = await self._log.consumers.pending_positions(self.name, after, limit=_ROOMS_PER_QUERY)
            for position in positions:
                if self._target.wants_item(position.item):
                    self._schedule.add(position)
            self._wake.set()

    async def _deliver_items(self) -> None:
        """Start deliveries whenever an item is ready and a slot is free."""
        while True:
            self._wake.clear()
            try:
                await self._load_positions()
            except LogUnavailableError as error:
                _unavailable(error)
                await asyncio.sleep(_RETRY_S)
                continue
            while self._may_deliver() and (position := self._schedule.start_next(now_ms())) is not None:
                task = asyncio.create_task(self._deliver_item(position.item))
                self._deliveries.add(task)
                task.add_done_callback(self._delivery_ended)
            due = self._schedule.next_due() if self._may_deliver() else None
            with suppress(TimeoutError):
                async with asyncio.timeout(None if due is None else max(0, due - now_ms()) / 1000):
                    await self._wake.wait()

    async def _load_positions(self) -> None:
        """Load the positions that the schedule lacks. Raises LogUnavailableError if storage does not answer."""
        while items := self._schedule.take_unloaded(_POSITIONS_PER_QUERY):
            try:
                positions = await self._log.consumers.positions(self.name, items)
            except LogUnavailableError:
                self._schedule.queue_load(items)
                raise
            for position in positions:
                self._schedule.add(position)

    def _may_deliver(self) -> bool:
        """Return whether deliveries may start or continue now."""
        return self._storage_available and not self._closing and not self.disabled and self.has_lease

    def _delivery_ended(self, task: asyncio.Task[None]) -> None:
        """Drop the task of a delivery that ended; log its exception if it failed."""
        self._deliveries.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a delivery of consumer %s failed", self.name, exc_info=error)

    async def _deliver_item(self, item: str) -> None:
        """Deliver up to one page of an item's entries; pause the item if storage does not answer."""
        schedule = self._schedule
        try:
            await self._delivery.run(schedule, item)
        except LogUnavailableError as error:
            _unavailable(error)
            await asyncio.sleep(_RETRY_S)
        finally:
            schedule.finish(item)
            self._wake.set()

    async def _disable(self) -> None:
        """Stop delivering to the target, on all processes, until an operator retries (K3)."""
        self._record = ConsumerRecord(0 if self._record is None else self._record.revision, self._target.receiver_id)
        self._metrics.disabled.set(1)
        await self._log.consumers.disable(self.name, self._target.receiver_id)

    async def _store_positions(self) -> None:
        """Store changed positions every `_STORE_S` seconds; stop deliveries while storage does not answer."""
        while True:
            await asyncio.sleep(_STORE_S)
            try:
                while self._schedule.has_changes:
                    await self._store()
            except LogUnavailableError as error:
                _unavailable(error)
                self._storage_available = False
                await asyncio.sleep(_RETRY_S)
            else:
                if not self._storage_available:
                    self._storage_available = True
                    self._wake.set()
            self._metrics.disabled.set(self.disabled)

    async def _store(self) -> None:
        """Store changed positions with one query. Raises LogUnavailableError if storage does not answer."""
        changes = self._schedule.positions_to_store(_POSITIONS_PER_QUERY)
        stored = await self._log.consumers.save(self.name, self._holder, [position for position, _ in changes])
        self._schedule.record_stored(changes, stored)
