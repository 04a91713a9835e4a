"""Read the end of a room's log while the room opens, and collect the reports about the room meanwhile."""

import asyncio
from dataclasses import dataclass, field

from alcove.protocol import FRAME_BYTES
from alcove.rooms.closed_rooms import ClosedRoomPositions
from alcove.rooms.room import Room
from alcove.storage.base import Log, Page, RoomState

#: Entries that an opening room reads into memory: as many as a client reads by default (H2).
_WARM_ENTRIES = 50


@dataclass(slots=True)
class Opening:
    """A room that is being read into memory, and what this process is told about its log during the read."""

    #: The task that reads the room.
    task: asyncio.Task[Room]
    #: The highest seq that was reported as committed; 0: none was.
    head: int = 0
    #: The id of the history that `head` belongs to; "": unknown.
    log_id: str = ""
    #: The reports of stored read marks, each of member → seq, in the order of arrival.
    marks: list[dict[str, int]] = field(default_factory=list)

    def extend(self, head: int, log_id: str) -> None:
        """Record that the log extends to `head`; `log_id`: the history of `head`, "" if unknown."""
        if log_id not in {"", self.log_id}:
            self.head, self.log_id = 0, log_id
        self.head = max(self.head, head)

    async def read(self, item: str, log: Log, closed: ClosedRoomPositions) -> tuple[Page, RoomState]:
        """Read the room's last entries and its state; repeat until both are of one history (X8).

        Raises LogUnavailableError if storage does not answer.
        """
        while True:
            state = (await log.room_states([item]))[item]
            page = await log.read(item, limit=_WARM_ENTRIES, max_bytes=FRAME_BYTES)
            if page.log == state.log and self.log_id in {"", page.log}:
                if await closed.verify(item, page):
                    return page, state
            else:
                # The history changed between the two reads: a reported head may belong to the old history.
                self.head, self.log_id = 0, ""
