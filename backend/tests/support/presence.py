"""Run the presence of one process; the test sends the messages of the other processes."""

import asyncio

from alcove.cluster.messages import ALL_PROCESSES, ClusterMessage, MembersRequest
from alcove.cluster.presence_sync import PresenceSync
from tests.support.bus import FakeBus
from tests.support.local_rooms import FakeRooms
from tests.support.memory_rooms import RoomLog
from tests.support.turns import run_turns


class PresenceProcess:
    """The process under test, alone on its bus."""

    def __init__(self) -> None:
        self.bus = FakeBus()
        self.storage = RoomLog()
        self.presence = PresenceSync(
            self.bus, FakeRooms(self.storage.rooms), asyncio.get_running_loop().time, process="p1"
        )

    def receive(self, message: ClusterMessage, channel: str = ALL_PROCESSES) -> None:
        """Receive a message that another process published."""
        self.presence.receive(channel, message)

    async def open(self, item: str = "foo") -> None:
        """Open a room; no other process responds in time."""
        await self.presence.open_room(item)
        self.storage.room(item)
        await run_turns()
        self.bus.new_messages()

    def members(self, item: str = "foo") -> dict[str, int]:
        """Return the number of connections of each member that the open room counts."""
        presence = self.storage.rooms[item].presence
        return {person.id: presence.connections(person.id) for person in presence.named_members()}

    def new_requests(self) -> list[list[str]]:
        """Return the rooms requested since the last call, one list per message."""
        return [message.items for _, message in self.bus.new_messages() if isinstance(message, MembersRequest)]
