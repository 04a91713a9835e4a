"""Keep the room of one item in the memory of this process: its entries, connections and activity."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from alcove.cluster.connections import ConnectionState
from alcove.cluster.local_room import PresenceChange
from alcove.observability.metrics import SERVER_METRICS, Metrics
from alcove.protocol import Entry, Person
from alcove.rooms.activity import Activity, PublishLines, StoreMarks
from alcove.rooms.cursor import Cursor
from alcove.rooms.history import ReadPage, RoomHistory
from alcove.rooms.observer import LogObserver, OnEntries
from alcove.rooms.presence import RoomPresence
from alcove.rooms.readers import RoomReaders
from alcove.rooms.tail import Tail
from alcove.storage.base import Position


class Room:
    """The end of an item's log, its connections and observers, and their activity (LocalRoom)."""

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
        on_connections: Callable[[Person, int], None] = lambda _person, _change: None,
        publish: PublishLines = lambda _: None,
        on_entries_missing: Callable[[], None] = lambda: None,
        metrics: Metrics = SERVER_METRICS,
    ) -> None:
        """Create a room without connections.

        Args:
            item: The item of the room.
            log_id: The id of the history that the room's entries belong to (R5).
            head: The seq of the last entry.
            oldest: The seq of the first entry that the log keeps.
            tail: The last entries, up to the head; may be empty.
            presence: The members and the read marks.
            read: Reads a page of the room's log.
            store_marks: Stores read marks.
            on_connections: Called with a member, and 1 for an opened or -1 for a closed connection.
            publish: Publishes typing and read marks to the other processes.
            on_entries_missing: Called when storage has fewer entries than were delivered (X8).
            metrics: Counts deliveries.

        """
        self.item = item
        #: The id of the history that the room's entries belong to (R5).
        self.log_id = log_id
        self.presence = presence
        self._history = RoomHistory(
            log_id=log_id, head=head, oldest=oldest, tail=tail, read=read, on_entries_missing=on_entries_missing
        )
        self._readers = RoomReaders(item, self._history, presence, metrics)
        self._activity = Activity(item, presence, self._readers, store_marks=store_marks, publish=publish)
        self._on_connections = on_connections
        self._observers: list[LogObserver] = []

    def __len__(self) -> int:
        """Return the number of connections in this process."""
        return len(self._readers)

    def __repr__(self) -> str:
        return f"<Room {self.item!r} {self._history!r} {self._readers!r}>"

    @property
    def head(self) -> int:
        """The seq of the last entry."""
        return self._history.head

    @property
    def oldest(self) -> int:
        """The seq of the first entry that the log keeps."""
        return self._history.oldest

    # --- connections and observers

    def enter(self, cursor: Cursor) -> None:
        """Add a cursor, and count its member as present. Call `follow` after `hello` is written."""
        self.presence.add_connection(cursor.member.person)
        # `hello` names the members of this version.
        cursor.seen_version = self.presence.version
        self._readers.add(cursor)
        self._activity.schedule()
        self._on_connections(cursor.member.person, 1)

    def follow(self, cursor: Cursor) -> None:
        """Start to write entries to the cursor's connection."""
        self._readers.feed(cursor)

    def leave(self, cursor: Cursor) -> None:
        """Remove the cursor, and count one connection of its member less. A second call does nothing."""
        if not self._readers.remove(cursor):
            return
        self.presence.remove_connection(cursor.member.person.id)
        self._activity.schedule()
        self._on_connections(cursor.member.person, -1)

    def observe(self, seq: int, on_entries: OnEntries) -> None:
        """Call `on_entries` with every entry after `seq`, in order: first those of the log, then each delivery.

        An observer is neither a member nor a connection. It ends when the room is closed.
        """
        observer = LogObserver(self.item, seq, on_entries=on_entries, read=self._history.read_entries)
        self._observers.append(observer)
        observer.read_up_to(self.head)

    def cursors(self) -> list[tuple[Cursor, bool]]:
        """List every cursor, and whether it is in step."""
        return self._readers.cursors()

    def connection_states(self, process: str) -> list[ConnectionState]:
        """Describe each connection for operators (LocalRoom, W8)."""
        return [cursor.state(self.head, process, in_step=in_step) for cursor, in_step in self.cursors()]

    def cursor_states(self) -> Iterator[tuple[bool, int, int]]:
        """Yield for each connection whether it is in step, its lag in entries, and its buffered bytes (RoomCursors)."""
        for cursor, in_step in self.cursors():
            yield in_step, 0 if in_step else self.head - cursor.seq, cursor.connection.buffered_bytes()

    def close(self) -> None:
        """Cancel the timers, and stop all observers."""
        self._activity.close()
        for observer in self._observers:
            observer.close()

    # --- entries

    def position(self) -> Position:
        """Return the history, head and time of the last entry, to compare with storage (LocalRoom, X8)."""
        return self._history.position()

    def contradicts(self, entries: Iterable[Entry]) -> bool:
        """Return whether the tail has a different entry at the seq of one of these (LocalRoom, X8)."""
        return self._history.tail.contradicts(entries)

    def deliver(self, entries: Sequence[Entry], oldest: int) -> list[bytes]:
        """Add durable entries (S4), and write those that are new to every connection in step (LocalRoom).

        Args:
            entries: At least one entry; consecutive and ascending.
            oldest: The seq of the first entry that the log keeps.

        Returns:
            The lines of the new entries, encoded once for all connections and processes.

        """
        history = self._history
        seq = history.head
        if entries[0].seq != seq + 1:
            # The room was opened after their commit, and has read them from the log.
            entries = [entry for entry in entries if entry.seq > seq]
            if not entries:
                return []
            seq = entries[0].seq - 1
            self.advance(seq)
        history.append(entries, oldest)
        lines = self._readers.deliver(seq)
        history.trim()
        for observer in self._observers:
            observer.deliver(entries)
        return lines

    def advance(self, head: int) -> None:
        """Move the head to `head` without entries; connections read them from the log (LocalRoom)."""
        if head <= self.head:
            return
        self._readers.fall_behind()
        self._history.advance(head)
        for observer in self._observers:
            observer.read_up_to(head)

    def forget_tail(self) -> None:
        """Drop the entries in memory, because erasing a member has changed them in the log (W14).

        Connections read them from the log again.
        """
        self._history.advance(self.head)

    def expire(self, before_ms: int) -> None:
        """Drop entries older than `before_ms` (ms since the epoch) from memory (L5)."""
        self._history.expire(before_ms)

    # --- presence, typing, read marks

    def record_typing(self, person: Person, now: float) -> None:
        """Notify the other members that this one is typing (P4); `now`: monotonic seconds."""
        self._activity.record_typing(person, now, publish=True)

    def record_read(self, member: str, seq: int) -> None:
        """Move the member's read mark forward to `seq`, at most to the head (P5)."""
        self._activity.record_read(member, min(seq, self.head))

    def apply_remote_presence(self, changes: Iterable[PresenceChange]) -> None:
        """Apply how many connections members opened or closed on other processes (LocalRoom, P1)."""
        self._activity.apply_remote_presence(changes)

    def apply_remote_typing(self, person: Person, now: float) -> None:
        """Notify the members that one is typing on another process (LocalRoom, P4); `now`: monotonic seconds."""
        self._activity.record_typing(person, now, publish=False)

    def apply_remote_marks(self, marks: dict[str, int]) -> None:
        """Apply read marks that another process stored (LocalRoom, P5)."""
        self._activity.apply_remote_marks(marks)
