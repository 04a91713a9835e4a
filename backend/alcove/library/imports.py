"""Read what an application imports, lines of JSON or `ImportEntry` objects, and build the requests (W14)."""

import asyncio
import re
from bisect import bisect_right
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import IOBase
from tempfile import TemporaryFile
from typing import Any, Literal, Self
from uuid import UUID

import msgspec

from alcove.access.signing import id_text
from alcove.errors import InvalidError, TooLargeError
from alcove.library.member import Member
from alcove.protocol import raw
from alcove.rooms.import_file import ImportFile, ImportRequest
from alcove.rooms.import_lines import EntryLine, LineError, RoomLine
from alcove.rooms.imports import Imported

#: Bytes of a file that are copied at a time.
_COPY_BYTES = 1 << 20
#: Number of parts after which other tasks get a turn.
_PARTS_PER_TURN = 1000
#: The number of a line, or of the first and the last line of a range, in the message of an error.
_LINES = re.compile(r"\blines? (\d{1,15})(?: to (\d{1,15}))?\b")
#: What an error about the source says.
_EXPECTED = "source: expected lines as bytes or str, lines or ImportEntry objects one after the other, or an open file"


@dataclass(frozen=True, slots=True)
class ImportEntry:
    """An existing comment of the application, which becomes an entry of an item's room.

    Attributes:
        item: The item id.
        id: The comment's id in the application, 1 to 64 characters; the same id of the same author is stored once.
        by: The author. Rights do not matter.
        at: When it was written; with a time zone. The entries of an item are sorted by time.
        body: A text, or any JSON value; the body of an event is `{"text": …}`, optionally with `data`.
        kind: `message` or `event`.

    """

    item: str
    id: str | int | UUID
    by: Member
    at: datetime
    body: Any  # Any: JSON of the application
    kind: Literal["message", "event"] = "message"


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The counts of an import.

    Attributes:
        stored: Entries that were stored.
        known: Entries that were already stored, and stayed unchanged.
        marks: Read marks that were moved.
        left_out: Lines that were left out, because they refer to an entry that is not in the import.

    """

    stored: int = 0
    known: int = 0
    marks: int = 0
    left_out: int = 0


#: One part of a source: one or several whole lines, or an entry.
Part = bytes | str | ImportEntry
#: What can be imported: lines, an iterable of parts, or an open file.
Source = bytes | str | Iterable[Part]
#: What asynchronous code can import: also an asynchronous iterable of parts.
AsyncSource = Source | AsyncIterable[Part]
#: A function that is called after each chunk, with the number of imported lines or entries, and the number of all.
OnProgress = Callable[[int, int], object]


class ImportJob:
    """The lines of one import, in a temporary file: all of them are checked before the first one is stored."""

    def __init__(self, on_progress: OnProgress | None) -> None:
        """Create a job without lines. The job is a context manager, which removes the temporary file at its end."""
        self._file = TemporaryFile()  # noqa: SIM115 - `__exit__` closes it
        self._reader = ImportFile(self._file)
        self._on_progress = on_progress
        self._line_count = 0
        #: Whether the lines were made from ImportEntry objects.
        self._are_entries = False
        #: The numbers of the lines that were added to name the rooms of ImportEntry objects.
        self._room_lines: list[int] = []
        #: The item of the last ImportEntry.
        self._item: str | None = None
        #: The number of lines that are imported.
        self._done = 0
        #: The number of lines in all requests.
        self._total = 0
        self._stored = self._known = self._marks = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def result(self) -> ImportResult:
        """The counts of the requests so far."""
        return ImportResult(self._stored, self._known, self._marks, self._reader.left_out)

    def add(self, part: Part) -> None:
        """Append lines or an entry. Raises InvalidError if the entry is invalid, or if lines and entries are mixed."""
        if not isinstance(part, bytes | str | ImportEntry):
            raise InvalidError(f"expected lines as bytes or str, or ImportEntry; got {type(part).__name__}")
        if self._line_count and isinstance(part, ImportEntry) != self._are_entries:
            raise InvalidError("expected lines or entries, not both in one import")
        self._are_entries = isinstance(part, ImportEntry)
        if not isinstance(part, ImportEntry):
            # Text that cannot be encoded is reported later, with the number of its line.
            self._write(part.encode(errors="surrogatepass") if isinstance(part, str) else part)
            return
        if not isinstance(part.item, str):
            number = self._given_count(self._line_count) + 1
            raise InvalidError(f"entry {number}: item: expected a string, got {part.item!r:.80}")
        if part.item != self._item:
            self._item = part.item
            self._write(msgspec.json.encode(RoomLine(part.item)))
            self._room_lines.append(self._line_count)
        self._write(_encode_entry(part, self._given_count(self._line_count) + 1))

    def requests(self) -> Iterator[ImportRequest]:
        """Check all lines, then yield them as requests. Raises InvalidError if a line is invalid."""
        with self.located_errors():
            self._total = sum(request.line_count for request in self._reader.requests())
            yield from self._reader.requests()

    async def async_requests(self) -> AsyncIterator[ImportRequest]:
        """Yield what `requests` yields, but read the file in a thread."""
        requests = self.requests()
        while (request := await asyncio.to_thread(next, requests, None)) is not None:
            yield request

    def record(self, request: ImportRequest, imported: Imported) -> None:
        """Add the server's counts for a request to the result, and report the progress to `on_progress`."""
        self._done += request.line_count
        self._stored += imported.stored
        self._known += imported.known
        self._marks += imported.marks
        if self._on_progress is not None:
            self._on_progress(self._given_count(self._done), self._given_count(self._total))

    @contextmanager
    def located_errors(self, request: ImportRequest | None = None) -> Iterator[None]:
        """Add to the errors of a block which line or entry is wrong and how much is imported.

        Args:
            request: The request that the block sends, whose largest lines are named if it is too large.

        Raises:
            InvalidError: The block raised a LineError or an InvalidError.
            TooLargeError: The block raised a TooLargeError.

        """
        try:
            yield
        except (LineError, InvalidError) as error:
            raise InvalidError(self._locate(str(error))) from None
        except TooLargeError as error:
            place = "" if request is None else f"{request.oversized_lines}: "
            raise TooLargeError(self._locate(f"{place}{error}")) from None

    def _locate(self, message: str) -> str:
        """Return the message with numbers of entries, if the lines are entries, and with how much is imported."""
        unit = "entries" if self._are_entries else "lines"
        if self._are_entries:
            message = _LINES.sub(self._name_entries, message)
        if self._done:
            message += f"; {self._given_count(self._done)} {unit} are imported: call it again to continue"
        return message

    def _name_entries(self, lines: re.Match[str]) -> str:
        """Name the entries from which lines were made. A line that names a room counts as the entry after it."""
        first = self._given_count(int(lines[1]) - 1) + 1
        last = self._given_count(int(lines[2] or lines[1]))
        return f"entries {first} to {last}" if last > first else f"entry {first}"

    def _write(self, data: bytes) -> None:
        """Append lines to the file, and end the last one with a newline if it has none."""
        if data:
            data = data if data.endswith(b"\n") else data + b"\n"
            self._file.write(data)
            self._line_count += data.count(b"\n")

    def _given_count(self, lines: int) -> int:
        """Return how many of the first `lines` lines came from the caller; the others were added to name rooms."""
        return lines - bisect_right(self._room_lines, lines)


