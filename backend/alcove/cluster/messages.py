"""Define the messages between the processes that share a log, and encode them for the bus. No I/O.

A message is one line of JSON; the entries of `EntriesStored` follow it, one line each. The tags and field names are the
format on the bus, which processes of different versions share during a rolling upgrade: do not change them.
"""

from collections.abc import Sequence

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

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
    """Return the name of the channel on which the process with this id receives responses."""
    return f"!one:{process}"


class ClusterMessage(Struct, tag_field="kind", frozen=True):
    """The base type of messages between processes; the field `kind` selects the type."""


class EntriesStored(ClusterMessage, tag="stored", frozen=True):
    """A notice that entries were stored, or that the room was deleted (head 0). Channel: the item's.

    The new entries follow the message, unless they are too large for the bus.

    Attributes:
        head: The seq of the item's last entry.
        oldest: The first seq that the log still keeps.
        log: The id of the room's history (R5); "" from processes of earlier versions.

    """

    head: int
    oldest: int
    log: str = ""


class HeadMoved(ClusterMessage, tag="head", frozen=True):
    """A notice that the database itself stored entries (`alcove_send`). Channel: `DATABASE_SENDS`.

    Attributes:
        item: The item.
        head: The seq of the item's last entry.

    """

    item: str
    head: int


class MembersChanged(ClusterMessage, tag="here", frozen=True):
    """The connections of members to a room in one process. Channel: the item's.

    Attributes:
        process: The id of the process.
        members: The members whose number of connections changed, with the new number.
        whole: Whether the list is complete: members that it does not name have no connection in that process.
        people: The profiles of members with a picture or a role, by id (A9).

    """

    process: str
    members: list[MemberConnections]
    whole: bool = False
    people: dict[str, Person] = {}


class MemberTyping(ClusterMessage, tag="typed", frozen=True):
    """A notice that a member is typing (P4); the fields are those of `Person`. Channel: the item's."""

    id: str
    name: str
    picture: str | UnsetType = UNSET
    role: str | UnsetType = UNSET


class ReadMarksMoved(ClusterMessage, tag="marked", frozen=True):
    """A notice that read marks were stored (P5). Channel: the item's."""

    #: Member id → the seq of the last entry that the member has read.
    reads: dict[str, int]


class ProcessAlive(ClusterMessage, tag="alive", frozen=True):
    """The heartbeat of a process; `process` is its id, `name` its name for operators. Channel: all processes."""

    process: str
    name: str = ""


class ProcessEnded(ClusterMessage, tag="gone", frozen=True):
    """A notice that a process shuts down, so that its members leave at once. Channel: all processes."""

    process: str


class MembersRequest(ClusterMessage, tag="asked", frozen=True):
    """A request to all other processes for their members in these rooms. Channel: all processes.

    Attributes:
        process: The id of the requesting process, which gets the responses.
        items: The items of the rooms.

    """

    process: str
    items: list[str]


class MembersResponse(ClusterMessage, tag="answered", frozen=True):
    """All members that the sender has in the requested rooms. Channel: that of the requesting process.

    Attributes:
        process: The id of the sender.
        rooms: The members by item.
        people: The profiles of members with a picture or a role, by id (A9).

    """

    process: str
    rooms: dict[str, list[MemberConnections]]
    people: dict[str, Person] = {}


class ConnectionsRequest(ClusterMessage, tag="inspect", frozen=True):
    """A request to all other processes for their connections to a room (W8). Channel: all processes.

    Attributes:
        process: The id of the requesting process, which gets the responses.
        request_id: The id of the request.
        item: The item of the room.

    """

    process: str
    request_id: str = field(name="question")
    item: str


class ConnectionsResponse(ClusterMessage, tag="connected", frozen=True):
    """A part of the sender's connections to the requested room (W8). Channel: that of the requesting process.

    Attributes:
        process: The id of the sender.
        request_id: The id of the request that this answers.
        head: The head of the room in the sender's memory; 0 if the room is not there.
        connections: The connections.
        more: Whether another part follows.

    """

    process: str
    request_id: str = field(name="question")
    head: int
    connections: list[ConnectionState]
    more: bool = False


class RoomsChanged(ClusterMessage, tag="rooms", frozen=True):
    """The rooms that changed in the sending process, for the lists of rooms (W10). Channel: `ROOM_CHANGES`."""

    #: Item → head of its log.
    heads: dict[str, int]
    #: Item → members whose read mark moved.
    marks: dict[str, list[str]]
    #: Whether more changed than the sender could collect, so that the receivers must read the log.
    more: bool = False


class MemberErased(ClusterMessage, tag="erased", frozen=True):
    """A notice that a member's data were erased, so that copies in memory are outdated (W14). Channel: `ERASURES`."""

    #: The items of the rooms in which the member had data.
    items: list[str]


class ChatLine(ClusterMessage, tag="said", frozen=True):
    """A line for every client of the tutorial's chat (T5). Channel: the chat's."""

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
    """Encode a message for the bus.

    Args:
        message: The message.
        lines: The encoded entries that follow it.

    """
    return b"\n".join((_encoder.encode(message), *lines))


def decode(data: bytes) -> tuple[ClusterMessage, list[Entry]]:
    """Decode a message from the bus, and the entries that follow it.

    Raises:
        msgspec.DecodeError: `data` is not a message of this version.

    """
    first, *lines = data.split(b"\n")
    try:
        return _decoder.decode(first), [_entry_decoder.decode(line) for line in lines]
    except (UnicodeDecodeError, RecursionError) as error:  # msgspec raises them for bad UTF-8 and for deep nesting
        raise msgspec.DecodeError(str(error)) from None
