"""Run several processes on one log and one bus, or one process to which the test sends the messages of others."""

import asyncio
from collections.abc import Sequence

from alcove.bus.base import Bus
from alcove.cluster.cluster import Cluster
from alcove.cluster.messages import ClusterMessage, encode
from alcove.protocol import Entry
from alcove.protocol import encode as encode_line
from alcove.rooms.room import Room
from tests.support.bus import FakeBus, Network
from tests.support.held_log import HeldLog
from tests.support.local_rooms import FakeRooms
from tests.support.memory_rooms import BOB, Reader, RoomLog


class Process:
    """One of several processes that share a log and a bus."""

    def __init__(self, log: HeldLog, bus: Bus, sends: Bus | None = None) -> None:
        self.bus = bus
        self.storage = RoomLog(log=log)
        self.rooms = FakeRooms(self.storage.rooms)
        self.cluster = Cluster(log, bus, sends, rooms=self.rooms, clock=asyncio.get_running_loop().time)

    async def open(self, item: str = "foo") -> Room:
        """Read a room into memory."""
        await self.cluster.open_room(item)
        room = self.storage.room(item)
        self.cluster.room_opened(room)
        await self.storage.run_calls()
        return room

    def write(self, *ids: str, item: str = "foo") -> None:
        """Store messages in this process."""
        self.cluster.deliver(item, self.storage.write(*ids, item=item), 1, self.storage.log.id)


async def start_processes(count: int = 2, network: Network | None = None) -> list[Process]:
    """Start `count` processes on one log and one bus."""
    log = HeldLog()
    network = network or Network()
    processes = [Process(log, network.connect()) for _ in range(count)]
    for process in processes:
        await process.cluster.start()
    return processes


class ProcessHarness:
    """A process on a bus and a channel of the database, to which the test sends the messages of all others."""

    def __init__(self) -> None:
        self.bus, self.sends = FakeBus(), FakeBus()
        self.process = Process(HeldLog(), self.bus, self.sends)
        self.storage = self.process.storage

    async def open(self) -> Reader:
        """Start the process, and open the room `foo` with a connection to it."""
        await self.process.cluster.start()
        reader = Reader(await self.process.open(), BOB)
        self.bus.new_messages()
        return reader

    def receive(self, message: ClusterMessage, entries: Sequence[Entry] = (), *, channel: str = "foo") -> None:
        """Receive a message that another process published, with the entries that follow it."""
        self.bus.receive(channel, encode(message, [encode_line(entry) for entry in entries]))
