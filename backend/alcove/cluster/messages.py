"""Messages between the processes of one log, and their encoding for the bus. No I/O.

A message is one line of JSON; the entries of `EntriesStored` follow it, one line each. The tags and field names are
the format on the bus, which processes of different versions share during a rolling upgrade: do not rename them.
"""

from collections.abc import Sequence

import msgspec
from msgspec import UNSET, Struct, UnsetType

from alcove.cluster.connections import ConnectionState
from alcove.protocol import Entry, Person

#: The channel of all processes. No item's id begins with `!` (H3), so no item's channel has this name.
ALL_PROCESSES = "!all"
#: The channel on which the database announces what `alcove_send` stored (X5).
DATABASE_SENDS = "!sends"
#: The channel on which processes announce which rooms changed, for their lists of rooms (W10).
ROOM_CHANGES = "!rooms"

#: The channel on which processes announce that a member's data were erased (W14).
ERASURES = "!erased"

#: A member's id and name, and the number of their connections to a room in one process; 0: they left.
MemberConnections = tuple[str, str, int]


def process_channel(process: str) -> str:
    """Return the name of the channel that only the process with this id subscribes to."""
    return f"!one:{process}"


class ClusterMessage(Struct, tag_field="kind", frozen=True):
    """A message between processes; `kind` says which."""


class EntriesStored(ClusterMessage, tag="stored", frozen=True):
    """Entries were stored. Channel: the item's.

    Attributes:
        head: The seq of the item's last entry.
        oldest: The first seq that the log still keeps.
        log: The id of the room's history (R5); "" from processes of earlier versions.

    The new entries follow the message, unless they are too large for the bus.

    """

    head: int
    oldest: int
    log: str = ""


class HeadMoved(ClusterMessage, tag="head", frozen=True):
    """The database stored entries (`alcove_send`), and the item's log ends at `head` now. Channel: `DATABASE_SENDS`."""

    item: str
    head: int


class MembersChanged(ClusterMessage, tag="here", frozen=True):
    """Members' connections in one process changed. Channel: the item's.

    `whole`: the list is complete; members that it does not name have no connection there. `people`: those of them who
    have a picture or a role, by id (A9).
    """

    process: str
    members: list[MemberConnections]
    whole: bool = False
    people: dict[str, Person] = {}


class MemberTyping(ClusterMessage, tag="typed", frozen=True):
    """A member types (P4). Channel: the item's."""

    id: str
    name: str
    picture: str | UnsetType = UNSET
    role: str | UnsetType = UNSET


class ReadMarksMoved(ClusterMessage, tag="marked", frozen=True):
    """Read marks were stored (P5): member → seq. Channel: the item's."""

    reads: dict[str, int]


class ProcessAlive(ClusterMessage, tag="alive", frozen=True):
    """The heartbeat of a process; `name` is what operators call it. Channel: all processes."""

    process: str
    name: str = ""


class ProcessEnded(ClusterMessage, tag="gone", frozen=True):
    """A process shuts down, and its members leave. Channel: all processes."""

    process: str


class MembersRequest(ClusterMessage, tag="asked", frozen=True):
    """A process asks all others for their members in these rooms. Channel: all processes."""

    process: str
    items: list[str]


class MembersResponse(ClusterMessage, tag="answered", frozen=True):
    """All members that the sender has in the requested rooms, by item. Channel: the requesting process's.

    `people`: those of them who have a picture or a role, by id (A9).
    """

    process: str
    rooms: dict[str, list[MemberConnections]]
    people: dict[str, Person] = {}


class ConnectionsRequest(ClusterMessage, tag="inspect", frozen=True):
    """A process asks all others for their connections to a room (W8). Channel: all processes."""

    process: str
    #: The id of the request.
    question: str
    item: str


class ConnectionsResponse(ClusterMessage, tag="connected", frozen=True):
    """The sender's connections to a room (W8); `more`: another part follows. Channel: the requesting process's."""

    process: str
    #: The id of the request.
    question: str
    head: int
    connections: list[ConnectionState]
    more: bool = False


class RoomsChanged(ClusterMessage, tag="rooms", frozen=True):
    """Rooms that changed in the sending process (W10). Channel: that of room changes."""

    #: Item → head of its log.
    heads: dict[str, int]
    #: Item → members whose read mark moved.
    marks: dict[str, list[str]]
    #: Whether more changed than the process could collect, so that the log must be asked.
    more: bool = False


class MemberErased(ClusterMessage, tag="erased", frozen=True):
    """A member's data were erased in these rooms, so what is in memory of them is out of date (W14)."""

    items: list[str]


class ChatLine(ClusterMessage, tag="said", frozen=True):
    """A line for everyone in the tutorial's chat (T5). Channel: the chat's."""

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
    | MemberErased
    | ChatLine
    | RoomsChanged
)
_entry_decoder: msgspec.json.Decoder[Entry] = msgspec.json.Decoder(Entry)


def encode(message: ClusterMessage, lines: Sequence[bytes] = ()) -> bytes:
    """Return the message as bytes for the bus, followed by the encoded entries `lines`."""
    return b"\n".join((_encoder.encode(message), *lines))


def decode(data: bytes) -> tuple[ClusterMessage, list[Entry]]:
    """Return the message and the entries that follow it.

    Raises:
        msgspec.DecodeError: `data` is not a message of this version.

    """
    first, *lines = data.split(b"\n")
    try:
        return _decoder.decode(first), [_entry_decoder.decode(line) for line in lines]
    except (UnicodeDecodeError, RecursionError) as error:  # msgspec raises them for bad UTF-8 and for deep nesting
        raise msgspec.DecodeError(str(error)) from None
