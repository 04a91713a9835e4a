"""Decode the messages of other processes, and pass each one to the part of the cluster that handles its kind."""

import logging
from collections.abc import Callable, Sequence

import msgspec

from alcove.cluster.local_room import LocalRooms
from alcove.cluster.messages import (
    ALL_PROCESSES,
    ClusterMessage,
    ConnectionsRequest,
    ConnectionsResponse,
    EntriesStored,
    HeadMoved,
    MemberTyping,
    ReadMarksMoved,
    decode,
    process_channel,
)
from alcove.cluster.presence_sync import PresenceSync
from alcove.cluster.recovery import Recovery
from alcove.cluster.subscriptions import ItemSubscriptions
from alcove.cluster.survey import ConnectionSurvey
from alcove.item_ids import is_internal
from alcove.protocol import Entry, Person

logger = logging.getLogger(__name__)

#: Called with a message on a channel that is not an item's.
Handler = Callable[[ClusterMessage], None]
#: Called when messages on a channel may be missing.
GapHandler = Callable[[], None]
#: Called with an item and the head that the database announces. Do not trust the head: every role can announce (X9).
HeadHandler = Callable[[str, int], None]


class MessageDispatcher:
    """Handles what the buses report: messages, gaps, and announcements of the database."""

    def __init__(
        self,
        rooms: LocalRooms,
        subscriptions: ItemSubscriptions,
        *,
        recovery: Recovery,
        presence: PresenceSync,
        survey: ConnectionSurvey,
        clock: Callable[[], float],
    ) -> None:
        """Store the parts of the cluster that messages are passed to.

        Args:
            rooms: The rooms of this process.
            subscriptions: Is told when subscriptions take effect.
            recovery: Gets entries, and items whose heads must be checked.
            presence: Gets messages about members and processes.
            survey: Gets requests for connections, and the responses.
            clock: Returns seconds of a monotonic clock.

        """
        self._rooms = rooms
        self._subscriptions = subscriptions
        self._recovery = recovery
        self._presence = presence
        self._survey = survey
        self._clock = clock
        self._handlers: dict[str, Handler] = {}
        self._gap_handlers: dict[str, GapHandler] = {}
        self._database_handlers: list[tuple[HeadHandler, GapHandler]] = []
        self._process_channels = {ALL_PROCESSES, process_channel(presence.process)}
        #: Whether the warning of a message that cannot be decoded was logged.
        self._undecodable_logged = False

    @property
    def handled_channels(self) -> list[str]:
        """The channels that `set_handler` was called for."""
        return list(self._handlers)

    def set_handler(self, channel: str, handler: Handler, on_gap: GapHandler) -> None:
        """Register callbacks for a channel that is not an item's.

        Args:
            channel: The channel.
            handler: Called with each message.
            on_gap: Called when messages may be missing.

        """
        self._handlers[channel] = handler
        self._gap_handlers[channel] = on_gap

    def add_database_handler(self, handler: HeadHandler, on_gap: GapHandler) -> None:
        """Register callbacks for the announcements of the database.

        Args:
            handler: Called with each announced item and the head of its log.
            on_gap: Called when announcements may be missing.

        """
        self._database_handlers.append((handler, on_gap))

    # --- callbacks of the buses

    def on_message(self, channel: str, data: bytes) -> None:
        """Decode a message of another process and handle it by its channel and kind (OnMessage)."""
        decoded = self._decode(data)
        if decoded is None:
            return
        message, entries = decoded
        if handler := self._handlers.get(channel):
            handler(message)
            return
        match message:
            case EntriesStored():
                self._deliver(channel, message, entries)
            case MemberTyping() | ReadMarksMoved():
                self._apply_activity(channel, message)
            case ConnectionsRequest():
                self._survey.respond(message)
            case ConnectionsResponse():
                self._survey.receive(message)
            case _ if self._is_presence_channel(channel):
                self._presence.receive(channel, message)

    def on_gap(self, channels: frozenset[str]) -> None:
        """Confirm subscriptions to these channels; recover entries and presence changes that were missed (OnGap)."""
        self._subscriptions.confirm(channels)
        for channel in self._gap_handlers.keys() & channels:
            self._gap_handlers[channel]()
        items = [channel for channel in channels if self._rooms.find(channel) is not None]
        self._recovery.check_heads(items)
        self._presence.resync(items)

    def on_database_message(self, _channel: str, data: bytes) -> None:
        """Handle an announcement of the database that the log of an item has grown (OnMessage).

        The item's room is compared with the log, and the database handlers are called. Any role that may connect to the
        database can send this message, so its content is not trusted: the log decides (X9).
        """
        decoded = self._decode(data)
        if decoded is None:
            return
        message, _ = decoded
        if isinstance(message, HeadMoved):
            self._recovery.check_reported(message.item)
            for handler, _ in self._database_handlers:
                handler(message.item, message.head)

    def on_database_gap(self, _channels: frozenset[str]) -> None:
        """Check the heads of all rooms in the log, because announcements of the database may be missing (OnGap)."""
        self._recovery.check_all_heads()
        for _, on_gap in self._database_handlers:
            on_gap()

    # --- handling

    def _deliver(self, channel: str, message: EntriesStored, entries: Sequence[Entry]) -> None:
        """Deliver published entries to the item's room; without entries, check the head of its log."""
        # Entries of internal rooms, such as revocations, are not trusted: they are read from the log (X9).
        if entries and not is_internal(channel):
            self._recovery.deliver(channel, entries, message.oldest, message.log)
        else:
            self._recovery.check_reported(channel)

    def _apply_activity(self, item: str, message: MemberTyping | ReadMarksMoved) -> None:
        """Apply typing or read marks of another process to the item's room, if it is in memory."""
        if isinstance(message, ReadMarksMoved):
            self._rooms.apply_remote_marks(item, message.reads)
        elif (room := self._rooms.find(item)) is not None:
            person = Person(message.id, message.name, message.picture, message.role)
            room.apply_remote_typing(person, self._clock())

    def _is_presence_channel(self, channel: str) -> bool:
        """Return whether the channel can carry presence: it is one for processes, or that of an item in use here."""
        return (
            channel in self._process_channels or channel in self._subscriptions or self._rooms.find(channel) is not None
        )

    def _decode(self, data: bytes) -> tuple[ClusterMessage, list[Entry]] | None:
        """Decode a message and the entries that follow it. Return None, and warn once, if it cannot be decoded."""
        try:
            return decode(data)
        except msgspec.DecodeError as error:
            if not self._undecodable_logged:
                self._undecodable_logged = True
                logger.warning(
                    "a message on the bus cannot be decoded; it and others like it are ignored: %s",
                    error,
                )
            return None
