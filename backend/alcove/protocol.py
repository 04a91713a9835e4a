"""The wire types of `alcove.v1`, and the only place that knows JSON (F)."""

import json
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from alcove.errors import Refusal

#: The subprotocol that selects the room protocol (H1).
SUBPROTOCOL = "alcove.v1"

#: Bytes of lines that are sent in one frame or read in one page at most, so that a reader's buffer holds several.
FRAME_BYTES = 64 * 1024

#: An id of the sender's choice (S1). NUL is out because PostgreSQL's text cannot hold it.
EntryId = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]
Seq = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Right = Literal["read", "write", "moderate"]


class Line(Struct, tag_field="type", frozen=True, gc=False):
    """One JSON object on the wire; `type` says which (F2)."""


# --- client to server ---------------------------------------------------------------------------------------


class Send(Line, tag="send", frozen=True):
    """Say something: `body` is a string or any JSON value (S1)."""

    id: EntryId
    body: Raw


class Edit(Line, tag="edit", frozen=True):
    """Replace the body of message `target` (S8)."""

    id: EntryId
    target: Seq
    body: Raw


class Delete(Line, tag="delete", frozen=True):
    """Take the body of message `target` away for good (S8, S9)."""

    id: EntryId
    target: Seq


class Typing(Line, tag="typing", frozen=True):
    """The member is writing (P4)."""


class Read(Line, tag="read", frozen=True):
    """The member has read up to `seq` (P5)."""

    seq: Seq


class Auth(Line, tag="auth", frozen=True):
    """A fresh token for this connection (A4)."""

    token: str


class Ping(Line, tag="ping", frozen=True):
    """Ask whether the server is there; it answers with a pong."""


Command = Send | Edit | Delete | Typing | Read | Auth | Ping


# --- server to client ---------------------------------------------------------------------------------------


class Person(Struct, frozen=True, gc=False):
    """A member, as others see them."""

    id: str
    name: str


class Member(Struct, frozen=True):
    """An authenticated user and their rights on one item (A3); times (in seconds) and digest are their token's."""

    person: Person
    can: frozenset[Right]
    expires: float | None = None
    iat: float | None = None
    digest: str | None = None

    @property
    def expires_ms(self) -> int | None:
        """Return when the token expires, in ms since the epoch; None in open mode."""
        return None if self.expires is None else int(self.expires * 1000)


class You(Struct, frozen=True):
    """The member this connection belongs to, and their rights here."""

    id: str
    name: str
    can: list[Right]


class Limits(Struct, frozen=True):
    """What a member may do on an item (L1, L2); 0 sends per second: unlimited."""

    body_bytes: int
    sends_per_s: float
    burst: int


class Hello(Line, tag="hello", frozen=True):
    """The first line of every connection (H5)."""

    item: str
    log: str
    head: int
    oldest: int
    reset: bool
    you: You
    members: list[Person]
    count: int
    reads: dict[str, int]
    limits: Limits
    expires: int | None
    #: The server's clock in ms since the epoch: `expires - now` is the lifetime, whatever the client's clock says.
    now: int


class Entry(Line, tag="entry", frozen=True):
    """One entry of the log.

    A `message` has a `body` until it is deleted; an `edit` has `target` and `body`; a `delete` has `target`.
    """

    seq: int
    kind: Literal["message", "edit", "delete"]
    id: str
    by: Person
    at: int
    target: int | UnsetType = UNSET
    body: Raw | UnsetType = UNSET
    edited: int | UnsetType = UNSET
    deleted: int | UnsetType = UNSET


class Gap(Line, tag="gap", frozen=True):
    """Entries `from` to `to` are gone: retention removed them (R4)."""

    from_: int = msgspec.field(name="from")
    to: int


class Ack(Line, tag="ack", frozen=True):
    """The send is durable at `seq` (S3); `duplicate`: it stood there already (S5)."""

    id: str
    seq: int
    at: int
    duplicate: bool


class Presence(Line, tag="presence", frozen=True):
    """Who came and who left since the last such line (P1, P2)."""

    joined: list[Person]
    left: list[str]
    count: int


