"""Natural batching: while one commit runs, drafts gather; the next commit takes them all."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import NamedTuple, Protocol

from alcove.errors import AlcoveError
from alcove.observability.metrics import BATCH, COMMIT
from alcove.repeated_warnings import RepeatedWarning
from alcove.storage.base import Draft, Log, LogUnavailableError, Outcome, Position, Refused, UnstorableError

logger = logging.getLogger("alcove.committer")

#: Drafts in one commit at most.
_MOST = 1024
#: Up to so many are one commit; of more, one half is stored while the other half is delivered.
_SPLIT = 256
#: Bytes of bodies that one commit takes at most.
_BATCH_BYTES = 8 * 1024 * 1024
#: Seconds that a durable batch waits at most for the processor to be done with the next one.
_PATIENCE_S = 0.01


class OverloadedError(AlcoveError):
    """Too many drafts wait for storage (L4)."""


class Sender(Protocol):
    """Whoever handed in a draft and waits for its outcome."""

    def on_outcomes(self, answers: Sequence[tuple[Draft, Outcome | LogUnavailableError]]) -> None:
        """Hear what became of drafts, after their entries were delivered; all that one commit settled at once."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class OutcomeFuture:
    """A sender that is a future."""

    outcome: asyncio.Future[Outcome]

    def on_outcomes(self, answers: Sequence[tuple[Draft, Outcome | LogUnavailableError]]) -> None:
        """Pass on the one outcome (Sender)."""
        _, outcome = answers[0]
        if self.outcome.done():
            return
        if isinstance(outcome, LogUnavailableError):
            self.outcome.set_exception(outcome)
        else:
            self.outcome.set_result(outcome)


class _Storing(NamedTuple):
    """A batch on its way into the log, and what will become of it."""

    batch: list[tuple[Draft, Sender]]
    outcomes: Awaitable[list[Outcome]]
    #: Set when only the storage is left to wait for.
    io_pending: asyncio.Event
    #: Since when, by `perf_counter`.
    begun: float


