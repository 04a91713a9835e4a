"""Define a cursor: one connection, and its position in the log of its room."""

import asyncio
from dataclasses import dataclass

from alcove.cluster.connections import ConnectionState
from alcove.protocol import Member
from alcove.wire.connection import Connection


@dataclass(slots=True, eq=False, repr=False)
class Cursor:
    """A connection and its position in the room's log.

    While the connection is in step, its position is the head of the room.
    """

    connection: Connection
    member: Member
    #: The seq of the last entry that was written to the connection; outdated while it is in step.
    seq: int
    #: When the connection joined the room, since the epoch.
    joined_ms: int
    #: The presence version that the connection has seen (RoomPresence); outdated while it is in step.
    seen_version: int = 0
    #: The task that feeds the connection while it is behind; None while there is no such task.
    feed_task: "asyncio.Task[None] | None" = None

    def __repr__(self) -> str:
        return f"<Cursor of {self.member.person.id!r} at {self.seq}{', feeding' if self.feed_task else ''}>"

    def state(self, head: int, process: str, *, in_step: bool) -> ConnectionState:
        """Describe the connection for operators (W8).

        Args:
            head: The seq of the room's last entry.
            process: The name of this process.
            in_step: Whether the connection has got every entry up to the head.

        """
        seq = head if in_step else self.seq
        return ConnectionState(
            member=self.member.person.id,
            name=self.member.person.name,
            process=process,
            cursor=seq,
            lag=head - seq,
            state="in_step" if in_step else "behind",
            buffered=self.connection.buffered_bytes(),
            since=self.joined_ms,
        )
