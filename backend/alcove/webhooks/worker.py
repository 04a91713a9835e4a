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

#: Positions read or stored in one query, and rooms looked at in one.
_POSITIONS, _ROOMS = 500, 1000
#: Seconds between two times that positions are stored: what is delivered again after a crash.
_STORE_S = 0.2
#: Seconds between two polls for rooms that changed: while every change is announced, and while not (X2).
_POLL_S = (10.0, 1.0)
#: Milliseconds that the time of a room may be behind, as clocks differ and a commit takes its time.
_OVERLAP_MS = 60_000
#: Seconds between two times that all rooms are looked at.
_SCAN_S = 600.0
#: Seconds before storage is asked again, and that deliveries have to end with the process.
_RETRY_S, _CLOSE_S = 1.0, 2.0


class ConsumerWorker:
    """Runs one consumer. It is idle until `lead` gives it the lease."""

    def __init__(
        self,
        name: str,
        target: Target,
        *,
        log: ConsumerLog,
        holder: str,
        policy: RetryPolicy,
        items: int,
        at_once: int,
        metrics: ConsumerMetrics,
        complete: Callable[[], bool],
    ) -> None:
        """Create a worker; `run` starts it.

        Args:
            name: The consumer's name.
            target: Takes the entries.
            log: The log of all rooms, and of consumers.
            holder: Who this process is in leases.
            policy: When failures are repeated.
            items: Items in memory at most.
            at_once: Items that are delivered at once.
            metrics: The consumer's metrics.
            complete: Whether every change of a room is announced (`note`), as far as is known.

        """
        self.name = name
        self._target = target
        self._log = log
        self._holder = holder
        self._delivery = ItemDelivery(
            name, target, log=log, policy=policy, metrics=metrics, may_deliver=self._may_deliver, on_gone=self._disable
        )
        self._sizes = items, at_once
        self._metrics = metrics
        self._complete = complete
        self._schedule = Schedule(items=items, at_once=at_once)
        self._deliveries: set[asyncio.Task[None]] = set()
        self._record: ConsumerRecord | None = None
        #: Until when this process may deliver, by the loop's clock.
        self._leads_until = 0.0
        self._stores = True
        self._scan_due = True
        self._closing = False
        #: Set when there may be something to do: for the main loop, for the scan.
        self._wake, self._look, self._changed = asyncio.Event(), asyncio.Event(), asyncio.Event()

    # --- what happens elsewhere

    def note(self, item: str, head: int) -> None:
        """Record that an item's log extends to `head`; below 1: it has another history. Called by each commit."""
        if self._leads_until and self._target.wants_item(item):
            self._schedule.note(item, head)
            self._wake.set()

    def doubt(self) -> None:
        """Look at all rooms: announcements may be missing."""
        self._scan_due = True
        self._look.set()

    def lead(self, record: ConsumerRecord | None, until: float) -> None:
        """Take note of the lease: what is stored of the consumer, and until when it lasts; None: it is not held."""
        if record is None:
            self._leads_until = 0.0
        else:
            self._leads_until = until
            if self._record is not None and record.revision != self._record.revision:
                self._schedule.reread_failing()
                self.doubt()
            self._record = record
        self._changed.set()
        self._wake.set()

    @property
    def leads(self) -> bool:
        """Whether this process may deliver now."""
        return asyncio.get_running_loop().time() < self._leads_until

    @property
    def disabled(self) -> bool:
        """Whether the target answered that it wants nothing more."""
        return self._record is not None and self._record.disabled == self._target.digest

    async def run(self) -> None:
        """Deliver whenever this process has the lease, until cancelled."""
        while True:
            self._changed.clear()
            if not self.leads:
                self._metrics.leading.set(0)
                await self._changed.wait()
                continue
            self._metrics.leading.set(1)
            self._schedule = Schedule(items=self._sizes[0], at_once=self._sizes[1])
            self._scan_due, self._stores = True, True
            try:
                await self._lead()
            except Exception:
                logger.exception("consumer %s failed, and begins again", self.name)
                await asyncio.sleep(_RETRY_S)

    async def close(self) -> None:
        """End the deliveries in progress, and store how far they came."""
        self._closing = True
        if self._deliveries:
            await asyncio.wait(self._deliveries, timeout=_CLOSE_S)
        await background.cancel(*self._deliveries)
        with suppress(LogUnavailableError):
            while self._schedule.changed and self.leads:
                await self._store()

    # --- while this process has the lease

    async def _lead(self) -> None:
        """Scan, deliver and store until the lease is lost; raise what failed unexpectedly."""
        tasks = [asyncio.create_task(work()) for work in (self._scan_rooms, self._deliver_items, self._store_positions)]
        try:
            while self.leads:
                left = self._leads_until - asyncio.get_running_loop().time()
                done, _ = await asyncio.wait(tasks, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            if not self._closing:
                await background.cancel(*self._deliveries)
            await background.cancel(*tasks)

    async def _scan_rooms(self) -> None:
        """Find rooms with undelivered entries: all of them now and then, those that changed lately in between."""
        loop = asyncio.get_running_loop()
        scanned = loop.time()
        while True:
            try:
                if self._scan_due or (self._schedule.overflowed and not self._schedule.crowded):
                    self._scan_due = self._schedule.overflowed = False
                    scanned = loop.time()
                    await self._scan_all()
                else:
                    for item, head in await self._log.changed_since(now_ms() - _OVERLAP_MS, limit=self._sizes[0]):
                        self.note(item, head)
                self._metrics.parked.set(await self._log.consumers.parked_count(self.name))
            except LogUnavailableError as error:
                _unavailable(error)
                self._scan_due = True
                await asyncio.sleep(_RETRY_S)
                continue
            self._metrics.pending.set(self._schedule.pending)
            if loop.time() - scanned > _SCAN_S:
                self._scan_due = True
                continue
            self._look.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(_POLL_S[not self._complete() or self._schedule.overflowed]):
                    await self._look.wait()

    async def _scan_all(self) -> None:
        after: int | None = 0
        while after is not None and not self._schedule.overflowed:
            positions, after = await self._log.consumers.pending(self.name, after, limit=_ROOMS)
            for position in positions:
                if self._target.wants_item(position.item):
                    self._schedule.load(position)
            self._wake.set()

    async def _deliver_items(self) -> None:
        """Begin deliveries whenever there is something to deliver and a slot is free."""
        while True:
            self._wake.clear()
            try:
                await self._read_positions()
            except LogUnavailableError as error:
                _unavailable(error)
                await asyncio.sleep(_RETRY_S)
                continue
            while self._may_deliver() and (position := self._schedule.take(now_ms())) is not None:
                task = asyncio.create_task(self._deliver_item(position.item))
                self._deliveries.add(task)
                task.add_done_callback(self._delivery_ended)
            due = self._schedule.next_due() if self._may_deliver() else None
            with suppress(TimeoutError):
                async with asyncio.timeout(None if due is None else max(0, due - now_ms()) / 1000):
                    await self._wake.wait()

    async def _read_positions(self) -> None:
        while items := self._schedule.unknown(_POSITIONS):
            try:
                positions = await self._log.consumers.positions(self.name, items)
            except LogUnavailableError:
                self._schedule.want(items)
                raise
            for position in positions:
                self._schedule.load(position)

    def _may_deliver(self) -> bool:
        return self._stores and not self._closing and not self.disabled and self.leads

    def _delivery_ended(self, task: asyncio.Task[None]) -> None:
        self._deliveries.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a delivery of consumer %s failed", self.name, exc_info=error)

    async def _deliver_item(self, item: str) -> None:
        schedule = self._schedule
        try:
            await self._delivery.run(schedule, item)
        except LogUnavailableError as error:
            _unavailable(error)
            await asyncio.sleep(_RETRY_S)
        finally:
            schedule.end(item)
            self._wake.set()

    async def _disable(self) -> None:
        """Stop delivering to the target, on all processes, until an operator retries (K3)."""
        if not self.disabled:
            logger.error("consumer %s is disabled: the receiver answered 410 (alcove webhooks retry)", self.name)
        await self._log.consumers.disable(self.name, self._target.digest)
        revision = 0 if self._record is None else self._record.revision
        self._record = ConsumerRecord(revision, self._target.digest)
        self._metrics.disabled.set(1)

    async def _store_positions(self) -> None:
        while True:
            await asyncio.sleep(_STORE_S)
            try:
                while self._schedule.changed:
                    await self._store()
            except LogUnavailableError as error:
                _unavailable(error)
                self._stores = False
                await asyncio.sleep(_RETRY_S)
            else:
                if not self._stores:
                    self._stores = True
                    self._wake.set()
            self._metrics.disabled.set(self.disabled)

    async def _store(self) -> None:
        changes = self._schedule.changes(_POSITIONS)
        stored = await self._log.consumers.save(self.name, self._holder, [position for position, _ in changes])
        self._schedule.stored(changes, stored)
