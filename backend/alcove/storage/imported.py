"""Find the entries of a batch that were imported, which consumers do not get (K1)."""

from collections.abc import Sequence
from typing import NamedTuple

from alcove.storage.base import Appended, Draft, Outcome


class ImportedRange(NamedTuple):
    """A range of imported entries of an item: every entry from the seq `first` to the seq `last`."""

    item: str
    first: int
    last: int


def imported_ranges(drafts: Sequence[Draft], outcomes: Sequence[Outcome]) -> list[ImportedRange]:
    """Return the imported entries that a batch stored, in as few ranges as possible; a repeated send stores none (S5).

    Args:
        drafts: The batch.
        outcomes: The outcome of each draft.

    """
    # By item, the range that the next imported entry extends if it follows directly.
    current: dict[str, ImportedRange] = {}
    ranges: list[ImportedRange] = []
    for draft, outcome in zip(drafts, outcomes, strict=True):
        if not draft.imported or not isinstance(outcome, Appended) or outcome.duplicate:
            continue
        seq = outcome.entry.seq
        range_ = current.get(draft.item)
        if range_ is not None and range_.last + 1 == seq:
            current[draft.item] = range_._replace(last=seq)
            continue
        if range_ is not None:
            ranges.append(range_)
        current[draft.item] = ImportedRange(draft.item, seq, seq)
    return ranges + list(current.values())
