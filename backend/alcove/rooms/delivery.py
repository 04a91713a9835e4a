"""Sort the outcomes of one commit by item, and count them."""

from collections.abc import Sequence

from alcove.observability.metrics import OUTCOMES, SENDS
from alcove.storage.base import Appended, Draft, Outcome

_STORED, _DUPLICATE, _REFUSED = (SENDS.labels(outcome) for outcome in OUTCOMES)


def by_item(stored: Sequence[tuple[Draft, Outcome]]) -> dict[str, list[Appended]]:
    """Return for each item what became an entry, in the order of the log; refused drafts are left out."""
    items: dict[str, list[Appended]] = {}
    for draft, outcome in stored:
        if isinstance(outcome, Appended):
            items.setdefault(draft.item, []).append(outcome)
    return items


def count_outcomes(stored: Sequence[tuple[Draft, Outcome]]) -> None:
    """Count the outcomes in the metric of sends (W7)."""
    appended = [outcome for _, outcome in stored if isinstance(outcome, Appended)]
    duplicates = sum(outcome.duplicate for outcome in appended)
    _STORED.inc(len(appended) - duplicates)
    _DUPLICATE.inc(duplicates)
    _REFUSED.inc(len(stored) - len(appended))
