"""Convert database rows to entries and positions, for all engines."""

from collections.abc import Iterable
from typing import Any

from msgspec import UNSET, Raw

from alcove.protocol import Entry, Person
from alcove.storage.base import Draft
from alcove.storage.consumers import Failure, ItemPosition

#: The columns of an entry, in the order in which queries return them.
ENTRY_COLUMNS = [
    "seq",
    "kind",
    "id",
    "by_id",
    "by_name",
    "at",
    "target",
    "body",
    "edited",
    "deleted",
    "by_picture",
    "by_role",
]


#: The name of an author whose data were erased.
ERASED_NAME = "(erased)"


def entry_from_row(row: Iterable[Any]) -> Entry:
    """Convert a row with the columns `ENTRY_COLUMNS` to an entry; the author of erased data is named `(erased)`."""
    seq, kind, id_, by_id, by_name, at, target, body, edited, deleted, by_picture, by_role = row
    if not by_name or by_name.isspace():  # erased; spaces keep the size of the row (W14)
        by_name, by_picture, by_role = ERASED_NAME, None, None
    return Entry(
        seq,
        kind,
        id_,
        Person(by_id, by_name, by_picture or UNSET, by_role or UNSET),
        at,
        UNSET if target is None else target,
        UNSET if body is None else Raw(body.encode()),
        UNSET if edited is None else edited,
        UNSET if deleted is None else deleted,
    )


def removed_entry(draft: Draft, seq: int, at: int) -> Entry:
    """Rebuild an entry for a repeated draft whose entry was stored, and since removed by retention.

    Storage keeps only the id, `seq` and `at` of a removed entry. Everything else is taken from the draft, except the
    body, which is left out.
    """
    return Entry(seq, draft.kind, draft.id, draft.by, at, UNSET if draft.target is None else draft.target)


def position_from_row(row: Iterable[Any]) -> ItemPosition:
    """Convert a row to a position: item, history and head of a room, then the stored position (NULL: there is none)."""
    item, history, head, log, seq, revision, attempts, since, due, error, parked = row
    if log != history:  # nothing is stored, or it belongs to a room that was deleted
        return ItemPosition(item, history, head, 0, revision or 0)
    failure = Failure(attempts, since, due, error, bool(parked)) if attempts else None
    return ItemPosition(item, history, head, seq, revision, failure)
