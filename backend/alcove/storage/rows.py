"""Entries from the rows of a database, and what is left to say of one that is gone."""

from collections.abc import Iterable
from typing import Any

from msgspec import UNSET, Raw

from alcove.protocol import Entry, Person
from alcove.storage.base import Draft


def entry_of(row: Iterable[Any]) -> Entry:
    """The entry that a row stands for: seq, kind, id, by_id, by_name, at, target, body, edited, deleted."""
    seq, kind, id_, by_id, by_name, at, target, body, edited, deleted = row
    return Entry(
        seq,
        kind,
        id_,
        Person(by_id, by_name),
        at,
        UNSET if target is None else target,
        UNSET if body is None else Raw(body.encode()),
        UNSET if edited is None else edited,
        UNSET if deleted is None else deleted,
    )


def gone(draft: Draft, seq: int, at: int) -> Entry:
    """What is left to say of an entry that retention removed: where and when it stood, and whose it was."""
    return Entry(seq, draft.kind, draft.id, draft.by, at, UNSET if draft.target is None else draft.target)
