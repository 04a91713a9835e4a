"""Batch sends into commits without timers: drafts that arrive during one commit are stored by the next."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter
from typing import NamedTuple

from alcove.errors import AlcoveError
from alcove.observability.metrics import SERVER_METRICS, Metrics
from alcove.repeated_warnings import RepeatedWarning
from alcove.storage.base import Draft, Log, LogUnavailableError, Outcome, Position, Refused, UnstorableError
from alcove.storage.outcomes import OutcomeFuture, OutcomeHandler, call_handlers

logger = logging.getLogger(__name__)

#: Maximum drafts in one commit.
_MAX_DRAFTS = 1024
#: Up to this many waiting drafts go into one commit. More are split, so that one half is stored while the other half is
#: delivered.
_SPLIT_ABOVE = 256
#: A commit takes no further draft once its bodies exceed this many bytes.
_MAX_BYTES = 8 * 1024 * 1024
#: Maximum seconds that the delivery of a stored batch waits for the next batch's I/O to be pending.
_IO_PENDING_TIMEOUT_S = 0.01


class QueueFullError(AlcoveError):
    """Too many drafts are waiting for storage (L4)."""


class _PendingCommit(NamedTuple):
    """A batch that was passed to the log and is not durable yet."""

    batch: list[tuple[Draft, OutcomeHandler]]
    outcomes: Awaitable[list[Outcome]]
    #: Set once the log only waits for storage I/O (Log.append).
    io_pending: asyncio.Event
    #: When the commit began, by `perf_counter`.
    started: float


class Committer:
    """Queues drafts in front of the log, and stores them in order, one commit at a time."""

    def __init__(
        self,
        log: Log,
        deliver: Callable[[list[tuple[Draft, Outcome]]], None],
        max_waiting: int,
        position: Callable[[str], Position | None] = lambda _: None,
        metrics: Metrics = SERVER_METRICS,
    ) -> None:
        """Create an empty queue.

        Args:
            log: Stores the drafts.
            deliver: Called with each durable batch, before its outcome handlers are called.
            max_waiting: The maximum number of drafts that wait (L4).
            position: Returns the last position of an item's room that this process has seen, or None if it has seen
                none. The log compares the position with the entries that it has (X8).
            metrics: Measures the commits.

        """
        self._log = log
        self._metrics = metrics
        self._position = position
        self._deliver = deliver
        self._max_waiting = max_waiting
        self._waiting: list[tuple[Draft, OutcomeHandler]] = []
        #: The number of drafts that a commit has taken from the queue and not finished.
        self._committing = 0
        #: Whether the last commit failed.
        self.failing = False
        self._warn_unavailable = RepeatedWarning(logger, "sends are refused because storage is unavailable: %s")
        #: The task that commits; None: no draft is waiting.
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """Return the number of drafts that are waiting or being stored."""
        return len(self._waiting) + self._committing

    def __repr__(self) -> str:
        state = "failing" if self.failing else "ok"
        return f"<Committer {len(self._waiting)} waiting, {self._committing} committing, {state}>"

    def submit(self, draft: Draft, handler: OutcomeHandler) -> None:
        """Add a draft to the queue; the committer later calls `handler` with the draft's outcome.

        Raises:
            QueueFullError: Too many drafts are waiting (L4).

        """
        waiting = len(self._waiting) + self._committing
        if waiting >= self._max_waiting:
            raise QueueFullError(f"{waiting} sends are waiting for storage already")
        self._waiting.append((draft, handler))
        if self._task is None:
            # The task starts after everything that is ready in this turn of the loop, so those drafts join the batch.
            self._task = asyncio.create_task(self._run())

    async def store(self, draft: Draft) -> Outcome:
        """Submit a draft, and return its outcome; an entry that was stored is durable and delivered when this returns.

        Raises:
            QueueFullError: Too many drafts are waiting (L4).
            LogUnavailableError: Storage does not answer, so nothing is stored (S7).

        """
        waiter = OutcomeFuture(asyncio.get_running_loop().create_future())
        self.submit(draft, waiter)
        return await waiter.future

    async def drain(self) -> None:
        """Wait until no draft is waiting or being stored."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        """Commit batches until no draft is waiting. A batch is delivered while the next one waits for the disk."""
        try:
            pending = self._begin_commit()
            while pending is not None:
                batch = pending.batch
                try:
                    outcomes = await self._finish_commit(pending)
                except LogUnavailableError as error:
                    self._warn_unavailable(error)
                    self._refuse_all(batch, error)
                except UnstorableError:
                    await self._store_one_by_one(batch)
                except Exception:
                    logger.exception("storing a batch failed unexpectedly: storing its sends one by one")
                    await self._store_one_by_one(batch)
                else:
                    pending = self._begin_commit()
                    try:
                        if pending is not None:
                            await self._wait_io_pending(pending)
                    finally:
                        self._deliver_and_report(batch, outcomes)
                    if pending is not None:
                        continue
                pending = self._begin_commit()
        finally:
            self._task = None

    def _begin_commit(self) -> _PendingCommit | None:
        """Take the next batch and pass it to the log; return None if no draft is waiting."""
        started = perf_counter()
        batch = self._take_batch()
        if not batch:
            return None
        self._metrics.commit_sends.observe(len(batch))
        io_pending = asyncio.Event()
        try:
            outcomes = self._append([draft for draft, _ in batch], io_pending)
        except Exception as error:
            logger.exception("Log.append raised instead of returning an awaitable that does")
            io_pending.set()
            outcomes = _fail(error)
        return _PendingCommit(batch, outcomes, io_pending, started)

    def _append(self, drafts: list[Draft], io_pending: asyncio.Event) -> Awaitable[list[Outcome]]:
        """Pass drafts to the log, with the last position of each of their rooms that this process has seen."""
        positions: dict[str, Position] = {}
        for draft in drafts:
            if draft.item not in positions and (position := self._position(draft.item)) is not None:
                positions[draft.item] = position
        return self._log.append(drafts, io_pending, positions)

    async def _wait_io_pending(self, pending: _PendingCommit) -> None:
        """Wait until a commit no longer needs the processor, but at most `_IO_PENDING_TIMEOUT_S` seconds.

        Delivering the previous batch earlier would compete with the commit for the processor, or for Python's lock. It
        would delay the disk write, and leave nothing to do while the disk writes.
        """
        timeout = asyncio.get_running_loop().call_later(_IO_PENDING_TIMEOUT_S, pending.io_pending.set)
        await pending.io_pending.wait()
        timeout.cancel()

    async def _finish_commit(self, pending: _PendingCommit) -> list[Outcome]:
        """Wait for the outcomes of a commit, and record its duration, whether it succeeds or fails."""
        try:
            outcomes = await pending.outcomes
            self.failing = False
            return outcomes
        finally:
            self._metrics.commit_seconds.observe(perf_counter() - pending.started)

    async def _store_one_by_one(self, batch: list[tuple[Draft, OutcomeHandler]]) -> None:
        """Store each draft of a batch in its own commit, so that one unstorable draft does not fail the others."""
        for index, (draft, handler) in enumerate(batch):
            try:
                outcomes: Sequence[Outcome | LogUnavailableError] = await self._append([draft], asyncio.Event())
            except LogUnavailableError as error:
                self._warn_unavailable(error)
                self._refuse_all(batch[index:], error)
                return
            except UnstorableError as error:
                outcomes = [Refused("invalid", f"this cannot be stored: {error}")]
            except Exception as error:  # noqa: BLE001 - it was logged when the whole batch failed
                outcomes = [LogUnavailableError(str(error))]
            self._deliver_and_report([(draft, handler)], outcomes)

    def _deliver_and_report(
        self, batch: list[tuple[Draft, OutcomeHandler]], outcomes: Sequence[Outcome | LogUnavailableError]
    ) -> None:
        """Call `deliver` with the drafts that the log stored or refused, then call every outcome handler.

        Drafts whose outcome is LogUnavailableError are not delivered. The handlers are called even if the delivery
        fails (S3).
        """
        decided = [
            (draft, outcome)
            for (draft, _), outcome in zip(batch, outcomes, strict=True)
            if not isinstance(outcome, LogUnavailableError)
        ]
        try:
            self._deliver(decided)
        except Exception:
            logger.exception("a delivery failed; connections read the entries from the log instead")
        call_handlers(batch, outcomes)

    def _refuse_all(self, batch: list[tuple[Draft, OutcomeHandler]], error: LogUnavailableError) -> None:
        """Refuse a batch and every waiting draft with `error`.

        Clients send refused drafts again; a draft that waits now must not be stored before these (S2, S7).
        """
        self.failing = True
        failed, self._waiting, self._committing = batch + self._waiting, [], 0
        call_handlers(failed, [error] * len(failed))

    def _take_batch(self) -> list[tuple[Draft, OutcomeHandler]]:
        """Remove the drafts of the next commit from the queue, within the limits of one commit, and return them."""
        half = (len(self) + 1) // 2
        size = 0
        count = 0
        for draft, _ in self._waiting[: min(_MAX_DRAFTS, max(_SPLIT_ABOVE, half))]:
            size += len(draft.body) if draft.body is not None else 0
            count += 1
            if size > _MAX_BYTES:
                break
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        self._committing = len(batch)
        return batch


async def _fail(error: Exception) -> list[Outcome]:
    """Raise `error` when awaited: the outcomes of a commit that could not start."""
    raise error
