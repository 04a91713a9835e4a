"""Define the lines of `alcove.v1` as types, and encode them as JSON (F); `command_decoder` decodes commands."""

from math import isinf
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from alcove.errors import Refusal

#: The subprotocol that selects the room protocol (H1).
SUBPROTOCOL = "alcove.v1"

#: Maximum bytes of the lines in one frame, or of the entries in one page; a connection's buffer holds several.
FRAME_BYTES = 64 * 1024

#: An id that the sender chooses (S1). NUL is not allowed, because PostgreSQL's text cannot hold it.
EntryId = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]
#: The number of an entry in its room; 0: before the first entry.
Seq = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Right = Literal["read", "write", "moderate"]


class Line(Struct, tag_field="type", frozen=True, gc=False):
    """One JSON object on the wire; `type` says which (F2)."""


# --- client to server ---------------------------------------------------------------------------------------


class Send(Line, tag="send", frozen=True):
    """Send a message: `body` is a string or any JSON value (S1)."""

    id: EntryId
    body: Raw


class Edit(Line, tag="edit", frozen=True):
    """Replace the body of message `target` (S8)."""

    id: EntryId
    target: Seq
    body: Raw


class Delete(Line, tag="delete", frozen=True):
    """Delete message `target`: its body is erased (S8, S9)."""

    id: EntryId
    target: Seq


class Typing(Line, tag="typing", frozen=True):
    """Report that the member is typing (P4)."""


class Read(Line, tag="read", frozen=True):
    """Report that the member has read up to `seq` (P5)."""

    seq: Seq


class Auth(Line, tag="auth", frozen=True):
    """Replace the token of this connection with a fresh one (A4)."""

    token: str


class Ping(Line, tag="ping", frozen=True):
    """Check that the connection works; the server answers with a pong."""


Command = Send | Edit | Delete | Typing | Read | Auth | Ping


# --- server to client ---------------------------------------------------------------------------------------


class Person(Struct, frozen=True, gc=False):
    """A member as other members see them; picture (an https URL) and role are those of their token (A9)."""

    id: str
    name: str
    picture: str | UnsetType = UNSET
    role: str | UnsetType = UNSET


class Member(Struct, frozen=True):
    """An authenticated user and their rights on one item (A3).

    Attributes:
        person: Id, name, picture and role.
        can: The rights that the member has now.
        expires: When the token expires, in seconds since the epoch; None in open mode; infinite if the host application
            admitted the member without an end.
        iat: When the token was issued, in seconds since the epoch; None if it does not say.
        digest: The hash that identifies the token; None in open mode.
        granted: The rights that the token gives, before bans (A8); None in open mode.

    """

    person: Person
    can: frozenset[Right]
    expires: float | None = None
    iat: float | None = None
    digest: str | None = None
    granted: frozenset[Right] | None = None

    @property
    def expires_ms(self) -> int | None:
        """The time at which access expires, in ms since the epoch; None if it does not expire."""
        return None if self.expires is None or isinf(self.expires) else int(self.expires * 1000)


class You(Struct, frozen=True):
    """The member whose connection this is, with their rights on the item."""

    id: str
    name: str
    can: list[Right]
    picture: str | UnsetType = UNSET
    role: str | UnsetType = UNSET


class Limits(Struct, frozen=True):
    """The limits on what a member sends to an item (L1, L2); with `sends_per_s` 0 the rate is unlimited."""

    body_bytes: int
    sends_per_s: float
    burst: int


class Hello(Line, tag="hello", frozen=True):
    """The first line of every connection (H5)."""

    item: str
    #: The id of the room's history (R5).
    log: str
    #: The seq of the last entry; 0 if there is none.
    head: int
    #: The first seq that the log still keeps.
    oldest: int
    #: Whether the position that the client gave is not in this history: it must drop its entries (R5).
    reset: bool
    you: You
    #: Up to 100 connected members (P1).
    members: list[Person]
    #: The number of all connected members.
    count: int
    #: Member id → the seq up to which the member has read (P5).
    reads: dict[str, int]
    limits: Limits
    #: When the member's access expires, in ms since the epoch; None: never.
    expires: int | None
    #: The server's clock in ms since the epoch: `expires - now` is the lifetime, independent of the client's clock.
    now: int


