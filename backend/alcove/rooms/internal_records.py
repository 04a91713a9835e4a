"""Append revocations and bans to internal rooms, where they are durable, ordered, and read by every process."""

from uuid import uuid4

from msgspec import Struct

from alcove.access.revocations import OPERATOR
from alcove.clock import now_ms
from alcove.protocol import raw
from alcove.rooms.sends import StoreDraft, overloaded_refusal
from alcove.storage.base import Draft
from alcove.storage.committer import QueueFullError


def record_draft(item: str, record: Struct, id: str, *, snapshot: bool = False) -> Draft:
    """Create the draft of an entry that contains a record.

    Args:
        item: The item of the internal room.
        record: The revocation or ban, which becomes the body.
        id: The id of the entry; the log stores only one entry with this id.
        snapshot: Whether the record is a snapshot, which is stored as an `event` instead of a `message`.

    """
    return Draft(item, "event" if snapshot else "message", id, OPERATOR, now_ms(), raw(record))


async def append_record(item: str, record: Struct, store: StoreDraft, *, snapshot: bool = False) -> None:
    """Append a record to an internal room. On return the record is durable; every process applies it.

    Args:
        item: The item of the internal room.
        record: The revocation or ban.
        store: Appends a draft to the log.
        snapshot: Whether the record is a snapshot (see `record_draft`).

    Raises:
        Refusal: Too many sends wait for storage.
        LogUnavailableError: The record is not stored.

    """
    try:
        await store(record_draft(item, record, uuid4().hex, snapshot=snapshot))
    except QueueFullError as error:
        raise overloaded_refusal(error) from None