class TypingNow(Line, tag="typing", frozen=True):
    """A member is writing (P4)."""

    by: Person


class ReadMark(Line, tag="read", frozen=True):
    """A member has read up to `seq` (P5)."""

    by: str
    seq: int


class Error(Line, tag="error", frozen=True):
    """What was refused, why, and what to do about it (S6, H4); `reason` says why a credential is refused."""

    code: str
    message: str
    id: str | UnsetType = UNSET
    retry_ms: int | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class Access(Line, tag="access", frozen=True):
    """The answer to a good `auth`: the rights and the expiry (ms since the epoch) that count from here on (A4)."""

    can: list[Right]
    expires: int | None


def error_line(refusal: Refusal) -> Error:
    """Return the `error` that tells a client of a refusal (H4)."""
    return Error(
        refusal.code,
        refusal.message,
        retry_ms=UNSET if refusal.retry_ms is None else refusal.retry_ms,
        reason=UNSET if refusal.reason is None else refusal.reason.value,
    )


class Bye(Line, tag="bye", frozen=True):
    """The server is about to close; come back after `retry_ms` (Z1)."""

    reason: str
    retry_ms: int


class Pong(Line, tag="pong", frozen=True):
    """The answer to a ping."""


class ItemChanged(Line, tag="item", frozen=True):
    """A room of the list as it is now: its head, its last entry, and messages of others not read (at most 1000, W10).

    `last` is null where retention has removed every entry.
    """

    item: str
    head: int
    last: Entry | None
    unread: int


class ListReady(Line, tag="ready", frozen=True):
    """The latest rooms were sent; what follows is what changes (W10)."""


ServerLine = Hello | Entry | Gap | Ack | Presence | TypingNow | ReadMark | Error | Access | Bye | Pong

#: What a client sends on the list of rooms, and what the server does (W10).
ListCommand = Auth | Ping
ListLine = ItemChanged | ListReady | Error | Access | Bye | Pong


class Malformed(ValueError):  # noqa: N818 - it is what came in, not what went wrong here
    """A line that is no command; `id` is the sender's, where the line had one."""

    def __init__(self, message: str, id: str | None) -> None:
        super().__init__(message)
        self.id = id


_encoder = msgspec.json.Encoder()
_commands: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Command)


def encode(line: Line) -> bytes:
    """One line, without its newline."""
    return _encoder.encode(line)


def decode(line: str) -> Command:
    """The command on one line. Raises Malformed, which says what was expected (F2)."""
    try:
        return _commands.decode(line)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise Malformed(str(error), _id_of(line)) from None
    except RecursionError:
        raise Malformed("JSON nested too deeply", _id_of(line)) from None


class _Identified(Struct):
    """The id of a line, whatever else it has."""

    id: Annotated[str, Meta(min_length=1, max_length=64)] | UnsetType = UNSET


_identified: msgspec.json.Decoder[_Identified] = msgspec.json.Decoder(_Identified)
#: Characters of a line that is read by the lenient decoder, which makes an object of each value: up to 60 ms a MiB.
_LENIENT_CHARS = 72 * 1024


def _id_of(line: str) -> str | None:
    """Return the `id` of a line that is no command, so that its sender knows which one was refused (S6).

    A body with half a surrogate pair is refused by the strict decoder, and its id is still an id: where the line is not
    too long, the lenient decoder reads it.
    """
    try:
        found = _identified.decode(line).id
        return None if isinstance(found, UnsetType) else found
    except msgspec.ValidationError:
        return None
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return _lenient_id(line) if len(line) <= _LENIENT_CHARS else None


def _lenient_id(line: str) -> str | None:
    try:
        found = json.loads(line)
        known = found.get("id") if isinstance(found, dict) else None
        return known if isinstance(known, str) and len(known) <= 64 and known.encode() else None
    except (ValueError, RecursionError):
        return None


def raw(value: object) -> Raw:
    """Any JSON value, as compact JSON."""
    return Raw(_encoder.encode(value))
