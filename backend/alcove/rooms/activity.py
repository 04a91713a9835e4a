"""What a room gathers for a quarter of a second before it tells: who is here, who types, who has read what (P)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol

from alcove.protocol import Line, Person, ReadMark, TypingNow
from alcove.repeated_warnings import RepeatedWarning
from alcove.rooms.presence import RoomPresence
from alcove.storage.base import LogUnavailableError

logger = logging.getLogger(__name__)
_marks_wait = RepeatedWarning(logger, "room %s: marks not stored yet: %s")

#: Seconds between gathering and telling (P2, P5).
_GATHER_S = 0.25
#: Read marks a room keeps in memory.
_MARKS = 1000

#: Stores marks; returns where each stands, by member. Raises LogUnavailableError.
StoreMarks = Callable[[dict[str, int]], Awaitable[dict[str, int]]]
#: Tells other processes what readers are seen_version that is no entry.
Share = Callable[[Sequence[Line]], None]


class ActivityListener(Protocol):
    """Those in step in a room; who takes no more falls behind, and knows who is here up to version `seen_version`."""

    def send(self, lines: Sequence[Line], seen_version: int) -> None:
        """Send lines to everyone."""
        ...

    def send_typing(self, typing: Sequence[TypingNow], seen_version: int) -> None:
        """Send everyone who types, but nobody themselves (P4)."""
        ...


class Activity:
    """A room's presence, typing and marks on their way to its readers."""

    def __init__(
        self, item: str, presence: RoomPresence, listener: ActivityListener, *, store_marks: StoreMarks, share: Share
    ) -> None:
        self._item = item
        self._presence = presence
        self._listener = listener
        self._store_marks = store_marks
        self._share = share
        #: Marks that other processes stored, to be seen_version with the rest.
        self._stored: dict[str, int] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._storing: asyncio.Task[None] | None = None

    def changed(self) -> None:
        """Tell what changed, a quarter of a second from now."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_GATHER_S, self._flush)

    def close(self) -> None:
        """Drop what is scheduled."""
        if self._timer is not None:
            self._timer.cancel()

    def apply_remote_presence(self, changes: Iterable[tuple[Person, int]]) -> None:
        """Members' connections in other processes came, or went where the number is negative (P1)."""
        for person, more in changes:
            for _ in range(more):
                self._presence.join(person)
            for _ in range(-more):
                self._presence.leave(person.id)
            self.changed()

    def typing(self, person: Person, now: float, *, here: bool) -> None:
        """The member types; `here`: other processes do not know yet (P4)."""
        if self._presence.typing(person, now):
            self.changed()
            if here:
                self._share([TypingNow(person)])

    def read(self, member: str, seq: int) -> None:
        """The member has read up to `seq` (P5)."""
        if self._presence.read(member, seq):
            self.changed()

    def stored(self, marks: dict[str, int]) -> None:
        """Another process stored marks (P5)."""
        self._stored.update(marks)
        self.changed()

    def _flush(self) -> None:
        """Tell what was gathered."""
        self._timer = None
        typing = self._presence.take_typing()
        seen_version = self._presence.flushed
        presence = self._presence.flush()
        if presence is not None:
            self._listener.send([presence], seen_version)
        if typing:
            self._listener.send_typing(typing, seen_version)
        stored, self._stored = self._stored, {}
        if moved := self._moved(stored):
            self._listener.send(moved, self._presence.flushed)
        if self._storing is None:
            reads = self._presence.take_reads()
            if reads:
                self._storing = asyncio.create_task(self._store_and_tell(reads))

    async def _store_and_tell(self, reads: dict[str, int]) -> None:
        """Store marks, then tell those that moved."""
        try:
            stand = await self._store_marks(reads)
            if moved := self._moved(stand):
                self._listener.send(moved, self._presence.flushed)
                self._share(moved)
        except LogUnavailableError as error:
            _marks_wait(self._item, error)
            for member, seq in reads.items():
                self._presence.read(member, seq)
        finally:
            self._storing = None
            if self._presence.has_reads():
                self.changed()

    def _moved(self, marks: dict[str, int]) -> list[ReadMark]:
        """The lines that tell of marks which are news here."""
        lines = [self._presence.stored(member, seq, _MARKS) for member, seq in marks.items()]
        return [line for line in lines if line is not None]
