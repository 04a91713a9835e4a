"""Answer the sends of a connection with `ack` and `error` lines (S3, S6, S7)."""

from alcove.errors import Code
from alcove.observability.metrics import Metrics
from alcove.protocol import Ack, Error, encode
from alcove.rooms.admission import RETRY_MS
from alcove.storage.base import Appended, Draft, LogUnavailableError, Refused
from alcove.storage.outcomes import DraftOutcomes
from alcove.wire.connection import Connection, Frame


class OutcomeWriter:
    """A handler that writes the outcomes of drafts to the connection that sent the drafts (OutcomeHandler)."""

    __slots__ = ("_connection", "_metrics")

    def __init__(self, connection: Connection, metrics: Metrics) -> None:
        """Store the connection, and the counters of refusals."""
        self._connection = connection
        self._metrics = metrics

    def on_outcomes(self, outcomes: DraftOutcomes) -> None:
        """Write an `ack` for each stored draft and an `error` for each other one, in one frame (OutcomeHandler)."""
        lines = [
            encode(
                Ack(draft.id, outcome.entry.seq, outcome.entry.at, outcome.duplicate)
                if isinstance(outcome, Appended)
                else self._error(draft, outcome)
            )
            for draft, outcome in outcomes
        ]
        self._connection.write(Frame(b"\n".join(lines)))

    def _error(self, draft: Draft, outcome: Refused | LogUnavailableError) -> Error:
        """Create the `error` line of a draft that was not stored, and count the refusal."""
        if isinstance(outcome, Refused):
            self._metrics.refusals.labels(outcome.code).inc()
            return Error(outcome.code, outcome.message, draft.id)
        self._metrics.refusals.labels(Code.UNAVAILABLE).inc()
        return Error(Code.UNAVAILABLE, "storage does not answer; send it again", draft.id, RETRY_MS)
