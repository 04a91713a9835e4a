"""Group the outcomes of one commit by item, and count them."""

from collections.abc import Sequence

from alcove.observability.metrics import OUTCOMES, SENDS
from alcove.storage.base import Appended, Draft, Outcome

_STORED, _DUPLICATE, _REFUSED = (SENDS.labels(outcome) for outcome in OUTCOMES)


def by_item(stored: Sequence[tuple[Draft, Outcome]]) -> dict[str, list[Appended]]:
    """Return the stored drafts' entries by item, in the order of the log, and count all outcomes (W7).

    One pass for both, because every commit comes through here.
    """
    items: dict[str, list[Appended]] = {}
    duplicates = refused = 0
    for draft, outcome in stored:
        if isinstance(outcome, Appended):
            items.setdefault(draft.item, []).append(outcome)
            duplicates += outcome.duplicate
        else:
            refused += 1
    _STORED.inc(len(stored) - duplicates - refused)
    _DUPLICATE.inc(duplicates)
    _REFUSED.inc(refused)
    return items
