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

#: The earliest accepted time, which is in March 1973. A time in seconds is less until the year 5138: it is refused.
_EARLIEST_MS = 10**11

MemberId = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[^\x00]*$")]


class LineError(AlcoveError):
    """A line cannot be imported. The message contains the number of the line, and what was expected."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")


class Reference(Struct, frozen=True, gc=False):
    """An entry of the same room, by its author and its id, which stay the same when its seq changes."""

    #: The id of the author.
    by: MemberId
    id: EntryId


class ImportedLine(Struct, tag_field="type", frozen=True):
    """Base class of the lines of an import; the field `type` is the kind of line."""


class RoomLine(ImportedLine, tag="room", frozen=True):
    """The room that the following lines belong to."""

    item: str


class EntryLine(ImportedLine, tag="entry", frozen=True):
    """An entry, as an export has it.

    `target` is the entry that an edit or delete changes, by its `seq` in the file or by reference. A deleted message
    and its edits have no `body`.
    """

    kind: Literal["message", "edit", "delete", "event"]
    id: EntryId
    by: Person
    #: When it was written, in ms since the epoch.
    at: int
    seq: Seq | UnsetType = UNSET
    body: Raw | UnsetType = UNSET
    target: Reference | int | UnsetType = UNSET
    #: When the message was deleted, in ms since the epoch.
    deleted: int | UnsetType = UNSET


class MarkLine(ImportedLine, tag="read", frozen=True):
    """A member's read mark: the last read entry, by its `seq` in the file or by reference (`target`)."""

    #: The id of the member.
    by: MemberId
    seq: Seq | UnsetType = UNSET
    target: Reference | UnsetType = UNSET


Line = RoomLine | EntryLine | MarkLine
_decoder = msgspec.json.Decoder(Line)
_event_decoder = msgspec.json.Decoder(EventBody)


class LocatedLine(Struct, frozen=True, gc=False):
    """A line, and where it belongs."""

    #: The number of the line.
    number: int
    #: The item of the room that the line belongs to.
    item: str
    line: EntryLine | MarkLine


class LineReader:
    """A decoder that checks lines one by one; its state is the current room and the time of the room's last entry."""

    def __init__(self, first_line: int = 1) -> None:
        """Create a reader; `first_line`: the number of the line that is read first."""
        #: The number of the line that was read last.
        self.number = first_line - 1
        #: The item of the current room; None before the first room.
        self.item: str | None = None
        #: The time of the current room's last entry in ms; 0: there is none yet.
        self._last_at = 0
        #: The number of that entry's line.
        self._last_number = 0

    def read(self, text: bytes) -> RoomLine | LocatedLine | None:
        """Check and return the next line; None if it is blank. Raises LineError if it is invalid."""
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
            raise self._error(f"expected one JSON object of the type room, entry or read: {error}") from None
        if isinstance(line, RoomLine):
            self.item = self._check_item(line.item)
            self._last_at = self._last_number = 0
            return line
        if self.item is None:
            raise self._error('expected {"type":"room","item":…} before the first entry')
        if isinstance(line, EntryLine):
            self._check_entry(line)
        elif line.seq is UNSET and line.target is UNSET:
            raise self._error("expected `seq` or `target`: the last entry that the member has read")
        return LocatedLine(self.number, self.item, line)

    def _check_item(self, item: str) -> str:
        """Return the item unchanged. Raises LineError if it is not a valid item id."""
        try:
            return check_item_id(item)
        except ItemIdError as error:
            raise self._error(f"item: {error}") from None

    def _check_entry(self, line: EntryLine) -> None:
        """Check the author, the time, the target and the body of an entry. Raises LineError if one is wrong."""
        if problem := _author_problem(line.by.id, line.by.name, line.by.picture or None, line.by.role or None):
            raise self._error(problem)
        now = now_ms()
        if not _EARLIEST_MS <= line.at <= now:
            raise self._error(
                f"at: expected milliseconds since 1970, and not the future; now is {now}, this is {line.at}"
            )
        if line.at < self._last_at:
            raise self._error(
                f"at: expected at least {self._last_at}, which line {self._last_number} has:"
                " sort the entries of a room by time"
            )
        self._last_at, self._last_number = line.at, self.number
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
        """Create the error of the current line."""
        return LineError(self.number, message)


def decode_lines(data: bytes, first_line: int) -> Iterator[LocatedLine]:
    """Yield the entries and read marks in `data`; `first_line`: the number of its first line. Raises LineError."""
    reader = LineReader(first_line)
    for text in data.split(b"\n"):
        if isinstance(line := reader.read(text), LocatedLine):
            yield line


def _expectation(message: str) -> str:
    """Reformat an error message of msgspec so that the field comes first: `at: expected int, got str`."""
    expectation, _, field = message.replace("`", "").partition(" - at $")
    expectation = f"{expectation[0].lower()}{expectation[1:]}"
    return f"{field.lstrip('.')}: {expectation}" if field else expectation


@lru_cache(maxsize=1000)
def _author_problem(id_: str, name: str, picture: str | None, role: str | None) -> str | None:
    """Return what is wrong with an author, or None. Authors have the limits of a token's claims (A3, A9)."""
    try:
        check_claims({"sub": id_, "name": name, "picture": picture, "role": role, "items": {}, "exp": 0})
    except Refusal as refusal:
        # The message names a token's claims; the fields of an import line have other names.
        message = refusal.message.replace("the token's", "its").replace("`sub`", "`id`")
        return f"by: {message}"
    return None
