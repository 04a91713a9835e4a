"""Batch the changes of a room's presence, typing and read marks, and send them every quarter of a second (P)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol

from alcove.protocol import Line, Person, ReadMark, TypingNow
from alcove.repeated_warnings import RepeatedWarning
from alcove.rooms.presence import RoomPresence
from alcove.storage.base import LogUnavailableError

logger = logging.getLogger(__name__)
_cannot_store_marks = RepeatedWarning(logger, "room %s: marks not stored yet: %s")

#: Seconds from a change to the lines that report it (P2, P5).
_BATCH_S = 0.25
#: Maximum number of read marks that a room keeps in memory.
_MAX_MARKS = 1000

#: Stores read marks (member → seq), and returns the mark that is then stored for each of these members: a higher mark
#: that was stored before stays. Raises LogUnavailableError if storage does not answer.
StoreMarks = Callable[[dict[str, int]], Awaitable[dict[str, int]]]
#: Publishes typing and read-mark lines to the other processes.
PublishLines = Callable[[Sequence[Line]], None]


class ActivityWriter(Protocol):
    """A writer of lines to those connections of a room that are in step.

    A connection whose buffer is full falls behind, and resumes later from the presence version `seen_version`.
    """

    def send(self, lines: Sequence[Line], seen_version: int) -> None:
        """Write the lines to every connection in step."""
        ...

    def send_typing(self, typing: Sequence[TypingNow], seen_version: int) -> None:
        """Write who is typing to every connection in step; send no member their own line (P4)."""
        ...


class Activity:
    """The unsent changes of a room's presence, typing and read marks, which are sent in batches."""

    def __init__(
        self,
        item: str,
        presence: RoomPresence,
        writer: ActivityWriter,
        *,
        store_marks: StoreMarks,
        publish: PublishLines,
    ) -> None:
        """Create the activity of a room without changes.

        Args:
            item: The item of the room.
            presence: The members and read marks of the room.
            writer: Writes the lines to the room's connections.
            store_marks: Stores read marks.
            publish: Publishes typing and read marks to the other processes.

        """
        self._item = item
        self._presence = presence
        self._writer = writer
        self._store_marks = store_marks
        self._publish = publish
        #: Marks that other processes stored, to be sent with the next flush: member → seq.
        self._remote_marks: dict[str, int] = {}
        #: The timer of the next flush; None: no flush is scheduled.
        self._timer: asyncio.TimerHandle | None = None
        #: The task that stores read marks; None: none runs.
        self._store_task: asyncio.Task[None] | None = None

    def schedule(self) -> None:
        """Schedule a flush in a quarter of a second, unless one is scheduled."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_BATCH_S, self._flush)

    def close(self) -> None:
        """Cancel the scheduled flush."""
        if self._timer is not None:
            self._timer.cancel()

    def record_typing(self, person: Person, now: float, *, publish: bool) -> None:
        """Record that a member is typing, to be sent with the next flush (P4).

        Args:
            person: The member.
            now: The current time in monotonic seconds.
            publish: Whether to publish it to the other processes, too.

        """
        if self._presence.record_typing(person, now):
            self.schedule()
            if publish:
                self._publish([TypingNow(person)])

    def record_read(self, member: str, seq: int) -> None:
        """Move the member's read mark forward to `seq`, to be stored with the next flush; ignore a lower `seq` (P5)."""
        if self._presence.record_read(member, seq):
            self.schedule()

    def apply_remote_presence(self, changes: Iterable[tuple[Person, int]]) -> None:
        """Apply how many connections members opened (positive) or closed (negative) in other processes (P1)."""
        for person, change in changes:
            for _ in range(change):
                self._presence.add_connection(person)
            for _ in range(-change):
                self._presence.remove_connection(person.id)
            self.schedule()

    def apply_remote_marks(self, marks: dict[str, int]) -> None:
        """Apply read marks that another process stored: member → seq (P5)."""
        for member, seq in marks.items():  # reports of several processes come in any order
            self._remote_marks[member] = max(seq, self._remote_marks.get(member, 0))
        self.schedule()

    def _flush(self) -> None:
        """Send the collected changes to the room's connections, and start to store read marks."""
        self._timer = None
        typing = self._presence.take_typing()
        seen_version = self._presence.flushed_version
        presence = self._presence.flush()
        if presence is not None:
            self._writer.send([presence], seen_version)
        if typing:
            self._writer.send_typing(typing, seen_version)
        marks, self._remote_marks = self._remote_marks, {}
        if moved := self._apply_marks(marks):
            self._writer.send(moved, self._presence.flushed_version)
        if self._store_task is None and (reads := self._presence.take_unstored_marks()):
            self._store_task = asyncio.create_task(self._store(reads))

    async def _store(self, reads: dict[str, int]) -> None:
        """Store read marks, then send and publish those that moved; if storage does not answer, store them later."""
        try:
            marks = await self._store_marks(reads)
            if moved := self._apply_marks(marks):
                self._writer.send(moved, self._presence.flushed_version)
                self._publish(moved)
        except LogUnavailableError as error:
            _cannot_store_marks(self._item, error)
            for member, seq in reads.items():
                self._presence.record_read(member, seq)
        finally:
            self._store_task = None
            if self._presence.has_unstored_marks():
                self.schedule()

    def _apply_marks(self, marks: dict[str, int]) -> list[ReadMark]:
        """Apply stored marks to the room's presence, and return the lines of those that moved."""
        lines = [self._presence.apply_stored_mark(member, seq, _MAX_MARKS) for member, seq in marks.items()]
        return [line for line in lines if line is not None]
