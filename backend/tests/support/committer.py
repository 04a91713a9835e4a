"""A committer on a HeldLog, with outcome handlers that record their calls."""

import asyncio

from alcove.protocol import Person, raw
from alcove.storage.base import Appended, Draft, LogUnavailableError, Outcome
from alcove.storage.committer import Committer
from alcove.storage.outcomes import DraftOutcomes
from tests.support.held_log import HeldLog

ADA = Person("ada", "Ada")


class OutcomeRecorder:
    """A handler that records the outcomes of each call (OutcomeHandler)."""

    def __init__(self) -> None:
        #: The drafts of each call: their ids, each with the seq or the name of the error.
        self.calls: list[list[tuple[str, int | str]]] = []
        #: Every draft with its outcome.
        self.outcomes: list[tuple[Draft, Outcome | LogUnavailableError]] = []
        self.called = asyncio.Event()

    def on_outcomes(self, outcomes: DraftOutcomes) -> None:
        """Record the outcomes (OutcomeHandler)."""
        self.calls.append(
            [
                (draft.id, outcome.entry.seq if isinstance(outcome, Appended) else type(outcome).__name__)
                for draft, outcome in outcomes
            ]
        )
        self.outcomes += outcomes
        self.called.set()


class CommitterHarness:
    """A committer on a HeldLog with two outcome handlers; it records the deliveries."""

    def __init__(self) -> None:
        self.log = HeldLog()
        #: The ids of the drafts of each delivery.
        self.delivered: list[list[str]] = []
        #: The number of batches that the log was storing at each delivery.
        self.storing: list[int] = []
        self.committer = Committer(self.log, self._deliver, max_waiting=5000)
        self.ada = OutcomeRecorder()
        self.bob = OutcomeRecorder()

    def _deliver(self, durable: list[tuple[Draft, Outcome]]) -> None:
        self.delivered.append([draft.id for draft, _ in durable])
        self.storing.append(len(self.log.pending_calls))
        if any(draft.id == "poison" for draft, _ in durable):
            raise ValueError("a room that fails")

    def send(self, *ids: str, by: OutcomeRecorder | None = None, size: int = 1) -> None:
        """Submit one message for each id, with a body of `size` characters."""
        for id in ids:  # noqa: A001 - the protocol's own word
            self.committer.submit(Draft("foo", "message", id, ADA, 1, raw("x" * size)), by or self.ada)

    def batches(self) -> list[list[str]]:
        """Return the ids of each batch that reached the log."""
        return [[draft.id for draft in batch] for batch in self.log.batches]