class Committer:
    """Drafts on their way into the log, in order; one commit at a time."""

    def __init__(
        self,
        log: Log,
        deliver: Callable[[list[tuple[Draft, Outcome]]], None],
        max_waiting: int,
        position: Callable[[str], Position | None] = lambda _: None,
    ) -> None:
        self._log = log
        #: What this process has seen of an item's room, for the log to compare (X8).
        self._position = position
        self._deliver = deliver
        self._max_waiting = max_waiting
        self._waiting: list[tuple[Draft, Sender]] = []
        self._committing = 0
        #: Whether the last commit failed.
        self.failing = False
        self._sends_refused = RepeatedWarning(logger, "sends refused: %s")
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """Drafts that wait for storage."""
        return len(self._waiting) + self._committing

    def submit(self, draft: Draft, sender: Sender) -> None:
        """Hand in a draft. Raises OverloadedError where too many wait (L4)."""
        waiting = len(self)
        if waiting >= self._max_waiting:
            raise OverloadedError(f"{waiting} sends wait for storage already")
        self._waiting.append((draft, sender))
        if self._task is None:
            # The task starts after what else is ready in this turn of the loop, so those drafts join the batch.
            self._task = asyncio.create_task(self._run())

    async def drain(self) -> None:
        """Wait until nothing waits."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        """Commit until nothing waits. A batch is delivered while the next one waits for its disk."""
        try:
            storing = self._store()
            while storing is not None:
                batch = storing.batch
                try:
                    outcomes = await self._stored(storing)
                except LogUnavailableError as error:
                    self._sends_refused(error)
                    self._refuse(batch, error)
                except UnstorableError:
                    await self._store_apart(batch)
                except Exception:
                    logger.exception("a batch cannot be stored: one of its sends is at fault, so they are stored apart")
                    await self._store_apart(batch)
                else:
                    storing = self._store()
                    try:
                        if storing is not None:
                            await self._computed(storing)
                    finally:
                        self._settle(batch, outcomes)
                    if storing is not None:
                        continue
                storing = self._store()
        finally:
            self._task = None

    async def _stored(self, storing: _Storing) -> list[Outcome]:
        """Wait until a batch is stored, or failed to be; either way it took its time."""
        try:
            outcomes = await storing.outcomes
            self.failing = False
            return outcomes
        finally:
            COMMIT.observe(perf_counter() - storing.begun)

    async def _computed(self, storing: _Storing) -> None:
        """Let the next batch go first as far as it needs the processor; where it is held up, it is not waited for.

        Delivering meanwhile, on one processor or under Python's lock, would keep it from its disk, which then is waited
        for with nothing left to do.
        """
        patience = asyncio.get_running_loop().call_later(_PATIENCE_S, storing.io_pending.set)
        await storing.io_pending.wait()
        patience.cancel()

    def _store(self) -> _Storing | None:
        """Begin to store the next batch; None: nothing waits."""
        begun = perf_counter()
        batch = self._take()
        if not batch:
            return None
        BATCH.observe(len(batch))
        io_pending = asyncio.Event()
        try:
            outcomes = self._append([draft for draft, _ in batch], io_pending)
        except Exception as error:
            logger.exception("a log is to raise when its outcome is awaited")
            io_pending.set()
            outcomes = _failed(error)
        return _Storing(batch, outcomes, io_pending, begun)

    def _append(self, drafts: list[Draft], io_pending: asyncio.Event) -> Awaitable[list[Outcome]]:
        """Hand drafts to the log, with what was seen of their rooms."""
        seen: dict[str, Position] = {}
        for draft in drafts:
            if draft.item not in seen and (position := self._position(draft.item)) is not None:
                seen[draft.item] = position
        return self._log.append(drafts, io_pending, seen)

    async def _store_apart(self, batch: list[tuple[Draft, Sender]]) -> None:
        """Store a batch one by one, so that the one that storage chokes on takes no other with it."""
        for at, (draft, sender) in enumerate(batch):
            try:
                outcomes: Sequence[Outcome | LogUnavailableError] = await self._append([draft], asyncio.Event())
            except LogUnavailableError as error:
                self._sends_refused(error)
                self._refuse(batch[at:], error)
                return
            except UnstorableError as error:
                outcomes = [Refused("invalid", f"this cannot be stored: {error}")]
            except Exception as error:  # noqa: BLE001 - whatever it is, it was logged with its batch
                outcomes = [LogUnavailableError(str(error))]
            self._settle([(draft, sender)], outcomes)

    def _settle(self, batch: list[tuple[Draft, Sender]], outcomes: Sequence[Outcome | LogUnavailableError]) -> None:
        """Deliver what is durable, then tell the senders; they hear of it also where a delivery fails (S3)."""
        stored = [
            (draft, outcome)
            for (draft, _), outcome in zip(batch, outcomes, strict=True)
            if not isinstance(outcome, LogUnavailableError)
        ]
        try:
            self._deliver(stored)
        except Exception:
            logger.exception("a delivery failed; readers get it from the log")
        self._answer(batch, outcomes)

    def _refuse(self, batch: list[tuple[Draft, Sender]], error: LogUnavailableError) -> None:
        """Refuse a batch and all that wait: stored, those would come before what is repeated (S2, S7)."""
        self.failing = True
        failed, self._waiting, self._committing = batch + self._waiting, [], 0
        self._answer(failed, [error] * len(failed))

    def _take(self) -> list[tuple[Draft, Sender]]:
        """The next batch, as large as one commit should be."""
        half = (len(self) + 1) // 2
        size = 0
        count = 0
        for draft, _ in self._waiting[: min(_MOST, max(_SPLIT, half))]:
            size += len(memoryview(draft.body)) if draft.body is not None else 0
            count += 1
            if size > _BATCH_BYTES:
                break
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        self._committing = len(batch)
        return batch

    def _answer(self, batch: list[tuple[Draft, Sender]], outcomes: Sequence[Outcome | LogUnavailableError]) -> None:
        """Tell each sender what became of its drafts, all at once."""
        answers: dict[Sender, list[tuple[Draft, Outcome | LogUnavailableError]]] = {}
        for (draft, sender), outcome in zip(batch, outcomes, strict=True):
            answers.setdefault(sender, []).append((draft, outcome))
        for sender, its in answers.items():
            try:
                sender.on_outcomes(its)
            except Exception:
                logger.exception("a sender failed to take its answer; the others get theirs")


async def _failed(error: Exception) -> list[Outcome]:
    """The outcomes of a batch that could not even begin."""
    raise error
