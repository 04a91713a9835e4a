"""Between the rooms of this process and the bus: what is stored here is told, what was told or missed is delivered."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence

import msgspec

from alcove import background
from alcove.bus.base import Bus
from alcove.cluster.connections import Connections
from alcove.cluster.local_room import LocalRoom, LocalRooms
from alcove.cluster.messages import (
    ALL,
    ONE,
    SENDS,
    ClusterMessage,
    ConnectionsRequest,
    ConnectionsResponse,
    EntriesStored,
    HeadMoved,
    MemberTyping,
    ReadMarksMoved,
    decode,
    encode,
)
from alcove.cluster.presence_sync import PresenceSync
from alcove.cluster.recovery import Recovery
from alcove.cluster.survey import ConnectionSurvey
from alcove.protocol import Entry, Line, Person, ReadMark, TypingNow
from alcove.protocol import encode as encode_line
from alcove.storage.base import Log

log = logging.getLogger("alcove.relay")

#: Seconds that a new subscription has to take effect before a room opens without.
_SUBSCRIBE_S = 0.25
#: Seconds between two looks around; every second one, heads are polled where the bus is in doubt (X2).
_BEAT_S = 0.5


class Cluster:
    """What joins the processes. The log is the truth; all that is heard here only says where to look (X2)."""

    def __init__(
        self,
        store: Log,
        bus: Bus,
        sends: Bus | None,
        *,
        rooms: LocalRooms,
        clock: Callable[[], float],
        name: str = "",
    ) -> None:
        """`name` is what people call this process."""
        self.bus = bus
        #: Where the database tells of what `alcove_send` stored.
        self._sends = sends
        self._rooms = rooms
        self._clock = clock
        #: Whether nobody else writes to this log.
        self.alone = not bus.shared and sends is None
        self._recovery = Recovery(store, rooms, alone=self.alone)
        self._gossip = PresenceSync(bus, rooms, clock, name)
        self._survey = ConnectionSurvey(bus, rooms, process=self._gossip.process, name=name, others=self._gossip.others)
        self._subscribing: dict[str, asyncio.Event] = {}
        self._tuned: dict[str, Callable[[ClusterMessage], None]] = {}
        self._beating: asyncio.Task[None] | None = None
        #: Whether a message that cannot be decoded was logged.
        self._unknown = False

    @property
    def up(self) -> bool:
        """Whether what is told gets through just now, as far as can be known."""
        return self.bus.up and (self._sends is None or self._sends.up)

    async def start(self) -> None:
        """Connect to the others."""
        if self.alone:
            return
        if self._sends is not None:
            await self._sends.start(self._hinted, lambda _: self._recovery.heal(self._rooms.items()))
            self._sends.subscribe(SENDS)
        if self.bus.shared:
            await self.bus.start(self._heard, self._restored)
            for channel in self._tuned:
                self.bus.subscribe(channel)
            await self._gossip.start()
        self._beating = asyncio.create_task(self._beat())

    async def close(self) -> None:
        """Say farewell, and let go."""
        if self.bus.shared:
            self._gossip.end()
        await background.end(self._beating)
        await self._recovery.close()
        await self.bus.close()
        if self._sends is not None:
            await self._sends.close()

    def subscribe(self, channel: str, handler: Callable[[ClusterMessage], None]) -> None:
        """Have `handler` called with messages on a channel that is no item's. Call it before `start`."""
        if self._beating is not None:
            raise RuntimeError(f"subscribe to {channel} before the cluster is started")
        self._tuned[channel] = handler

    def publish(self, channel: str, told: ClusterMessage) -> None:
        """Tell the others."""
        if self.bus.shared:
            self.bus.publish(channel, encode(told))

    # --- rooms that open and close

    async def open_room(self, item: str) -> None:
        """Hear of the item from now on, and learn who is in its room elsewhere."""
        if not self.bus.shared:
            return
        effective = self._subscribing[item] = asyncio.Event()
        self.bus.subscribe(item)
        if self.bus.up:
            with contextlib.suppress(TimeoutError):  # what was missed by then is healed when it takes effect
                async with asyncio.timeout(_SUBSCRIBE_S):
                    await effective.wait()
        del self._subscribing[item]
        await self._gossip.open(item)

    def room_opened(self, room: LocalRoom) -> None:
        """The room is in memory: let it know who is elsewhere."""
        room.apply_remote_presence(self._gossip.here(room.item))

    def room_closed(self, item: str) -> None:
        """The room is no longer in memory."""
        self._recovery.drop(item)
        if self.bus.shared:
            self._gossip.close(item)
            self.bus.unsubscribe(item)

    def count_connection(self, item: str, person: Person, change: int) -> None:
        """A connection of the member came (1) or went (-1)."""
        if self.bus.shared:
            self._gossip.moved(item, person, change)

    async def inspect(self, item: str, head: int) -> Connections:
        """Return everyone connected to the item's room, on all processes; its log reaches at least to `head` (W8)."""
        return await self._survey.inspect(item, head)

    def publish_activity(self, item: str, lines: Sequence[Line]) -> None:
        """Tell the others what a room told its readers that is no entry."""
        if not self.bus.shared:
            return
        for line in lines:
            if isinstance(line, TypingNow):
                self.publish(item, MemberTyping(line.by.id, line.by.name))
        if marks := {line.by: line.seq for line in lines if isinstance(line, ReadMark)}:
            self.publish(item, ReadMarksMoved(marks))

    # --- entries

    def deliver(self, item: str, entries: Sequence[Entry], oldest: int, log_id: str) -> None:
        """Entries were stored here: tell the others, and deliver."""
        if self.bus.shared:
            told = EntriesStored(entries[-1].seq, oldest, log_id)
            self.bus.publish(item, encode(told, [encode_line(entry) for entry in entries]), encode(told))
        self._recovery.arrive(item, entries, oldest, log_id)

    def note_head(self, item: str, head: int) -> None:
        """Record that the item's log extends to `head`; read any gap from storage."""
        self._recovery.known(item, head)

    def check_head(self, item: str) -> None:
        """Compare the item's room with its log, which may hold less than was delivered (X8)."""
        self._recovery.heal([item])

    async def catch_up(self, room: LocalRoom, seq: int) -> None:
        """Bring the room to the end of its log if a client says that this extends to `seq` (R5).

        Raises:
            LogUnavailableError: The log does not answer.

        """
        await self._recovery.reach(room, seq)

    async def _beat(self) -> None:
        """Look around: who is still there, whether the bus is, and what is still to be caught up with."""
        turn = 0
        was_up = True
        while True:
            turn += 1
            sure = self._gossip.beat() if self.bus.shared else True
            up = self.up
            if (was_up and not up) or (turn % 2 == 0 and (not (up and sure) or self.bus.mixed)):
                self._recovery.heal(self._rooms.items())
            was_up = up
            self._recovery.go_on()
            await asyncio.sleep(_BEAT_S)

    # --- what the bus calls

    def _restored(self, channels: frozenset[str]) -> None:
        """These channels are heard, and messages on them may have been missed."""
        for channel in channels:
            if effective := self._subscribing.get(channel):
                effective.set()
        items = [channel for channel in channels if self._rooms.find(channel) is not None]
        self._recovery.heal(items)
        self._gossip.restored(items)

    def _hinted(self, _channel: str, message: bytes) -> None:
        """Look into the log where the database says that an item has new entries; whoever may notify may claim that."""
        told = self._decoded(message)
        if told is not None and isinstance(told[0], HeadMoved):
            self._recovery.look(told[0].item)

    def _decoded(self, message: bytes) -> tuple[ClusterMessage, list[Entry]] | None:
        """What a message says; None: nothing that this version knows, which is logged once."""
        try:
            return decode(message)
        except msgspec.DecodeError as error:
            if not self._unknown:
                self._unknown = True
                log.warning("a message on the bus is not one of ours; it and others like it are ignored: %s", error)
            return None

    def _heard(self, channel: str, message: bytes) -> None:
        """Another process of this log told something."""
        decoded = self._decoded(message)
        if decoded is None:
            return
        told, entries = decoded
        if act := self._tuned.get(channel):
            act(told)
        elif isinstance(told, EntriesStored):
            # Revocations count as the log has them, and only so.
            if entries and not channel.startswith("!"):
                self._recovery.arrive(channel, entries, told.oldest, told.log)
            else:
                self._recovery.look(channel)
        elif isinstance(told, (MemberTyping, ReadMarksMoved)):
            if (room := self._rooms.find(channel)) is not None:
                if isinstance(told, MemberTyping):
                    room.apply_remote_typing(Person(told.id, told.name), self._clock())
                else:
                    room.apply_remote_marks(told.reads)
        elif isinstance(told, (ConnectionsRequest, ConnectionsResponse)):
            self._survey.heard(told)
        elif (
            channel in (ALL, ONE + self._gossip.process)
            or self._rooms.find(channel) is not None
            or channel in self._subscribing
        ):
            self._gossip.heard(channel, told)
