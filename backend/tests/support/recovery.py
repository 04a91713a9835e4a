"""A process whose room follows a log that others write to."""

from alcove.cluster.recovery import Recovery
from alcove.limits import Retention
from tests.support.local_rooms import FakeRooms
from tests.support.memory_rooms import Reader, RoomLog


class RecoveringProcess:
    """A process with the room `foo` in memory, and a reader in it."""

    def __init__(self, *, sole_writer: bool = False, retention: Retention | None = None) -> None:
        self.storage = RoomLog(retention)
        self.room = self.storage.room()
        self.reader = Reader(self.room)
        self.rooms = FakeRooms(self.storage.rooms)
        self.recovery = Recovery(self.storage.log, self.rooms, sole_writer=sole_writer)

    @property
    def queries(self) -> int:
        """How many calls wait for the log."""
        return len(self.storage.log.held)
