"""Collect what is reported about a room while it is being read into memory."""

import asyncio
from dataclasses import dataclass, field

from alcove.rooms.room import Room


@dataclass(slots=True)
class Opening:
    """A room that is being read into memory, and what was reported about its log meanwhile."""

    task: asyncio.Task[Room]
    #: The seq of the last entry that was committed meanwhile.
    head: int = 0
    #: The history of that entry; "": unknown.
    log_id: str = ""
    #: The read marks that were stored meanwhile, each report of member → seq.
    marks: list[dict[str, int]] = field(default_factory=list)

    def extend(self, head: int, log_id: str) -> None:
        """Record how far the log extends; `log_id`: the history of `head`, "" if unknown."""
        if log_id not in {"", self.log_id}:
            self.head, self.log_id = 0, log_id
        self.head = max(self.head, head)
