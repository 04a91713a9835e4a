"""Decode the lines of an import: an export (W14), or existing comments that an application converted."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from alcove.access.tokens import check_claims
from alcove.clock import now_ms
from alcove.errors import AlcoveError, Refusal
from alcove.item_ids import ItemIdError, check_item_id
from alcove.protocol import EntryId, Person, Seq
from alcove.rooms.writing import EventBody

#: The earliest time in ms that is taken, in March 1973: a time in seconds is less until the year 5138.
_EARLIEST_MS = 10**11
_KINDS = "room, entry or read"
_TOKENS = "the token's"

MemberId = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[^\x00]*$")]


class LineError(AlcoveError):
    """A line cannot be imported. The message has its number, and what was expected."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")


class Reference(Struct, frozen=True, gc=False):
    """Names an entry of the same room by its author and its id, which stay the same when its seq changes."""

    by: MemberId
    id: EntryId


class ImportedLine(Struct, tag_field="type", frozen=True):
    """Base class of the lines of an import; the field `type` is the kind of line."""


class RoomLine(ImportedLine, tag="room", frozen=True):
    """The room that the following lines belong to."""

    item: str


class EntryLine(ImportedLine, tag="entry", frozen=True):
    """An entry, as an export has it.

    `target` is the entry that an edit or delete changes, by its `seq` in the file or by reference. `body` may be
    missing where it was deleted.
    """

    kind: Literal["message", "edit", "delete", "event"]
    id: EntryId
    by: Person
    at: int
    seq: Seq | UnsetType = UNSET
    body: Raw | UnsetType = UNSET
    target: Reference | int | UnsetType = UNSET
    deleted: int | UnsetType = UNSET


class MarkLine(ImportedLine, tag="read", frozen=True):
    """A member's read mark: the last read entry, by its `seq` in the file or by reference."""

    by: MemberId
    seq: Seq | UnsetType = UNSET
    target: Reference | UnsetType = UNSET


Line = RoomLine | EntryLine | MarkLine
_decoder = msgspec.json.Decoder(Line)
_event_decoder = msgspec.json.Decoder(EventBody)


class Located(Struct, frozen=True, gc=False):
    """A line with its number and the item of the room that it belongs to."""

    number: int
    item: str
    line: EntryLine | MarkLine


class LineReader:
    """Checks lines one after the other; keeps nothing but the current room and the time of its last entry."""

    def __init__(self, first: int = 1) -> None:
        """Create a reader; `first` is the number of the first line."""
        self.number = first - 1
        #: The item of the current room; None before the first room.
        self.item: str | None = None
        self._at = 0, 0  # of the room's last entry: its time, and the number of its line

    def read(self, text: bytes) -> RoomLine | Located | None:
        """Return the decoded line; None for a blank one. Raises LineError."""
        self.number += 1
        if not text.strip():
            return None
        try:
            line = _decoder.decode(text.decode())
        except UnicodeDecodeError:
            raise self._error("expected UTF-8") from None
        except msgspec.ValidationError as error:
            raise self._error(_expectation(str(error))) from None
        except (msgspec.DecodeError, RecursionError) as error:
            raise self._error(f"expected one JSON object of the type {_KINDS}: {error}") from None
        if isinstance(line, RoomLine):
            self.item, self._at = self._checked_item(line.item), (0, 0)
            return line
        if self.item is None:
            raise self._error('expected {"type":"room","item":…} before the first entry')
        if isinstance(line, EntryLine):
            self._check(line)
        elif line.seq is UNSET and line.target is UNSET:
            raise self._error("expected `seq` or `target`: the last entry that the member has read")
        return Located(self.number, self.item, line)

    def _checked_item(self, item: str) -> str:
        try:
            return check_item_id(item)
        except ItemIdError as error:
            raise self._error(f"item: {error}") from None

    def _check(self, line: EntryLine) -> None:
        if fault := _author_fault(line.by.id, line.by.name, line.by.picture or None, line.by.role or None):
            raise self._error(fault)
        now = now_ms()
        if not _EARLIEST_MS <= line.at <= now:
            raise self._error(
                f"at: expected milliseconds since 1970, and not the future; now is {now}, this is {line.at}"
            )
        if line.at < self._at[0]:
            raise self._error(
                f"at: expected at least {self._at[0]}, which line {self._at[1]} has: sort the entries of a room by time"
            )
        self._at = line.at, self.number
        changes = line.kind in {"edit", "delete"}
        if changes and line.target is UNSET:
            raise self._error(
                f"target: expected the `seq`, or `by` and `id`, of the message that this {line.kind} changes"
            )
        if not changes and line.target is not UNSET:
            raise self._error(f"target: expected none, as this is no edit or delete but a {line.kind}")
        if line.kind == "message" and line.body is UNSET and line.deleted is UNSET:
            raise self._error("body: expected a string or any other JSON value")
        if line.kind == "event" and line.body is not UNSET:
            try:
                _event_decoder.decode(line.body)
            except msgspec.DecodeError as error:
                raise self._error(f'body: expected {{"text":…}} and perhaps `data`: {error}') from None

    def _error(self, message: str) -> LineError:
        return LineError(self.number, message)


def lines_of(data: bytes, first: int) -> Iterator[Located]:
    """Yield the entries and marks of several lines; `first` is the number of the first one. Raises LineError."""
    reader = LineReader(first)
    for text in data.split(b"\n"):
        if isinstance(line := reader.read(text), Located):
            yield line


def _expectation(message: str) -> str:
    """Return an error of msgspec with the field first: `at: expected int, got str`."""
    what, at, where = message.replace("`", "").partition(" - at $")
    what = f"{what[0].lower()}{what[1:]}"
    return f"{where.lstrip('.')}: {what}" if at and where else what


@lru_cache(maxsize=1000)
def _author_fault(id_: str, name: str, picture: str | None, role: str | None) -> str | None:
    """Describe what is wrong with an author; the limits are those of a token's claims (A3, A9)."""
    try:
        check_claims({"sub": id_, "name": name, "picture": picture, "role": role, "items": {}, "exp": 0})
    except Refusal as refusal:
        # The rules are those of a token; the names of the fields differ.
        return f"by: {refusal.message.replace(_TOKENS, 'its').replace('`sub`', '`id`')}"
    return None
