"""Write a room's entries and lines to its connections, each at the connection's own pace (D)."""

import asyncio
import logging
from collections.abc import Sequence

from alcove.errors import Close
from alcove.observability.metrics import SERVER_METRICS, Metrics
from alcove.protocol import FRAME_BYTES, Gap, Line, TypingNow, encode
from alcove.repeated_warnings import RepeatedWarning
from alcove.rooms.cursor import Cursor
from alcove.rooms.history import RoomHistory
from alcove.rooms.presence import RoomPresence
from alcove.storage.base import LogUnavailableError
from alcove.wire.connection import UNCHECKED_BYTES, Connection, Frame

logger = logging.getLogger(__name__)
_cannot_feed = RepeatedWarning(logger, "room %s: %s")

#: Seconds before a failed read of the log is repeated; doubled after each failure, up to the second number.
_RETRY_S = (0.1, 2.0)


class RoomReaders:
    """The cursors of one room: writes deliveries to connections in step, and feeds those behind (ActivityWriter).

    A cursor is in step and gets every delivery at once, or it is behind and is fed from the tail or the log until it is
    in step. Joining, resuming and lagging are the same state: behind (D1).
    """

    def __init__(
        self, item: str, history: RoomHistory, presence: RoomPresence, metrics: Metrics = SERVER_METRICS
    ) -> None:
        """Create the readers of a room without connections.

        Args:
            item: The item of the room, for log messages.
            history: The room's entries.
            presence: The room's members and read marks.
            metrics: Counts deliveries.

        """
        self._item = item
        self._history = history
        self._presence = presence
        self._deliveries = metrics.deliveries
        #: Cursors that are in step, by connection.
        self._in_step: dict[Connection, Cursor] = {}
        #: Cursors that are behind: an ordered set.
        self._behind: dict[Cursor, None] = {}

    def __len__(self) -> int:
        return len(self._in_step) + len(self._behind)

    def __repr__(self) -> str:
        return f"<RoomReaders {len(self._in_step)} in step, {len(self._behind)} behind>"

    def cursors(self) -> list[tuple[Cursor, bool]]:
        """List every cursor, and whether it is in step."""
        return [(cursor, True) for cursor in self._in_step.values()] + [(cursor, False) for cursor in self._behind]

    def add(self, cursor: Cursor) -> None:
        """Add a cursor as behind; call `feed` to bring it in step."""
        self._behind[cursor] = None

    def remove(self, cursor: Cursor) -> bool:
        """Remove a cursor; return False if it was removed before. Its feed task then ends by itself."""
        if self._in_step.pop(cursor.connection, None) is None and cursor not in self._behind:
            return False
        self._behind.pop(cursor, None)
        return True

    def feed(self, cursor: Cursor) -> None:
        """Write the entries that are in the tail; start a task that reads the others from the log."""
        if not self._catch_up(cursor):
            cursor.feed_task = asyncio.create_task(self._feed(cursor))

    # --- connections in step

    def deliver(self, seq: int) -> list[bytes]:
        """Write the entries after `seq` to every connection in step, up to the head.

        The lines come from the tail, not from the delivered entries: a message that the same commit deleted must be
        sent without its body (S9).

        Returns:
            The lines, which are encoded once for the whole room.

        """
        lines: list[bytes] = []
        head, tail = self._history.head, self._history.tail
        while seq < head:
            new_lines = tail.lines_after(seq, FRAME_BYTES) or []
            frame = Frame(b"\n".join(new_lines))
            self._deliveries.count += len(new_lines) * len(self._in_step)
            for connection in self._write_to_all(frame):
                self._fall_behind(self._in_step[connection], seq, self._presence.flushed_version)
            seq += len(new_lines)
            lines += new_lines
        return lines

    def fall_behind(self) -> None:
        """Mark every cursor as behind at the head, so that it reads later entries from the log."""
        for cursor in list(self._in_step.values()):
            self._fall_behind(cursor, self._history.head, self._presence.flushed_version)

    def send(self, lines: Sequence[Line], seen_version: int) -> None:
        """Write presence, typing or read-mark lines to every connection in step (ActivityWriter)."""
        self._send(lines, seen_version)

    def send_typing(self, typing: Sequence[TypingNow], seen_version: int) -> None:
        """Write who is typing; send no member their own line (ActivityWriter, P4)."""
        typing_members = frozenset(line.by.id for line in typing)
        self._send(typing, seen_version, without=typing_members)
        if len(typing_members) == 1:
            return
        for connection, cursor in list(self._in_step.items()):
            if cursor.member.person.id in typing_members:
                others = [encode(line) for line in typing if line.by.id != cursor.member.person.id]
                connection.try_write(Frame(b"\n".join(others)))

    def _send(self, lines: Sequence[Line], seen_version: int, without: frozenset[str] = frozenset()) -> None:
        """Write lines to the connections in step, except those of the members `without`.

        A connection whose buffer is full falls behind, with presence seen up to `seen_version`.
        """
        frame = Frame(b"\n".join([encode(line) for line in lines]))
        for connection, cursor in list(self._in_step.items()):
            if cursor.member.person.id not in without and not connection.try_write(frame):
                self._fall_behind(cursor, self._history.head, seen_version)

    def _write_to_all(self, frame: Frame) -> list[Connection]:
        """Write the frame to every connection in step, and return those that are full. The hot path of a large room."""
        wire = frame.wire
        if len(wire) > UNCHECKED_BYTES:
            return [connection for connection in self._in_step if not connection.try_write(frame)]
        full: list[Connection] = []
        for connection in self._in_step:
            if (write := connection.unchecked_write) is not None:
                write(wire)
            elif not connection.try_write(frame):
                full.append(connection)
        return full

    # --- connections that are behind

    def _fall_behind(self, cursor: Cursor, seq: int, seen_version: int) -> None:
        """Mark the cursor as behind at `seq`, and start a task that feeds it at its own pace (D2)."""
        del self._in_step[cursor.connection]
        cursor.seq = seq
        cursor.seen_version = seen_version
        self._behind[cursor] = None
        cursor.feed_task = asyncio.create_task(self._feed(cursor))

    def _catch_up(self, cursor: Cursor) -> bool:
        """Write entries from the tail until the connection is full; return whether the cursor is now in step."""
        connection, history = cursor.connection, self._history
        while cursor.seq < history.head:
            if connection.buffered_bytes() > UNCHECKED_BYTES:
                return False
            new_lines = history.tail.lines_after(cursor.seq, FRAME_BYTES)
            if new_lines is None:
                return False
            connection.write(Frame(b"\n".join(new_lines)))
            cursor.seq += len(new_lines)
        if missed := self._presence.lines_since(cursor.seen_version):
            connection.write(Frame(b"\n".join([encode(line) for line in missed])))
        cursor.feed_task = None
        self._behind.pop(cursor, None)
        self._in_step[connection] = cursor
        return True

    async def _feed(self, cursor: Cursor) -> None:
        """Write entries from the tail or the log as the connection takes them, until the cursor is in step or gone."""
        wait_s, longest_s = _RETRY_S
        try:
            while await cursor.connection.wait_writable() and cursor in self._behind:
                if self._catch_up(cursor):
                    return
                if self._history.tail.covers(cursor.seq):
                    continue
                try:
                    await self._feed_page(cursor)
                    wait_s = _RETRY_S[0]
                except LogUnavailableError as error:
                    _cannot_feed(self._item, error)
                    await asyncio.sleep(wait_s)
                    wait_s = min(2 * wait_s, longest_s)
        except Exception:
            logger.exception("room %s: feeding a connection failed", self._item)
            cursor.connection.close(Close.INTERNAL, "the server failed while reading the log for you")

    async def _feed_page(self, cursor: Cursor) -> None:
        """Write one page of the log, preceded by a `gap` line for entries that retention removed (R4).

        Raises:
            LogUnavailableError: Storage does not answer.

        """
        first, entries = await self._history.read_from_first_kept(cursor.seq)
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
