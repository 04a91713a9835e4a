"""One room in this process: its head and tail, who is in step, and how the others catch up (D)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

from msgspec import UNSET

from alcove.cluster.connections import ConnectionState
from alcove.cluster.local_room import PresenceChange
from alcove.errors import Close
from alcove.observability.metrics import DELIVERIES
from alcove.protocol import FRAME_BYTES, Entry, Gap, Line, Person, TypingNow, encode
from alcove.repeated_warnings import RepeatedWarning
from alcove.rooms.activity import Activity, Share, StoreMarks
from alcove.rooms.cursor import Cursor
from alcove.rooms.observer import Observer, OnEntries
from alcove.rooms.presence import RoomPresence
from alcove.rooms.tail import Tail, without_body
from alcove.storage.base import LogUnavailableError, Page, Position
from alcove.wire.connection import DIRECT_BYTES, Connection, Frame

logger = logging.getLogger(__name__)
_cannot_feed = RepeatedWarning(logger, "room %s: %s")

#: Entries read from the log for one reader at a time.
_PAGE = 250
#: Seconds to wait before asking storage again that did not answer, growing to the second.
_RETRY_S = (0.1, 2.0)

#: Reads a page of this room behind a seq, up to a number of entries and bytes.
ReadPage = Callable[[int, int, int], Awaitable[Page]]


class Room:
    """The log's end, and the cursors on it.

    A cursor is in step, and gets every delivery as it is; or it is behind, and is fed from the tail or the log
    until it is in step. Joining, resuming after a cut and lagging are this one state (D1).
    """

    def __init__(
        self,
        item: str,
        *,
        log_id: str,
        head: int,
        oldest: int,
        tail: Tail,
        presence: RoomPresence,
        read: ReadPage,
        store_marks: StoreMarks,
        share: Share = lambda _: None,
        doubt: Callable[[], None] = lambda: None,
    ) -> None:
        self.item = item
        #: Identifies the history that the room's numbers belong to (R5).
        self.log_id = log_id
        self.head = head
        self.oldest = oldest
        self.tail = tail
        self.presence = presence
        self._read = read
        #: Called when the log holds less than was delivered.
        self._doubt = doubt
        self.activity = Activity(item, presence, self, store_marks=store_marks, share=share)
        self._in_step: dict[Connection, Cursor] = {}
        self._behind: dict[Cursor, None] = {}
        self._observers: list[Observer] = []
        #: For each page that is being read, what is deleted meanwhile: target → when.
        self._reading: dict[object, dict[int, int]] = {}
        self._advances = 0

    def __len__(self) -> int:
        return len(self._in_step) + len(self._behind)

    # --- coming and going

    def enter(self, cursor: Cursor) -> None:
        """Take the cursor in, behind wherever it is; `follow` feeds it once it was greeted."""
        self.presence.join(cursor.member.person)
        # Its hello names everyone who is here by now.
        cursor.seen_version = self.presence.version
        self._behind[cursor] = None
        self.activity.changed()

    def follow(self, cursor: Cursor) -> None:
        """Feed what needs no waiting; in step where that is all, else leave the rest to a task."""
        if not self._step(cursor):
            cursor.feeding = asyncio.create_task(self._feed(cursor))

    def leave(self, cursor: Cursor) -> bool:
        """Forget the cursor; its feeding ends by itself, as its connection closed. False: it had left already."""
        if self._in_step.pop(cursor.connection, None) is None and cursor not in self._behind:
            return False
        self._behind.pop(cursor, None)
        self.presence.leave(cursor.member.person.id)
        self.activity.changed()
        return True

    def observe(self, seq: int, on_entries: OnEntries) -> None:
        """Call `on_entries` with every entry after `seq`, in order: first those of the log, then each delivery.

        An observer is no member: it appears neither in the presence nor among the cursors, and ends with the room.
        """
        observer = Observer(self.item, seq, on_entries=on_entries, read=self._read_entries)
        self._observers.append(observer)
        observer.advance(self.head)

    def position(self) -> Position:
        """What this process has seen of the room, for the log to compare (X8)."""
        last = self.tail.last
        return Position(self.log_id, self.head, None if last is None else last.at)

    def cursors(self) -> list[tuple[Cursor, bool]]:
        """Every cursor, and whether it is in step (W8)."""
        return [(c, True) for c in self._in_step.values()] + [(c, False) for c in self._behind]

    def connection_states(self, process: str) -> list[ConnectionState]:
        """Return the state of each connection (LocalRoom, W8)."""
        return [cursor.state(self.head, process, in_step=in_step) for cursor, in_step in self.cursors()]

    def cursor_states(self) -> Iterator[tuple[bool, int, int]]:
        """Yield for each connection whether it is in step, its lag in entries, and its buffered bytes."""
        for cursor, in_step in self.cursors():
            yield in_step, 0 if in_step else self.head - cursor.seq, cursor.connection.buffered()

    def close(self) -> None:
        """Drop what is scheduled; the room is empty."""
        self.activity.close()
        for observer in self._observers:
            observer.close()

    # --- delivery

    def contradicts(self, entries: Iterable[Entry]) -> bool:
        """Return whether another entry is in memory at the seq of one of these (LocalRoom, X8)."""
        return self.tail.contradicts(entries)

    def deliver(self, entries: Sequence[Entry], oldest: int) -> list[bytes]:
        """Take durable entries (S4), dense and ascending and at least one, and send what is new to everyone in step.

        Returns the lines of what is new, encoded once for the whole room.
        """
        seq = self.head
        if entries[0].seq != seq + 1:
            # A room that came into memory between their commit and now has read them from the log.
            entries = [entry for entry in entries if entry.seq > seq]
            if not entries:
                return []
            seq = entries[0].seq - 1
            self.advance(seq)
        for entry in entries:
            self.tail.push(entry)
            if entry.kind == "delete" and entry.target is not UNSET:
                for deleted in self._reading.values():
                    deleted[entry.target] = entry.at
        self.head = entries[-1].seq
        self.oldest = max(self.oldest, oldest)
        # From the tail and not from the entries: a message deleted in the same batch has no body any more (S9).
        lines: list[bytes] = []
        while seq < self.head:
            run = self.tail.after(seq, FRAME_BYTES) or []
            frame = Frame(b"\n".join(run))
            DELIVERIES.count += len(run) * len(self._in_step)
            for connection in self._offer(frame):
                self._fall_behind(self._in_step[connection], seq, self.presence.flushed)
            seq += len(run)
            lines += run
        self.tail.trim(self.oldest)
        for observer in self._observers:
            observer.deliver(entries)
        return lines

    def _offer(self, frame: Frame) -> list[Connection]:
        """Write the frame to everyone in step; return those that take no more. The hot path of a large room."""
        wire = frame.wire
        if len(wire) > DIRECT_BYTES:
            return [connection for connection in self._in_step if not connection.offer(frame)]
        full: list[Connection] = []
        for connection in self._in_step:
            if (direct := connection.direct) is not None:
                direct(wire)
            elif not connection.offer(frame):
                full.append(connection)
        return full

    def advance(self, head: int) -> None:
        """The log reaches to `head`, by entries that were not delivered here: everyone reads them from the log."""
        if head <= self.head:
            return
        for cursor in list(self._in_step.values()):
            self._fall_behind(cursor, self.head, self.presence.flushed)
        # There may be an edit or a delete among them, which the tail would have had to follow (S9).
        self._advances += 1
        self.tail.clear()
        self.head = head
        for observer in self._observers:
            observer.advance(head)

    def expire(self, before: int) -> None:
        """Retention lets go of what is older than `before` (ms since the epoch), also where nobody writes (L5)."""
        self.oldest = max(self.oldest, self.tail.expired(before) + 1)
        self.tail.trim(self.oldest)

    def _fall_behind(self, cursor: Cursor, seq: int, seen_version: int) -> None:
        """The cursor's connection takes no more: it stays at `seq` and is fed at its own pace (D2)."""
        del self._in_step[cursor.connection]
        cursor.seq = seq
        cursor.seen_version = seen_version
        self._behind[cursor] = None
        cursor.feeding = asyncio.create_task(self._feed(cursor))

    def _step(self, cursor: Cursor) -> bool:
        """Write from the tail while the connection takes it; True: the cursor is in step now."""
        connection = cursor.connection
        while cursor.seq < self.head:
            if connection.buffered() > DIRECT_BYTES:
                return False
            run = self.tail.after(cursor.seq, FRAME_BYTES)
            if run is None:
                return False
            connection.write(Frame(b"\n".join(run)))
            cursor.seq += len(run)
        missed = self.presence.since(cursor.seen_version)
        if missed:
            connection.write(Frame(b"\n".join([encode(line) for line in missed])))
        cursor.feeding = None
        self._behind.pop(cursor, None)
        self._in_step[connection] = cursor
        return True

    async def _feed(self, cursor: Cursor) -> None:
        """Feed a cursor from tail and log, each write waiting for its socket, until it is in step or gone."""
        wait = _RETRY_S[0]
        try:
            while await cursor.connection.drained() and cursor in self._behind:
                if self._step(cursor):
                    return
                if self.tail.covers(cursor.seq):
                    continue
                try:
                    await self._feed_page(cursor)
                    wait = _RETRY_S[0]
                except LogUnavailableError as error:
                    _cannot_feed(self.item, error)
                    await asyncio.sleep(wait)
                    wait = min(2 * wait, _RETRY_S[1])
        except Exception:
            logger.exception("room %s: feeding a reader failed", self.item)
            cursor.connection.close(Close.INTERNAL, "the server failed while reading the log for you")

    async def _feed_page(self, cursor: Cursor) -> None:
        """Write one page of the log, what is gone named first (R4)."""
        first, entries = await self._read_kept(cursor.seq)
        lines: list[bytes] = []
        size = 0
        for line in map(encode, entries):
            size += len(line) + 1
            if lines and size > FRAME_BYTES:
                break
            lines.append(line)
        seq = first - 1 + len(lines)
        if first > cursor.seq + 1:
            lines.insert(0, encode(Gap(cursor.seq + 1, first - 1)))
        cursor.seq = seq
        cursor.connection.write(Frame(b"\n".join(lines)))

    async def _read_entries(self, seq: int) -> tuple[int, list[Entry]]:
        """Return the entries after `seq`, and the seq to go on after. Raises LogUnavailableError."""
        first, entries = await self._read_kept(seq)
        return first - 1 + len(entries), entries

    async def _read_kept(self, seq: int) -> tuple[int, list[Entry]]:
        """Return one page of entries after `seq`, up to the head, and the seq of the first one that the log keeps.

        The page is empty where retention has removed all up to the head; then the first one kept is after it.
        Raises LogUnavailableError.
        """
        page, deleted = await self._read_page(seq)
        # The log may be ahead of the room by a commit that was not delivered here yet.
        entries = [without_body(entry, deleted) for entry in page.entries if entry.seq <= self.head]
        first = entries[0].seq if entries else min(page.oldest, self.head + 1)
        if not entries and first <= seq + 1:
            self._doubt()
            raise LogUnavailableError(f"the log ends at {page.head}, before {self.head}, which was delivered")
        return first, entries

    async def _read_page(self, seq: int) -> tuple[Page, dict[int, int]]:
        """Return the page after `seq`, and what was deleted while it was read: it may still show those bodies (S9)."""
        while True:
            advances = self._advances
            head = self.head
            reading = object()
            deleted = self._reading[reading] = {}
            try:
                page = await self._read(seq, _PAGE, FRAME_BYTES)
            finally:
                del self._reading[reading]
            if page.log != self.log_id or page.head < head:
                self._doubt()
                raise LogUnavailableError(f"the log ends at {page.head}, before {head}, which was delivered")
            if advances == self._advances:
                return page, deleted
            # What went by was not delivered here, so nobody knows what was deleted in it.

    # --- presence, typing, marks

    def typing(self, person: Person, now: float) -> None:
        """Pass on that the member types, to everyone else (P4)."""
        self.activity.typing(person, now, here=True)

    def read(self, member: str, seq: int) -> None:
        """Move the member's mark, at most to the head (P5)."""
        self.activity.read(member, min(seq, self.head))

    def apply_remote_presence(self, changes: Iterable[PresenceChange]) -> None:
        """Count connections that members opened and closed in other processes (LocalRoom, P1)."""
        self.activity.apply_remote_presence(changes)

    def apply_remote_typing(self, person: Person, now: float) -> None:
        """Show that a member types in another process (LocalRoom, P4)."""
        self.activity.typing(person, now, here=False)

    def apply_remote_marks(self, marks: dict[str, int]) -> None:
        """Take over read marks that are stored (LocalRoom, P5)."""
        self.activity.stored(marks)

    def send(self, lines: Sequence[Line], seen_version: int) -> None:
        """Send lines that are no entries to everyone in step (ActivityListener)."""
        self._send_lines(lines, seen_version)

    def send_typing(self, typing: Sequence[TypingNow], seen_version: int) -> None:
        """Send everyone who types, but nobody themselves (ActivityListener, P4)."""
        writers = frozenset(line.by.id for line in typing)
        self._send_lines(typing, seen_version, spare=writers)
        for connection, cursor in list(self._in_step.items()):
            if cursor.member.person.id in writers and len(writers) > 1:
                others = [encode(line) for line in typing if line.by.id != cursor.member.person.id]
                connection.offer(Frame(b"\n".join(others)))

    def _send_lines(self, lines: Sequence[Line], seen_version: int, spare: frozenset[str] = frozenset()) -> None:
        """Send lines to those in step; who takes no more falls behind, and knows who is here up to `seen_version`."""
        frame = Frame(b"\n".join([encode(line) for line in lines]))
        for connection, cursor in list(self._in_step.items()):
            if cursor.member.person.id not in spare and not connection.offer(frame):
                self._fall_behind(cursor, self.head, seen_version)
