"""Connect the rooms of this process with those of other processes that use the same log (X)."""

from collections.abc import Callable, Sequence
from uuid import uuid4

from alcove.bus.base import Bus
from alcove.cluster.connections import Connections
from alcove.cluster.dispatcher import GapHandler, Handler, HeadHandler, MessageDispatcher
from alcove.cluster.heartbeat import Heartbeat
from alcove.cluster.local_room import LocalRoom, LocalRooms
from alcove.cluster.messages import (
    DATABASE_SENDS,
    ClusterMessage,
    EntriesStored,
    MemberTyping,
    ReadMarksMoved,
    encode,
)
from alcove.cluster.presence_sync import PresenceSync
from alcove.cluster.recovery import Recovery
from alcove.cluster.subscriptions import ItemSubscriptions
from alcove.cluster.survey import ConnectionSurvey
from alcove.protocol import Entry, Line, Person, ReadMark, TypingNow
from alcove.protocol import encode as encode_line
from alcove.storage.base import Log


class Cluster:
    """Publishes the changes of this process to the other processes, and applies their changes.

    The log decides what is true. Messages only make delivery fast: entries that the bus lost are read from it (X2).
    """

    def __init__(
        self,
        log: Log,
        bus: Bus,
        database_bus: Bus | None,
        *,
        rooms: LocalRooms,
        clock: Callable[[], float],
        name: str = "",
    ) -> None:
        """Create the parts of the cluster; `start` connects them.

        Args:
            log: The log that the processes share.
            bus: Carries messages between the processes.
            database_bus: Carries announcements of what SQL functions stored (X5); None: the database makes none.
            rooms: The rooms of this process.
            clock: Returns seconds of a monotonic clock.
            name: The name of this process for operators.

        """
        self._bus = bus
        self._database_bus = database_bus
        process = uuid4().hex[:12]
        #: Whether no other process and no SQL function writes to the log.
        self.sole_writer = not bus.shared and database_bus is None
        self._recovery = Recovery(log, rooms, sole_writer=self.sole_writer)
        self._presence = PresenceSync(bus, rooms, clock, process=process, name=name)
        self._survey = ConnectionSurvey(
            bus, rooms, process=process, name=name, other_processes=self._presence.other_processes
        )
        self._subscriptions = ItemSubscriptions(bus)
        self._dispatcher = MessageDispatcher(
            rooms,
            self._subscriptions,
            recovery=self._recovery,
            presence=self._presence,
            survey=self._survey,
            clock=clock,
        )
        self._heartbeat = Heartbeat(bus, self._presence, self._recovery, lambda: self.up)

    @property
    def up(self) -> bool:
        """Whether messages of the other processes and of the database arrive, as far as this process knows."""
        return self._bus.up and (self._database_bus is None or self._database_bus.up)

    @property
    def shared(self) -> bool:
        """Whether other processes can be on the bus and receive what this one publishes."""
        return self._bus.shared

    @property
    def complete(self) -> bool:
        """Whether every change by others is announced to this process, as far as this process knows.

        False while a bus is down, and while a process of an earlier version stores entries (Bus.mixed_versions).
        """
        return self.up and not self._bus.mixed_versions

    # --- lifecycle

    async def start(self) -> None:
        """Connect to the buses, exchange heartbeats with the other processes, and start the periodic work."""
        if self.sole_writer:
            return
        if self._database_bus is not None:
            await self._database_bus.start(self._dispatcher.on_database_message, self._dispatcher.on_database_gap)
            self._database_bus.subscribe(DATABASE_SENDS)
        if self._bus.shared:
            await self._bus.start(self._dispatcher.on_message, self._dispatcher.on_gap)
            for channel in self._dispatcher.handled_channels:
                self._bus.subscribe(channel)
            await self._presence.start()
        self._heartbeat.start()

    async def close(self) -> None:
        """Tell the other processes that this one ends, cancel all tasks, and close the buses."""
        if self._bus.shared:
            self._presence.stop()
        await self._heartbeat.close()
        await self._recovery.close()
        await self._bus.close()
        if self._database_bus is not None:
            await self._database_bus.close()

    # --- channels that belong to no room

    def subscribe(self, channel: str, handler: Handler, on_gap: GapHandler = lambda: None) -> None:
        """Register callbacks for a channel that is not an item's.

        Args:
            channel: The channel.
            handler: Called with each message of another process.
            on_gap: Called when messages may be missing.

        Raises:
            RuntimeError: The cluster is already started.

        """
        if self._heartbeat.started:
            raise RuntimeError(f"subscribe to {channel} before the cluster is started")
        self._dispatcher.set_handler(channel, handler, on_gap)

    def on_database_send(self, handler: HeadHandler, on_gap: GapHandler) -> None:
        """Register callbacks for the announcements of the database (X5).

        Args:
            handler: Called with each announced item and the head of its log.
            on_gap: Called when announcements may be missing.

        """
        self._dispatcher.add_database_handler(handler, on_gap)

    def publish(self, channel: str, message: ClusterMessage) -> None:
        """Send the message to the other processes that are subscribed to the channel."""
        if self._bus.shared:
            self._bus.publish(channel, encode(message))

    # --- rooms that open and close

    async def open_room(self, item: str) -> None:
        """Subscribe to the item's messages, and request its remote members. Call this before the room's log is read."""
        if self._bus.shared:
            await self._subscriptions.subscribe(item)
            await self._presence.open_room(item)

    def room_opened(self, room: LocalRoom) -> None:
        """Apply the known remote members to a room that was just read into memory."""
        room.apply_remote_presence(self._presence.remote_members(room.item))

    def room_closed(self, item: str) -> None:
        """Unsubscribe from an item whose room was removed from memory, and drop all state about the room."""
        self._recovery.forget(item)
        if self._bus.shared:
            self._presence.close_room(item)
            self._subscriptions.unsubscribe(item)

    # --- members and their activity

    def count_connection(self, item: str, person: Person, change: int) -> None:
        """Publish that a member opened or closed a connection in this process.

        Args:
            item: The item of the room.
            person: The member.
            change: 1 for an opened connection, -1 for a closed one.

        """
        if self._bus.shared:
            self._presence.count_connection(item, person, change)

    def publish_activity(self, item: str, lines: Sequence[Line]) -> None:
        """Publish who is typing in the item's room and which read marks moved; ignore lines of other types (P4, P5)."""
        if not self._bus.shared:
            return
        for line in lines:
            if isinstance(line, TypingNow):
                self.publish(item, MemberTyping(line.by.id, line.by.name, line.by.picture, line.by.role))
        if marks := {line.by: line.seq for line in lines if isinstance(line, ReadMark)}:
            self.publish(item, ReadMarksMoved(marks))

    async def find_connections(self, item: str, head: int) -> Connections:
        """Ask all processes for their connections to the item's room, and return those of this process, too (W8).

        Args:
            item: The item.
            head: The head of the log, as far as the caller knows it.

        Returns:
            The connections. `unanswered` names the processes that did not respond within a second.

        """
        return await self._survey.find_connections(item, head)

    # --- entries

    def deliver(self, item: str, entries: Sequence[Entry], oldest: int, log_id: str) -> None:
        """Deliver entries that this process stored to its own room, and publish them.

        Args:
            item: The item.
            entries: At least one entry; consecutive and ascending.
            oldest: The first seq that the log still keeps.
            log_id: The id of the history that the entries belong to (R5).

        """
        lines = self._recovery.deliver(item, entries, oldest, log_id)
        if not self._bus.shared:
            return
        if len(lines) != len(entries):  # the room is not in memory, or did not send all entries now
            lines = [encode_line(entry) for entry in entries]
        message = EntriesStored(entries[-1].seq, oldest, log_id)
        self._bus.publish(item, encode(message, lines), encode(message))

    def publish_new_history(self, item: str, log_id: str) -> None:
        """Tell the other processes that the item's room was deleted; `log_id` is the id of its new, empty history."""
        self.publish(item, EntriesStored(0, 1, log_id))

    def note_head(self, item: str, head: int) -> None:
        """Record that the item's log extends to `head`; read the entries that the room lacks from the log."""
        self._recovery.note_head(item, head)

    def check_head(self, item: str) -> None:
        """Compare the item's room with its log in the background: the log may have lost delivered entries (X8)."""
        self._recovery.check_heads([item])

    async def catch_up(self, room: LocalRoom, seq: int) -> None:
        """Bring the room to the end of its log if a client reports a `seq` beyond the room's head (R5).

        Raises:
            LogUnavailableError: The log does not answer.

        """
        await self._recovery.catch_up(room, seq)
