"""Bring lines of an export, or an application's existing comments, into rooms with their authors and times (W14)."""

import asyncio
from collections.abc import Collection, Iterable, Mapping

import msgspec
from msgspec import UNSET, Raw, Struct

from alcove.protocol import Limits
from alcove.rooms.directory import RoomDirectory
from alcove.rooms.import_lines import EntryLine, LineError, Located, MarkLine, Reference, lines_of
from alcove.rooms.sends import StoreDraft, body_too_large, overloaded_refusal
from alcove.storage.base import Appended, Draft, Log, Outcome, Refused, RoomReadMark
from alcove.storage.committer import QueueFullError

#: Drafts that wait for storage at a time at most, of those that may wait in all (L4) half.
_AT_ONCE = 1000

#: Item, author and id of an entry.
Key = tuple[str, str, str]


class Imported(Struct, frozen=True):
    """How many entries were stored, how many were stored before (S5), and how many read marks were moved."""

    stored: int
    known: int
    marks: int


class Importer:
    """Stores lines of an import. What is stored already is left as it is, so that an import may be repeated."""

    def __init__(self, log: Log, store: StoreDraft, limits: Limits, rooms: RoomDirectory, *, max_waiting: int) -> None:
        """Create the importer.

        Args:
            log: The log of all rooms.
            store: Appends a draft to the log.
            limits: The limits of bodies (L1).
            rooms: The rooms of this process.
            max_waiting: Sends that may wait for storage (L4).

        """
        self._log = log
        self._store = store
        self._limits = limits
        self._rooms = rooms
        self._at_once = max(1, min(_AT_ONCE, max_waiting // 2))

    async def run(self, data: bytes, first: int = 1) -> Imported:
        """Check all lines, then store them in their order.

        Args:
            data: Lines; the first one that is not blank names a room.
            first: The number of the first line, for errors.

        Raises:
            LineError: A line is wrong; if that shows only in the log, those before it are stored.
            Refusal: Too many sends wait for storage.
            LogUnavailableError: Storage does not answer.

        """
        lines = list(lines_of(data, first))
        entries = [(one, one.line) for one in lines if isinstance(one.line, EntryLine)]
        marks = [(one, one.line) for one in lines if isinstance(one.line, MarkLine)]
        bodies = {one.number: self._body(one, line) for one, line in entries}
        wanted = {(one.item, line.by.id, line.id) for one, line in entries}
        wanted |= {key for one in lines if (key := _target(one)) is not None}
        seqs = await self._log.seqs_of(wanted)
        new = [one for one in entries if (one[0].item, one[1].by.id, one[1].id) not in seqs]
        _check_targets(lines, seqs)
        await self._check_times(new)
        stored = await self._store_all(new, bodies, seqs)
        await self._move_marks(
            [RoomReadMark(one.item, line.by, seqs[_target(one) or ("", "", "")]) for one, line in marks]
        )
        return Imported(stored, known=len(entries) - stored, marks=len(marks))

    def _body(self, one: Located, line: EntryLine) -> Raw | None:
        """Return the body on one line. Raises LineError if it is too large (L1)."""
        if line.body is UNSET or line.kind == "delete":
            return None
        body = Raw(msgspec.json.format(line.body, indent=-1))
        if (size := len(body)) > self._limits.body_bytes:
            raise LineError(one.number, f"body: {body_too_large(self._limits, size)}")
        return body

    async def _check_times(self, new: Iterable[tuple[Located, EntryLine]]) -> None:
        """Check that no entry is older than the one before it in its room, as it would get that one's time (F3).

        Raises LineError.
        """
        ordered: dict[str, list[tuple[Located, EntryLine]]] = {}
        for one in new:
            ordered.setdefault(one[0].item, []).append(one)
        states = await self._log.room_states(list(ordered))
        stored = await self._log.entries_at([(item, state.head) for item, state in states.items() if state.head])
        lasts = {item: entry.at for (item, _), entry in stored.items()}
        for item, entries in ordered.items():
            last = lasts.get(item, 0)
            for located, line in entries:
                if line.at < last:
                    raise LineError(
                        located.number,
                        f"at: expected at least {last}, the time of the last entry of {item}, as no entry can be put"
                        f" before others; this is {line.at}: import into a room before it is used, or export the room,"
                        " delete it, and import what is older and then the export",
                    )
                last = line.at

    async def _store_all(
        self, new: list[tuple[Located, EntryLine]], bodies: Mapping[int, Raw | None], seqs: dict[Key, int]
    ) -> int:
        """Store entries in their order, a message before its edits; add their numbers to `seqs`.

        Returns how many were stored.
        """
        stored = 0
        batch: list[tuple[int, Key, Draft]] = []
        waiting: set[Key] = set()
        for one, line in new:
            key = one.item, line.by.id, line.id
            target = _target(one)
            if target in waiting or len(batch) == self._at_once:
                stored += await self._store_batch(batch, seqs)
                batch, waiting = [], set()
            seq = None if target is None else seqs[target]
            draft = Draft(
                one.item, line.kind, line.id, line.by, line.at, bodies[one.number], seq, moderate=True, imported=True
            )
            batch.append((one.number, key, draft))
            waiting.add(key)
        return stored + await self._store_batch(batch, seqs)

    async def _store_batch(self, batch: list[tuple[int, Key, Draft]], seqs: dict[Key, int]) -> int:
        stored = 0
        outcomes: list[Outcome | BaseException] = await asyncio.gather(
            *(self._store(draft) for _, _, draft in batch), return_exceptions=True
        )
        for (number, key, _), outcome in zip(batch, outcomes, strict=True):
            match outcome:
                case Appended():
                    seqs[key] = outcome.entry.seq
                    stored += not outcome.duplicate
                case Refused():
                    raise LineError(number, outcome.message)
                case QueueFullError():
                    raise overloaded_refusal(outcome) from None
                case BaseException():
                    raise outcome
        return stored

    async def _move_marks(self, marks: list[RoomReadMark]) -> None:
        """Move read marks forward, and show them in rooms."""
        if not marks:
            return
        for mark in await self._log.move_read_marks(marks):
            self._rooms.show_read_mark(mark.item, mark.member, mark.seq)


def _target(one: Located) -> Key | None:
    """Return the entry that a line refers to; None if it does to none. Raises LineError for one by number."""
    match one.line:
        case EntryLine(target=Reference() as target) | MarkLine(target=Reference() as target):
            return one.item, target.by, target.id
        case EntryLine(target=int()) | MarkLine():
            raise LineError(one.number, "target: expected `by` and `id` of an entry, as numbers differ from log to log")
    return None


def _check_targets(lines: Iterable[Located], seqs: Collection[Key]) -> None:
    """Check that each line refers to an entry that is stored, or comes before it. Raises LineError."""
    before = set(seqs)
    for one in lines:
        if (target := _target(one)) is not None and target not in before:
            raise LineError(
                one.number,
                f"target: expected an earlier entry of {one.item}; {target[1]!r} has none with the id {target[2]!r}",
            )
        if isinstance(one.line, EntryLine):
            before.add((one.item, one.line.by.id, one.line.id))
