"""Read a file for `alcove import`, and make the requests from it: lines as W14 has them, in bounded memory.

Numbers of entries differ from log to log, so edits, deletes and read marks refer to an entry by its author and id
instead. Of the entries of one room, those that others refer to are remembered until the next room begins.
"""

from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import msgspec
from msgspec import UNSET

from alcove.rooms.import_lines import EntryLine, LineError, LineReader, Located, MarkLine, Reference, RoomLine

#: Maximum lines of a request, and maximum bytes before its last line.
_LINES, _BYTES = 1000, 256 * 1024
#: Longer lines are not read: more than a body may have by any setting.
_LINE_BYTES = 65 * 1024 * 1024
#: How compressed files begin.
_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
}
_START_BYTES = 8


class ImportRequest(NamedTuple):
    """The body of one request, the number of its first line in the file, and how many lines of the file it has."""

    data: bytes
    line: int
    lines: int

    @property
    def place_of_size(self) -> str:
        """The line because of which the request is too large: only the last one may be long. Else all of them."""
        last = self.line + self.data.count(b"\n")
        is_long = len(self.data) - self.data.rfind(b"\n") > len(self.data) // 2
        return f"line {last}" if is_long else f"lines {last - self.lines + 1} to {last}"


class _Known(NamedTuple):
    """An entry that a later line refers to."""

    reference: Reference
    kind: str


class _References(NamedTuple):
    """The seqs of a room that later lines refer to: `seqs` of every kind of entry, `deleted` of deleted messages."""

    seqs: frozenset[int]
    deleted: frozenset[int]


class ImportFile:
    """The requests of one file. Iterating checks every line; nothing is kept from one room to the next."""

    def __init__(self, file: BinaryIO) -> None:
        """Create it; the file must be seekable."""
        self._file = file
        #: Lines that the last iteration left out: they refer to an entry that the file does not have.
        self.left_out = 0

    def requests(self) -> Iterator[ImportRequest]:
        """Yield the requests, from the first line on. Raises LineError."""
        self._begin()
        self.left_out = 0
        lines: list[bytes] = []
        #: The current room, the one before the first line of the request, the number of that line, and its bytes.
        current, room, first, size = b"", b"", 1, 0
        for number, text, is_room in self._lines():
            if len(lines) >= _LINES or size >= _BYTES:
                yield _request(lines, first, room)
                lines, size = [], 0
            if not lines:
                first, room = number, b"" if is_room else current
            if is_room:
                current = text
            lines.append(text)
            size += len(text)
        if lines:
            yield _request(lines, first, room)

    def _begin(self) -> None:
        """Go to the first line, after a byte order mark. Raises LineError if the file is compressed."""
        self._file.seek(0)
        start = self._file.read(_START_BYTES)
        for magic, kind in _COMPRESSED.items():
            if start.startswith(magic):
                raise LineError(1, f"this is a {kind} file: unpack it first")
        self._file.seek(len(BOM_UTF8) if start.startswith(BOM_UTF8) else 0)

    def _lines(self) -> Iterator[tuple[int, bytes, bool]]:
        """Yield for each line its number, the text to send (empty: nothing), and whether it names a room."""
        number = 1
        while True:
            start = self._file.tell()
            referred = self._scan_room(number)
            self._file.seek(start)
            reader = LineReader(number)
            entries_by_seq: dict[int, _Known] = {}
            dropped: set[int] = set()
            while text := self._read_line(reader):
                line = reader.read(text)
                if isinstance(line, RoomLine) and reader.number > number:
                    self._file.seek(-len(text), 1)
                    break
                output = b"" if line is None else text.strip()
                if isinstance(line, Located):
                    output = self._convert(line, output, referred, entries_by_seq, dropped)
                yield reader.number, output, isinstance(line, RoomLine)
            else:
                return
            number = reader.number

    def _scan_room(self, line_number: int) -> _References:
        """Read ahead through the lines of one room; return the seqs that they refer to."""
        reader = LineReader(line_number)
        seqs: set[int] = set()
        deleted: set[int] = set()
        while text := self._read_line(reader):
            line = reader.read(text)
            if isinstance(line, RoomLine) and reader.number > line_number:
                break
            if isinstance(line, Located):
                match line.line:
                    case EntryLine(kind="delete", target=int() as target):
                        deleted.add(target)
                    case EntryLine(target=int() as target) | MarkLine(seq=int() as target):
                        seqs.add(target)
        return _References(frozenset(seqs | deleted), frozenset(deleted))

    def _convert(
        self, one: Located, text: bytes, referred: _References, known: dict[int, _Known], dropped: set[int]
    ) -> bytes:
        """Return the line with a reference instead of a number; empty if it is left out. Raises LineError."""
        line = one.line
        number = line.seq if isinstance(line, MarkLine) else line.target
        if isinstance(number, int) and not (isinstance(line, MarkLine) and line.target is not UNSET):
            target = known.get(number)
            if target is None:
                self.left_out += 1
                return b""
            if isinstance(line, EntryLine):
                if target.kind != "message" or number in dropped:
                    state = "was deleted before" if number in dropped else f"is of the kind {target.kind}"
                    raise LineError(one.number, f"target: expected a message; the entry {number} {state}")
                if line.kind == "delete":
                    dropped.add(number)
            line = msgspec.structs.replace(line, target=target.reference)
            text = msgspec.json.encode(line)
        if isinstance(line, EntryLine):
            if line.kind == "message" and line.body is UNSET and line.seq not in referred.deleted:
                self.left_out += 1  # it was deleted, by an entry that the file does not have
                return b""
            if isinstance(line.seq, int) and line.seq in referred.seqs:
                known[line.seq] = _Known(Reference(line.by.id, line.id), line.kind)
        return text

    def _read_line(self, reader: LineReader) -> bytes:
        """Return the next line; empty at the end. Raises LineError if no server takes one as long."""
        text = self._file.readline(_LINE_BYTES)
        if len(text) == _LINE_BYTES and not text.endswith(b"\n"):
            raise LineError(reader.number + 1, f"expected less than {_LINE_BYTES} bytes, this line has more")
        return text


def _request(lines: list[bytes], first: int, room: bytes) -> ImportRequest:
    """Return a request; `room` is the line of the room that its first line belongs to, empty if it has that itself."""
    data = b"\n".join([room, *lines] if room else lines)
    return ImportRequest(data, first - bool(room), len(lines))
