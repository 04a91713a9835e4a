"""What processes tell each other over a bus: one JSON object, and for entries their lines behind it; pure."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from alcove.cluster.connections import ConnectionState
from alcove.protocol import Entry

#: Where every process listens, and what begins the channel of a single one. No item's id begins so (H3).
ALL = "!all"
ONE = "!one:"
#: Where the database tells of what `alcove_send` stored (X5).
SENDS = "!sends"

#: A member's id and name, and the connections they hold in a process; 0: they left it.
MemberConnections = tuple[str, str, int]


class ClusterMessage(Struct, tag_field="kind", frozen=True):
    """One thing told."""


class EntriesStored(ClusterMessage, tag="stored", frozen=True):
    """On an item's channel: its log reaches to `head` and keeps all from `oldest` on; the new entries may follow.

    `log` is the id of the room's history (R5); processes of an earlier version do not give it.
    """

    head: int
    oldest: int
    log: str = ""


class HeadMoved(ClusterMessage, tag="head", frozen=True):
    """An item's log reaches to `head`."""

    item: str
    head: int


class MembersChanged(ClusterMessage, tag="here", frozen=True):
    """On an item's channel: how many connections members hold in a process; `whole`: these are all of them."""

    process: str
    members: list[MemberConnections]
    whole: bool = False


class MemberTyping(ClusterMessage, tag="typed", frozen=True):
    """On an item's channel: a member types (P4)."""

    id: str
    name: str


class ReadMarksMoved(ClusterMessage, tag="marked", frozen=True):
    """On an item's channel: read marks that were stored (P5)."""

    reads: dict[str, int]


class ProcessAlive(ClusterMessage, tag="alive", frozen=True):
    """To all: the process is there; `name`: what people call it."""

    process: str
    name: str = ""


class ProcessEnded(ClusterMessage, tag="gone", frozen=True):
    """To all: the process ends, and nobody is there any more."""

    process: str


class MembersRequest(ClusterMessage, tag="asked", frozen=True):
    """To all: the process wants to know who is in these rooms elsewhere."""

    process: str
    items: list[str]


class MembersResponse(ClusterMessage, tag="answered", frozen=True):
    """To one process: who is in the rooms it asked for, here."""

    process: str
    rooms: dict[str, list[MemberConnections]]


class ConnectionsRequest(ClusterMessage, tag="inspect", frozen=True):
    """To all: the process wants to know who is connected to the item's room (W8)."""

    process: str
    question: str
    item: str


class ConnectionsResponse(ClusterMessage, tag="connected", frozen=True):
    """To one process: who is connected to the room it asked about, here; `more`: another part follows."""

    process: str
    question: str
    head: int
    connections: list[ConnectionState]
    more: bool = False


class ChatLine(ClusterMessage, tag="said", frozen=True):
    """On the channel of the tutorial's chat: a line for everyone (T5)."""

    line: str


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(
    EntriesStored
    | HeadMoved
    | MembersChanged
    | MemberTyping
    | ReadMarksMoved
    | ProcessAlive
    | ProcessEnded
    | MembersRequest
    | MembersResponse
    | ConnectionsRequest
    | ConnectionsResponse
    | ChatLine
)
_entries: msgspec.json.Decoder[Entry] = msgspec.json.Decoder(Entry)


def encode(told: ClusterMessage, lines: Sequence[bytes] = ()) -> bytes:
    """A message for the bus."""
    return b"\n".join((_encoder.encode(told), *lines))


def decode(message: bytes) -> tuple[ClusterMessage, list[Entry]]:
    """What was told, and the entries behind it. Raises msgspec.DecodeError."""
    head, *lines = message.split(b"\n")
    try:
        return _decoder.decode(head), [_entries.decode(line) for line in lines]
    except (
        UnicodeDecodeError,
        RecursionError,
    ) as error:  # msgspec's own for bytes that are not UTF-8, and deep nesting
        raise msgspec.DecodeError(str(error)) from None