class Entry(Line, tag="entry", frozen=True):
    """One entry of the log.

    A `message` has a `body` until it is deleted. An `edit` has a `target` and a new `body`, a `delete` only a `target`:
    the seq of the message that it changes (S8). The `body` of an `event` is an object with `text` and, optionally,
    `data` (S14). `at`, `edited` and `deleted` are the times of storing, of the last edit and of the delete, in ms since
    the epoch (S9).
    """

    seq: int
    kind: Literal["message", "edit", "delete", "event"]
    id: str
    by: Person
    at: int
    target: int | UnsetType = UNSET
    body: Raw | UnsetType = UNSET
    edited: int | UnsetType = UNSET
    deleted: int | UnsetType = UNSET


class Gap(Line, tag="gap", frozen=True):
    """A range of entries, `from` to `to`, that retention removed (R4)."""

    from_: int = msgspec.field(name="from")
    to: int


class Ack(Line, tag="ack", frozen=True):
    """The confirmation that a send is stored durably at `seq` (S3); `duplicate`: an earlier send stored it (S5)."""

    id: str
    seq: int
    at: int
    duplicate: bool


class Presence(Line, tag="presence", frozen=True):
    """The members who joined and left since the previous `presence` line (P1, P2)."""

    joined: list[Person]
    left: list[str]
    count: int


class TypingNow(Line, tag="typing", frozen=True):
    """A notice that a member is typing (P4)."""

    by: Person


class ReadMark(Line, tag="read", frozen=True):
    """The seq up to which a member has read (P5)."""

    by: str
    seq: int


class Error(Line, tag="error", frozen=True):
    """A refusal: what, why, and what to do about it (S6, H4); `reason` says why a credential is refused."""

    code: str
    message: str
    id: str | UnsetType = UNSET
    retry_ms: int | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class Access(Line, tag="access", frozen=True):
    """The answer to an accepted `auth`: the new rights, and the new expiry in ms since the epoch (A4)."""

    can: list[Right]
    expires: int | None


def error_line(refusal: Refusal) -> Error:
    """Convert a refusal to the `error` line that tells the client about it (H4)."""
    return Error(
        refusal.code,
        refusal.message,
        retry_ms=UNSET if refusal.retry_ms is None else refusal.retry_ms,
        reason=UNSET if refusal.reason is None else refusal.reason.value,
    )


class Bye(Line, tag="bye", frozen=True):
    """A notice that the server is about to close; the client should reconnect after `retry_ms` (Z1)."""

    reason: str
    retry_ms: int


class Pong(Line, tag="pong", frozen=True):
    """The answer to a ping."""


class ItemChanged(Line, tag="item", frozen=True):
    """The current state of a room in the list: head, last entry, and unread messages of others (at most 1000, W10).

    `last` is null if retention has removed every entry; `head` is 0 if the room was deleted.
    """

    item: str
    head: int
    last: Entry | None
    unread: int


class ListReady(Line, tag="ready", frozen=True):
    """The end of the initial rooms; the lines after it report changes (W10)."""


ServerLine = Hello | Entry | Gap | Ack | Presence | TypingNow | ReadMark | Error | Access | Bye | Pong

#: What a client sends on the list of rooms, and what the server does (W10).
ListCommand = Auth | Ping
ListLine = ItemChanged | ListReady | Error | Access | Bye | Pong


_encoder = msgspec.json.Encoder()


def encode(line: Line) -> bytes:
    """Encode the line as JSON in UTF-8, without a newline at the end."""
    return _encoder.encode(line)


def raw(value: object) -> Raw:
    """Encode any JSON value compactly, to be copied unchanged into a line."""
    return Raw(_encoder.encode(value))
