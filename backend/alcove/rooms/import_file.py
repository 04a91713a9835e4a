"""Read a file for `alcove import`, and create the requests from it in bounded memory (W14).

The seq of an entry differs from log to log, so edits, deletes and read marks refer to an entry by its author and id
instead. The entries that other lines refer to are kept in memory until the next room begins.
"""

from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import msgspec
from msgspec import UNSET

from alcove.rooms.import_lines import EntryLine, LineError, LineReader, LocatedLine, MarkLine, Reference, RoomLine

#: Maximum number of lines in a request.
_MAX_LINES = 1000
#: Number of bytes from which on a request gets no further line.
_MAX_BYTES = 256 * 1024
#: Number of bytes that a line must not reach: more than any setting allows for a body.
_MAX_LINE_BYTES = 65 * 1024 * 1024
#: The first bytes of compressed files.
_MAGIC_NUMBERS = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
}
#: Number of bytes that are read to recognize a compressed file or a byte order mark.
_START_BYTES = 8


class ImportRequest(NamedTuple):
    """A part of the file, as the body of one import request."""

    #: The body of the request.
    data: bytes
    #: The line number in the file that belongs to the first line of `data`. If that is a `room` line from an earlier
    #: part of the file, the number is one less than that of the line after it.
    first_line: int
    #: How many lines of the file the request imports.
    line_count: int

    @property
    def oversized_lines(self) -> str:
        """The lines that make the request too large: the last one if it has over half of the bytes, otherwise all."""
        last = self.first_line + self.data.count(b"\n")
        is_last_long = len(self.data) - self.data.rfind(b"\n") > len(self.data) // 2
        return f"line {last}" if is_last_long else f"lines {last - self.line_count + 1} to {last}"


class _KnownEntry(NamedTuple):
    """An entry that was read from the file, to which later lines may refer."""

    #: The reference that replaces the entry's seq in later lines.
    reference: Reference
    #: The kind of the entry, which decides whether a later line may edit or delete it.
    kind: str


class _References(NamedTuple):
    """The seqs that the lines of a room refer to."""

    #: All of them.
    seqs: frozenset[int]
    #: The seqs of the messages that a line deletes.
    deleted: frozenset[int]


