"""A process with a room whose log others write to."""

from alcove.cluster.recovery import Recovery
from alcove.limits import Retention
from tests.support.local_rooms import FakeRooms
from tests.support.memory_rooms import Reader, RoomLog


class RecoveringProcess:
    """A process with the room `foo` in memory, and a connection to it."""

    def __init__(self, *, sole_writer: bool = False, retention: Retention | None = None) -> None:
        self.storage = RoomLog(retention)
        self.room = self.storage.room()
        self.reader = Reader(self.room)
        self.rooms = FakeRooms(self.storage.rooms)
        self.recovery = Recovery(self.storage.log, self.rooms, sole_writer=sole_writer)

    @property
    def queries(self) -> int:
        """The number of storage calls that are waiting."""
        return len(self.storage.log.pending_calls)
