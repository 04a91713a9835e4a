"""Bring lines of an export, or an application's existing comments, into rooms with their authors and times (W14)."""

import asyncio
from collections.abc import Collection, Iterable, Mapping

import msgspec
from msgspec import UNSET, Raw, Struct

from alcove.command_decoder import body_problem
from alcove.protocol import Limits
from alcove.rooms.directory import RoomDirectory
from alcove.rooms.import_lines import EntryLine, LineError, LocatedLine, MarkLine, Reference, decode_lines
from alcove.rooms.sends import StoreDraft, overloaded_refusal, too_large_text
from alcove.storage.base import Appended, Draft, Log, Outcome, Refused, RoomReadMark
from alcove.storage.committer import QueueFullError

#: Maximum number of drafts that wait for storage at a time; at most half of all that may wait (L4).
_MAX_WAITING_DRAFTS = 1000

#: What identifies an entry in every log: its item, the id of its author, and its id.
EntryKey = tuple[str, str, str]


class Imported(Struct, frozen=True):
    """How many entries were stored, how many were stored before (S5), and how many read marks were moved."""

    #: Entries that this import stored.
    stored: int
    #: Entries that were stored before.
    known: int
    #: Read marks in the lines; a mark that was further already stays.
    marks: int


class Importer:
    """An importer of lines. Entries that are already stored stay unchanged, so an import may be repeated."""

    def __init__(self, log: Log, store: StoreDraft, limits: Limits, rooms: RoomDirectory, *, max_waiting: int) -> None:
        """Create the importer.

        Args:
            log: The log of all rooms.
            store: Appends a draft to the log.
            limits: The limits of bodies (L1).
            rooms: The rooms of this process.
            max_waiting: The maximum number of sends of this process that wait for storage (L4).

        """
        self._log = log
        self._store = store
        self._limits = limits
        self._rooms = rooms
        self._batch_drafts = max(1, min(_MAX_WAITING_DRAFTS, max_waiting // 2))

    async def import_lines(self, data: bytes, first_line: int = 1) -> Imported:
        """Check all lines, then store them in their order.

        Args:
            data: Lines; the first one that is not blank names a room.
            first_line: The number of the first line, for errors.

        Raises:
            LineError: A line is wrong; if only the log can show that, the lines before it are stored.
            Refusal: Too many sends wait for storage.
            LogUnavailableError: Storage does not answer.

        """
        lines = list(decode_lines(data, first_line))
        entries = [(located, located.line) for located in lines if isinstance(located.line, EntryLine)]
        marks = [(located, located.line) for located in lines if isinstance(located.line, MarkLine)]
        bodies = {located.number: self._body(located, line) for located, line in entries}
        keys = {(located.item, line.by.id, line.id) for located, line in entries}
        keys |= {key for located in lines if (key := _target_key(located)) is not None}
        seqs = await self._log.seqs_of(keys)
        new_entries = [(located, line) for located, line in entries if (located.item, line.by.id, line.id) not in seqs]
        _check_targets(lines, seqs)
        await self._check_times(new_entries)
        stored = await self._store_all(new_entries, bodies, seqs)
        await self._move_marks(
            [RoomReadMark(located.item, line.by, seqs[_target_key(located) or ("", "", "")]) for located, line in marks]
        )
        return Imported(stored, known=len(entries) - stored, marks=len(marks))

    def _body(self, located: LocatedLine, line: EntryLine) -> Raw | None:
        """Return the body, reformatted as one line; None if the entry has none.

        Raises LineError if the body is too large (L1) or invalid (S6).
        """
        if line.body is UNSET or line.kind == "delete":
            return None
        body = Raw(msgspec.json.format(line.body, indent=-1))
        if (size := len(body)) > self._limits.body_bytes:
            raise LineError(located.number, f"body: {too_large_text(self._limits, size)}")
        if (problem := body_problem(body)) is not None:
            raise LineError(located.number, problem)
        return body

    async def _check_times(self, new_entries: Iterable[tuple[LocatedLine, EntryLine]]) -> None:
        """Check that no entry is older than the one before it in its room, because it would get that entry's time (F3).

        Raises LineError if one is.
        """
        by_item: dict[str, list[tuple[LocatedLine, EntryLine]]] = {}
        for located, line in new_entries:
            by_item.setdefault(located.item, []).append((located, line))
        states = await self._log.room_states(list(by_item))
        stored = await self._log.entries_by_seq([(item, state.head) for item, state in states.items() if state.head])
        last_times = {item: entry.at for (item, _), entry in stored.items()}
        for item, entries in by_item.items():
            last_at = last_times.get(item, 0)
            for located, line in entries:
                if line.at < last_at:
                    raise LineError(
                        located.number,
                        f"at: expected at least {last_at}, the time of the last entry of {item}, as no entry can be put"
                        f" before others; this is {line.at}: import into a room before it is used, or export the room,"
                        " delete it, and import what is older and then the export",
                    )
                last_at = line.at

    async def _store_all(
        self,
        new_entries: list[tuple[LocatedLine, EntryLine]],
        bodies: Mapping[int, Raw | None],
        seqs: dict[EntryKey, int],
    ) -> int:
        """Store entries in their order, a message before its edits; add their seqs to `seqs`.

        Returns how many of them the log did not have. Raises as `import_lines`.
        """
        stored = 0
        batch: list[tuple[int, EntryKey, Draft]] = []
        batch_keys: set[EntryKey] = set()
        for located, line in new_entries:
            key = located.item, line.by.id, line.id
            target = _target_key(located)
            if target in batch_keys or len(batch) == self._batch_drafts:
                stored += await self._store_batch(batch, seqs)
                batch, batch_keys = [], set()
            seq = None if target is None else seqs[target]
            draft = Draft(
                located.item,
                line.kind,
                line.id,
                line.by,
                line.at,
                bodies[located.number],
                seq,
                moderate=True,
                imported=True,
            )
            batch.append((located.number, key, draft))
            batch_keys.add(key)
        return stored + await self._store_batch(batch, seqs)

    async def _store_batch(self, batch: list[tuple[int, EntryKey, Draft]], seqs: dict[EntryKey, int]) -> int:
        """Store drafts, each with the number of its line and its key; add their seqs to `seqs`.

        Returns how many of them the log did not have. Raises as `import_lines`.
        """
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
        """Move read marks forward, and apply them to the rooms on all processes."""
        if not marks:
            return
        for mark in await self._log.move_read_marks(marks):
            self._rooms.publish_read_mark(mark.item, mark.member, mark.seq)


def _target_key(located: LocatedLine) -> EntryKey | None:
    """Return the key of the entry that a line refers to; None: it refers to none. Raises LineError if it has a seq."""
    match located.line:
        case EntryLine(target=Reference() as target) | MarkLine(target=Reference() as target):
            return located.item, target.by, target.id
        case EntryLine(target=int()) | MarkLine():
            raise LineError(
                located.number, "target: expected `by` and `id` of an entry, as numbers differ from log to log"
            )
    return None


def _check_targets(lines: Iterable[LocatedLine], seqs: Collection[EntryKey]) -> None:
    """Check that each target is an entry that is stored, or one of an earlier line. Raises LineError if not."""
    known = set(seqs)
    for located in lines:
        if (target := _target_key(located)) is not None and target not in known:
            raise LineError(
                located.number,
                f"target: expected an earlier entry of {located.item}; {target[1]!r} has none with the id "
                f"{target[2]!r}",
            )
        if isinstance(located.line, EntryLine):
            known.add((located.item, located.line.by.id, located.line.id))