class ImportFile:
    """The requests of one file; every line is checked when they are iterated."""

    def __init__(self, file: BinaryIO) -> None:
        """Store the file, which must be seekable, because each room is read twice."""
        self._file = file
        #: How many lines the last iteration left out, because the file lacks an entry that they need.
        self.left_out = 0

    def requests(self) -> Iterator[ImportRequest]:
        """Rewind the file, and yield its requests. Raises LineError if a line is invalid, also after some requests."""
        self._begin()
        self.left_out = 0
        lines: list[bytes] = []
        size = 0
        first_line = 1
        # The `room` line that applies now, and the one to put before the request (empty: the request begins with one).
        room_line = first_room_line = b""
        for number, line, is_room in self._lines():
            if len(lines) >= _MAX_LINES or size >= _MAX_BYTES:
                yield _request(lines, first_line, first_room_line)
                lines, size = [], 0
            if not lines:
                first_line, first_room_line = number, b"" if is_room else room_line
            if is_room:
                room_line = line
            lines.append(line)
            size += len(line)
        if lines:
            yield _request(lines, first_line, first_room_line)

    def _begin(self) -> None:
        """Seek to the first line, after a byte order mark. Raises LineError if the file is compressed."""
        self._file.seek(0)
        start = self._file.read(_START_BYTES)
        for magic, format_name in _MAGIC_NUMBERS.items():
            if start.startswith(magic):
                raise LineError(1, f"this is a {format_name} file: unpack it first")
        self._file.seek(len(BOM_UTF8) if start.startswith(BOM_UTF8) else 0)

    def _lines(self) -> Iterator[tuple[int, bytes, bool]]:
        """Yield for each line its number, the line to send (empty: none), and whether it is a `room` line."""
        room_number = 1
        while True:
            start = self._file.tell()
            references = self._scan_room(room_number)
            self._file.seek(start)
            reader = LineReader(room_number)
            known: dict[int, _KnownEntry] = {}
            deleted: set[int] = set()
            while text := self._read_line(reader):
                line = reader.read(text)
                if isinstance(line, RoomLine) and reader.number > room_number:
                    self._file.seek(-len(text), 1)
                    break
                output = b"" if line is None else text.strip()
                if isinstance(line, LocatedLine):
                    output = self._replace_target_seq(line, output, references, known, deleted)
                yield reader.number, output, isinstance(line, RoomLine)
            else:
                return
            room_number = reader.number

    def _scan_room(self, line_number: int) -> _References:
        """Read the lines of the room that begins at `line_number`; return the seqs that they refer to."""
        reader = LineReader(line_number)
        seqs: set[int] = set()
        deleted: set[int] = set()
        while text := self._read_line(reader):
            line = reader.read(text)
            if isinstance(line, RoomLine) and reader.number > line_number:
                break
            if isinstance(line, LocatedLine):
                match line.line:
                    case EntryLine(kind="delete", target=int() as target):
                        deleted.add(target)
                    case EntryLine(target=int() as target) | MarkLine(seq=int() as target):
                        seqs.add(target)
        return _References(frozenset(seqs | deleted), frozenset(deleted))

    def _replace_target_seq(
        self,
        located: LocatedLine,
        text: bytes,
        references: _References,
        known: dict[int, _KnownEntry],
        deleted: set[int],
    ) -> bytes:
        """Replace the seq that a line refers to by a reference.

        Args:
            located: The line.
            text: The line as the file has it.
            references: The seqs that the lines of the room refer to.
            known: The earlier entries of the room that lines refer to, by seq; the line's entry is added.
            deleted: The messages that earlier lines deleted; the target of a delete is added.

        Returns:
            The line to send; empty if it is left out, because the file lacks the entry that it refers to.

        Raises:
            LineError: The target of an edit or delete is not a message, or is deleted.

        """
        line = located.line
        seq = line.seq if isinstance(line, MarkLine) else line.target
        if isinstance(seq, int) and not (isinstance(line, MarkLine) and line.target is not UNSET):
            target = known.get(seq)
            if target is None:
                self.left_out += 1
                return b""
            if isinstance(line, EntryLine):
                if target.kind != "message" or seq in deleted:
                    state = "was deleted before" if seq in deleted else f"is of the kind {target.kind}"
                    raise LineError(located.number, f"target: expected a message; the entry {seq} {state}")
                if line.kind == "delete":
                    deleted.add(seq)
            line = msgspec.structs.replace(line, target=target.reference)
            text = msgspec.json.encode(line)
        if isinstance(line, EntryLine):
            if line.kind == "message" and line.body is UNSET and line.seq not in references.deleted:
                self.left_out += 1  # it was deleted, by an entry that the file does not have
                return b""
            if isinstance(line.seq, int) and line.seq in references.seqs:
                known[line.seq] = _KnownEntry(Reference(line.by.id, line.id), line.kind)
        return text

    def _read_line(self, reader: LineReader) -> bytes:
        """Return the next line; empty at the end of the file. Raises LineError if it is too long for any server."""
        text = self._file.readline(_MAX_LINE_BYTES)
        if len(text) == _MAX_LINE_BYTES and not text.endswith(b"\n"):
            raise LineError(
                reader.number + 1, f"expected less than {_MAX_LINE_BYTES} bytes, this line has at least as many"
            )
        return text


def _request(lines: list[bytes], first_line: int, room_line: bytes) -> ImportRequest:
    """Create a request; `room_line`: the `room` line to put before `lines`, empty if `lines` begin with one."""
    data = b"\n".join([room_line, *lines] if room_line else lines)
    return ImportRequest(data, first_line - bool(room_line), len(lines))
