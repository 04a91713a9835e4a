"""Append records to internal rooms, from which every process applies them: durable and ordered."""

from uuid import uuid4

from msgspec import Struct

from alcove.access.revocations import OPERATOR
from alcove.clock import now_ms
from alcove.protocol import raw
from alcove.rooms.sends import StoreDraft, overloaded
from alcove.storage.base import Draft
from alcove.storage.committer import QueueFullError


def record_draft(item: str, record: Struct, id: str) -> Draft:
    """Return the draft of the entry that holds a record."""
    return Draft(item, "message", id, OPERATOR, now_ms(), raw(record))


async def append_record(item: str, record: Struct, store: StoreDraft) -> None:
    """Append a record to the item's room, from which every process applies it; it is durable on return.

    Raises:
        Refusal: Too many sends wait for storage.
        LogUnavailableError: The record is not stored.

    """
    try:
        await store(record_draft(item, record, uuid4().hex))
    except QueueFullError as error:
        raise overloaded(error) from None