def parts_of(source: Source) -> Iterator[Part]:
    """Yield the parts of a source. Raises InvalidError if `source` has another type."""
    if isinstance(source, bytes | str):
        yield source
    elif isinstance(source, IOBase):
        while lines := source.readlines(_COPY_BYTES):
            yield b"".join(lines) if isinstance(lines[0], bytes) else "".join(lines)
    elif isinstance(source, Iterable):
        yield from source
    else:
        hint = ": use AsyncClient" if isinstance(source, AsyncIterable) else ""
        raise InvalidError(f"{_EXPECTED}; got {type(source).__name__}{hint}")


async def async_parts_of(source: AsyncSource) -> AsyncIterator[Part]:
    """Yield the parts of a source, and give other tasks a turn after every `_PARTS_PER_TURN` parts."""
    if isinstance(source, AsyncIterable):
        async for part in source:
            yield part
        return
    for number, part in enumerate(parts_of(source), 1):
        yield part
        if number % _PARTS_PER_TURN == 0:
            await asyncio.sleep(0)


def _encode_entry(entry: ImportEntry, number: int) -> bytes:
    """Encode the entry with this number as a line. Raises InvalidError, which names the number, if it is invalid."""
    if not isinstance(entry.at, datetime) or entry.at.tzinfo is None:
        raise InvalidError(f"entry {number}: at: expected a datetime with a time zone, got {entry.at!r:.80}")
    if not isinstance(entry.by, Member):
        raise InvalidError(f"entry {number}: by: expected a Member, got {entry.by!r:.80}")
    id_ = id_text(f"entry {number}: id", entry.id)
    if entry.kind not in ("message", "event"):
        raise InvalidError(f"entry {number}: kind: expected 'message' or 'event', got {entry.kind!r:.80}")
    try:
        body = raw(entry.body)
        at = round(entry.at.timestamp() * 1000)
        return msgspec.json.encode(EntryLine(entry.kind, id_, entry.by.person, at, body=body))
    except (UnicodeEncodeError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidError(f"entry {number}: cannot be encoded as JSON: {error}") from error
