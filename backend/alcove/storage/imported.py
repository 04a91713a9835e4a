"""Find the entries of a batch that were imported, which consumers do not get (K1)."""

from collections.abc import Sequence
from typing import NamedTuple

from alcove.storage.base import Appended, Draft, Outcome


class ImportedRange(NamedTuple):
    """Entries of an item that were imported one after the other: the first and the last seq."""

    item: str
    first: int
    last: int


def imported_ranges(drafts: Sequence[Draft], outcomes: Sequence[Outcome]) -> list[ImportedRange]:
    """Return the imported entries that a batch stored, as few ranges; a repeated send stores none (S5)."""
    lasts: dict[str, ImportedRange] = {}
    ranges: list[ImportedRange] = []
    for draft, outcome in zip(drafts, outcomes, strict=True):
        if not draft.imported or not isinstance(outcome, Appended) or outcome.duplicate:
            continue
        seq = outcome.entry.seq
        last = lasts.get(draft.item)
        if last is not None and last.last + 1 == seq:
            lasts[draft.item] = last._replace(last=seq)
            continue
        if last is not None:
            ranges.append(last)
        lasts[draft.item] = ImportedRange(draft.item, seq, seq)
    return ranges + list(lasts.values())
