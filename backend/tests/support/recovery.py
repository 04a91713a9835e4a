"""A process whose room follows a log that others write to."""

from alcove.cluster.recovery import Recovery
from alcove.storage.base import Retention
from tests.support.rooms import Reader, RoomLog


class RecoveringProcess:
    """A process with the room `foo` in memory, and a reader in it."""

    def __init__(self, *, alone: bool = False, retention: Retention | None = None) -> None:
        self.storage = RoomLog(retention)
        self.room = self.storage.room()
        self.reader = Reader(self.room)
        #: What was announced of items whose room is not in memory.
        self.beyond: list[tuple[str, int]] = []
        #: Items whose history turned out to be lost.
        self.lost: list[str] = []
        self.recovery = Recovery(
            self.storage.log,
            self.storage.rooms,
            lambda item, seq, _: self.beyond.append((item, seq)),
            self.lost.append,
            alone=alone,
        )

    @property
    def queries(self) -> int:
        """How many calls wait for the log."""
        return len(self.storage.log.held)
