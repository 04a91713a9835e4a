"""Create the bodies and the ids of webhooks (K1)."""

from datetime import UTC, datetime
from hashlib import sha256

import msgspec
from msgspec import Struct

from alcove.protocol import Entry, Person
from alcove.rooms.queries import Attendance

#: Hexadecimal characters of the SHA-256 digest in an event id.
_DIGEST_CHARS = 32
_encoder = msgspec.json.Encoder()


class EventData(Struct, frozen=True):
    """The `data` of an event: an entry, and who was connected to the item's room when the event was sent.

    Attributes:
        item: The item.
        log: The id of the history that the entry belongs to (R5).
        entry: The entry.
        present: Up to 100 connected members.
        present_count: The number of all connected members.
        absent: The ids of up to 100 members who have a read mark and are not connected.

    """

    item: str
    log: str
    entry: Entry
    present: list[Person]
    present_count: int
    absent: list[str]


class Event(Struct, frozen=True):
    """The body of a webhook.

    Attributes:
        type: The kind of the entry; `test` for a test event.
        timestamp: When the entry was stored (RFC 3339).
        data: The entry and its context.

    """

    type: str
    timestamp: str
    data: EventData


def event_body(item: str, log_id: str, entry: Entry, attendance: Attendance, *, type: str | None = None) -> bytes:
    """Return the body of the webhook for an entry, as JSON.

    Args:
        item: The item.
        log_id: The id of the history that the entry belongs to (R5).
        entry: The entry.
        attendance: Who is connected to the item's room, and who is not.
        type: The type of the event; None: the entry's kind.

    """
    timestamp = datetime.fromtimestamp(entry.at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    data = EventData(item, log_id, entry, *attendance)
    return _encoder.encode(Event(type or entry.kind, timestamp, data))


def event_id(item: str, log_id: str, seq: int) -> str:
    """Return the id of the webhook for an entry: unique for the entry, and the same at each attempt to send it."""
    return f"msg_{sha256(f'{log_id} {seq} {item}'.encode()).hexdigest()[:_DIGEST_CHARS]}"
