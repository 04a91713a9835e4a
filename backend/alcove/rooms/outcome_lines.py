"""Answer sends with `ack` and `error` lines (S3, S6, S7)."""

from alcove.errors import Code
from alcove.observability.metrics import Metrics
from alcove.protocol import Ack, Error, encode
from alcove.rooms.admission import RETRY_MS
from alcove.storage.base import Appended, Draft, LogUnavailableError, Outcome, Refused
from alcove.storage.outcomes import DraftOutcomes
from alcove.wire.connection import Connection, Frame


class OutcomeWriter:
    """Writes the outcomes of the drafts that one connection sent (OutcomeHandler)."""

    __slots__ = ("_connection", "_metrics")

    def __init__(self, connection: Connection, metrics: Metrics) -> None:
        self._connection = connection
        self._metrics = metrics

    def on_outcomes(self, outcomes: DraftOutcomes) -> None:
        """Send an `ack` for each stored draft, an `error` for each refused one (OutcomeHandler)."""
        self._connection.write(
            Frame(b"\n".join([encode(self._answer_to(draft, outcome)) for draft, outcome in outcomes]))
        )

    def _answer_to(self, draft: Draft, outcome: Outcome | LogUnavailableError) -> Ack | Error:
        """Return the `ack` of a stored draft; for a refused one count the refusal, and return its `error`."""
        if isinstance(outcome, Appended):
            return Ack(draft.id, outcome.entry.seq, outcome.entry.at, outcome.duplicate)
        if isinstance(outcome, Refused):
            self._metrics.refusals.labels(outcome.code).inc()
            return Error(outcome.code, outcome.message, draft.id)
        self._metrics.refusals.labels(Code.UNAVAILABLE).inc()
        return Error(Code.UNAVAILABLE, "storage does not answer; send it again", draft.id, RETRY_MS)
