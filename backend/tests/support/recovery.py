"""Run the recovery of a room from a log that other processes write to."""

from alcove.cluster.recovery import Recovery
from alcove.limits import Retention
from tests.support.local_rooms import FakeRooms
from tests.support.memory_rooms import Reader, RoomLog


class RecoveringProcess:
    """A process that recovers the room `foo`, with a connection to the room."""

    def __init__(self, *, sole_writer: bool = False, retention: Retention | None = None) -> None:
        self.storage = RoomLog(retention)
        self.room = self.storage.room()
        self.reader = Reader(self.room)
        self.rooms = FakeRooms(self.storage.rooms)
        self.recovery = Recovery(self.storage.log, self.rooms, sole_writer=sole_writer)

    @property
    def pending_call_count(self) -> int:
        """The number of storage calls that wait for the test."""
        return len(self.storage.log.pending_calls)
