"""Deliver the entries of one item, in order, up to one page at a time (K2, K3)."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

from alcove.clock import now_ms
from alcove.observability.consumer_metrics import ConsumerMetrics
from alcove.protocol import Entry
from alcove.quantities import quantity
from alcove.storage.base import Page
from alcove.storage.consumers import ConsumerLog
from alcove.webhooks.failure_log import FailureLog
from alcove.webhooks.retries import RetryPolicy
from alcove.webhooks.schedule import Schedule
from alcove.webhooks.targets import Delivered, DeliverEntry, Failed, Target, Unsubscribed

logger = logging.getLogger(__name__)

#: Maximum entries of an item that are read and delivered at once; then it is another item's turn.
_PAGE_ENTRIES = 16
#: Maximum bytes of the entries that are read at once.
_PAGE_BYTES = 256 * 1024
#: Seconds after which a page is read again, so that text that was erased in the meantime is not delivered (W14).
_FRESH_S = 1.0


class ItemDelivery:
    """Delivers entries to the target of one consumer, and records the outcomes in the schedule."""

    def __init__(
        self,
        name: str,
        target: Target,
        *,
        log: ConsumerLog,
        policy: RetryPolicy,
        metrics: ConsumerMetrics,
        may_deliver: Callable[[], bool],
        disable: Callable[[], Awaitable[None]],
    ) -> None:
        """Store the collaborators.

        Args:
            name: The consumer's name.
            target: Receives the entries.
            log: The log of all rooms.
            policy: Decides when a failed delivery is retried.
            metrics: The consumer's metrics.
            may_deliver: Returns whether this process may deliver now.
            disable: Called when the target answers 410: it stops further deliveries.

        """
        self._name = name
        self._target = target
        self._log = log
        self._policy = policy
        self._metrics = metrics
        self._may_deliver = may_deliver
        self._disable = disable
        self._failures = FailureLog(name)

    async def run(self, schedule: Schedule, item: str) -> None:
        """Deliver up to one page of the item's entries. Raises LogUnavailableError if storage does not answer."""
        async with self._target.open_delivery(item) as deliver:
            await self._deliver_entries(schedule, item, deliver)

    async def _deliver_entries(self, schedule: Schedule, item: str, deliver: DeliverEntry) -> None:
        """Deliver up to one page of entries; stop at the first failure, or if the position must be loaded again."""
        loop = asyncio.get_running_loop()
        page: Page | None = None
        read_at = 0.0
        imported: list[tuple[int, int]] = []  # ranges of seqs that were imported, and are not delivered
        for _ in range(_PAGE_ENTRIES):
            position = schedule.position(item)
            if position is None or position.seq >= position.head or not self._may_deliver():
                return
            if page is None or not page.entries or position.head > page.head or loop.time() - read_at > _FRESH_S:
                read_at = loop.time()
                page = await self._log.read(item, after=position.seq, limit=_PAGE_ENTRIES, max_bytes=_PAGE_BYTES)
                if page.log != position.log or page.head < position.head:
                    schedule.reload(item)
                    return
                if not page.entries:  # retention has removed the remaining entries
                    self._metrics.missed.inc(page.head - position.seq)
                    schedule.record_delivered(item, page.head, reached=False)
                    return
                self._metrics.missed.inc(page.entries[0].seq - position.seq - 1)
                imported = await self._log.consumers.imported_ranges(item, page.entries[0].seq, page.entries[-1].seq)
            entry = page.entries.pop(0)
            if not self._target.wants_entry(entry) or any(first <= entry.seq <= last for first, last in imported):
                schedule.record_delivered(item, entry.seq, reached=False)
                continue
            outcome = await deliver(page.log, entry)
            match outcome:
                case Delivered():
                    self._count_delivered(entry, had_failed=position.failure is not None)
                    schedule.record_delivered(item, entry.seq)
                case Failed():
                    self._record_failure(schedule, item, entry.seq, outcome)
                    return
                case Unsubscribed():
                    await self._disable()
                    self._failures.report_disabled()
                    return

    def _count_delivered(self, entry: Entry, *, had_failed: bool) -> None:
        """Count a delivery, and let the failure log report that the consumer works again."""
        self._metrics.delivered.inc()
        self._metrics.delay.observe(max(0, now_ms() - entry.at) / 1000)
        if self._may_deliver():  # not if another item got a 410 in the meantime
            self._failures.report_delivery(had_failed=had_failed)

    def _record_failure(self, schedule: Schedule, item: str, seq: int, outcome: Failed) -> None:
        """Record a failed attempt in the schedule; report the item if it is parked now."""
        position = schedule.position(item)
        if position is None:
            return
        self._metrics.failed.inc()
        self._failures.report_failure(item, seq, outcome, first=not schedule.has_failures)
        failure = self._policy.next_failure(
            position.failure,
            outcome.error,
            now=now_ms(),
            chance=random.random(),  # noqa: S311 - it spreads retries in time
            wait_ms=outcome.wait_ms,
        )
        schedule.record_failure(item, failure, unreachable=outcome.unreachable)
        if failure.parked:
            self._metrics.parked.inc()
            logger.error(
                "consumer %s: entry %d of item %s is parked after %s (%s), and so are later ones of the item:"
                " alcove webhooks retry|skip",
                *(self._name, seq, item, quantity(failure.attempts, "attempt"), failure.error),
                exc_info=outcome.cause,
            )
