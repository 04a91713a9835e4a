"""Create the bodies and the ids of webhooks (K1)."""

from datetime import UTC, datetime
from hashlib import sha256

import msgspec
from msgspec import Struct

from alcove.protocol import Entry, Person
from alcove.rooms.queries import Attendance

#: Characters of the digest in an id.
_DIGEST_CHARS = 32
_encoder = msgspec.json.Encoder()


class EventData(Struct, frozen=True):
    """The `data` of an event: an entry of the item's history `log`, and who was connected when it was sent.

    `present` names up to 100 members, `present_count` counts all. `absent` has the ids of up to 100 members with a read
    mark who are not connected.
    """

    item: str
    log: str
    entry: Entry
    present: list[Person]
    present_count: int
    absent: list[str]


class Event(Struct, frozen=True):
    """The body of a webhook; `type` is the kind of the entry, `timestamp` when it was stored (RFC 3339)."""

    type: str
    timestamp: str
    data: EventData


def event_body(item: str, log: str, entry: Entry, attendance: Attendance, *, type: str | None = None) -> bytes:
    """Return the body of the webhook for an entry; `type` by default its kind."""
    at = datetime.fromtimestamp(entry.at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    data = EventData(item, log, entry, *attendance)
    return _encoder.encode(Event(type or entry.kind, at, data))


def event_id(item: str, log: str, seq: int) -> str:
    """Return the id of the webhook for an entry: unique for the entry, and the same at each attempt."""
    return f"msg_{sha256(f'{log} {seq} {item}'.encode()).hexdigest()[:_DIGEST_CHARS]}"
