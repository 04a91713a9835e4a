"""Append drafts to a PostgreSQL log: build the arguments of the function `alcove.append`, and read its results."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import UNSET

from alcove.clock import now_ms
from alcove.limits import Retention
from alcove.protocol import Entry
from alcove.storage.base import Appended, Draft, Outcome, Position, Refused
from alcove.storage.imported import imported_ranges
from alcove.storage.queries import load_queries
from alcove.storage.rows import entry_from_row, removed_entry

_SQL = load_queries(Path(__file__).with_name("queries.sql"))
_CONSUMERS = load_queries(Path(__file__).with_name("consumers.sql"))


async def append(
    connection: Any,
    drafts: Sequence[Draft],
    io_pending: asyncio.Event,
    positions: Mapping[str, Position],
    retention: Retention,
) -> list[Outcome]:
    """Store a batch, and record which of its entries were imported (Log.append, K1); arguments as for `_append`."""
    if not any(draft.imported for draft in drafts):
        return await _append(connection, drafts, io_pending, positions, retention)
    async with connection.transaction():
        outcomes = await _append(connection, drafts, io_pending, positions, retention)
        await connection.executemany(_CONSUMERS["record_imported"], imported_ranges(drafts, outcomes))
    return outcomes


async def _append(
    connection: Any,
    drafts: Sequence[Draft],
    io_pending: asyncio.Event,
    positions: Mapping[str, Position],
    retention: Retention,
) -> list[Outcome]:
    """Store a batch in one statement (Log.append).

    Args:
        connection: A connection that takes writes.
        drafts: At least one draft.
        io_pending: Is set when the statement has been sent.
        positions: The last positions of the drafts' rooms that this process has seen, by item.
        retention: How much of each room is kept.

    """
    columns = zip(*map(_draft_row, drafts), strict=True)
    position_rows = [(item, position.log, position.head, position.at) for item, position in positions.items()]
    position_columns = map(list, zip(*position_rows, strict=True)) if position_rows else [None] * 4
    limits = retention.entries, retention.cutoff(now_ms())
    # The callback runs in the loop's next turn, when the statement has been sent.
    asyncio.get_running_loop().call_soon(io_pending.set)
    rows = await connection.fetch(_SQL["append"], *map(list, columns), *limits, *position_columns)
    duplicates = {(draft.item, row[0]) for draft, row in zip(drafts, rows, strict=True) if row[2]}
    stored = await entries_by_seq(connection, duplicates) if duplicates else {}
    return [_outcome(draft, row, stored) for draft, row in zip(drafts, rows, strict=True)]


async def entries_by_seq(connection: Any, item_seqs: Collection[tuple[str, int]]) -> dict[tuple[str, int], Entry]:
    """Read the entries at these pairs of item and seq, of which there must be at least one (Log.entries_by_seq)."""
    items, seqs = zip(*sorted(item_seqs), strict=True)
    rows = await connection.fetch(_SQL["entries_by_seq"], list(items), list(seqs))
    return {(row[-1], row[0]): entry_from_row(row[:-1]) for row in map(tuple, rows)}


def _draft_row(draft: Draft) -> tuple[object, ...]:
    """Convert a draft to the first eleven arguments of `alcove.append`."""
    body = "null" if draft.body is None and draft.kind == "message" else None
    if draft.body is not None:
        body = bytes(draft.body).decode()
    by = draft.by
    author = by.id, by.name, by.picture or None, by.role or None
    return draft.item, draft.kind, draft.id, *author, draft.at, body, draft.target, draft.moderate


def _outcome(draft: Draft, row: Sequence[Any], stored: Mapping[tuple[str, int], Entry]) -> Outcome:
    """Convert a row that `alcove.append` returned to the outcome of its draft; `stored`: the entries of duplicates."""
    seq, at, duplicate, refused, oldest, log_id = row
    if refused == "invalid":
        return Refused("invalid", f"entry {draft.target} is not a message that can be changed")
    if refused == "forbidden":
        return Refused("forbidden", f"message {draft.target} is another member's: only a moderator may change it")
    if duplicate:
        entry = stored.get((draft.item, seq)) or removed_entry(draft, seq, at)
        return Appended(entry, duplicate=True, oldest=oldest, log=log_id)
    target = UNSET if draft.target is None else draft.target
    entry = Entry(seq, draft.kind, draft.id, draft.by, at, target, UNSET if draft.body is None else draft.body)
    return Appended(entry, duplicate=False, oldest=oldest, log=log_id)
