"""Pass the outcomes of drafts to the objects that submitted them."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from alcove.storage.base import Draft, LogUnavailableError, Outcome

logger = logging.getLogger(__name__)

#: Drafts of one handler with the outcome of each, in the order in which they were submitted.
DraftOutcomes = Sequence[tuple[Draft, Outcome | LogUnavailableError]]


class OutcomeHandler(Protocol):
    """Receives the outcomes of the drafts that it submitted to the committer."""

    def on_outcomes(self, outcomes: DraftOutcomes) -> None:
        """Handle the outcomes of all drafts that this handler had in one commit.

        Called after the stored entries were delivered, so that an ack never precedes its entry.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class OutcomeFuture:
    """An outcome handler for a single draft, which passes the outcome to a future."""

    future: asyncio.Future[Outcome]

    def on_outcomes(self, outcomes: DraftOutcomes) -> None:
        """Resolve the future with the only outcome, or with its exception if it is one (OutcomeHandler)."""
        _, outcome = outcomes[0]
        if self.future.done():
            return
        if isinstance(outcome, LogUnavailableError):
            self.future.set_exception(outcome)
        else:
            self.future.set_result(outcome)


def call_handlers(
    batch: Sequence[tuple[Draft, OutcomeHandler]], outcomes: Sequence[Outcome | LogUnavailableError]
) -> None:
    """Call each handler once, with the outcomes of all its drafts in the batch; log the exception of one that fails."""
    by_handler: dict[OutcomeHandler, list[tuple[Draft, Outcome | LogUnavailableError]]] = {}
    for (draft, handler), outcome in zip(batch, outcomes, strict=True):
        by_handler.setdefault(handler, []).append((draft, outcome))
    for handler, handler_outcomes in by_handler.items():
        try:
            handler.on_outcomes(handler_outcomes)
        except Exception:
            logger.exception("an outcome handler failed; the other handlers are called all the same")
