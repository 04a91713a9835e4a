"""Create the `ack` and `error` lines that answer sends (S3, S6, S7)."""

from alcove.errors import Code
from alcove.observability.metrics import REFUSALS
from alcove.protocol import Ack, Error
from alcove.rooms.admission import RETRY_MS
from alcove.storage.base import Appended, Draft, LogUnavailableError, Outcome, Refused


def answer_to(draft: Draft, outcome: Outcome | LogUnavailableError) -> Ack | Error:
    """Return the `ack` of a stored draft; for a refused one count the refusal, and return its `error`."""
    if isinstance(outcome, Appended):
        return Ack(draft.id, outcome.entry.seq, outcome.entry.at, outcome.duplicate)
    if isinstance(outcome, Refused):
        REFUSALS.labels(outcome.code).inc()
        return Error(outcome.code, outcome.message, draft.id)
    REFUSALS.labels(Code.UNAVAILABLE).inc()
    return Error(Code.UNAVAILABLE, "storage does not answer; send it again", draft.id, RETRY_MS)
