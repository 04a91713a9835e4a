"""Define a cursor: one connection, and its position in the log of its room."""

import asyncio
from dataclasses import dataclass

from alcove.cluster.connections import ConnectionState
from alcove.protocol import Member
from alcove.wire.connection import Connection


@dataclass(slots=True, eq=False, repr=False)
class Cursor:
    """A connection and its position in the room's log.

    While in step, the position is the head, and `seq` is not updated.
    """

    connection: Connection
    member: Member
    #: The last entry that was written to the connection.
    seq: int
    #: When it joined, in ms since the epoch.
    since: int
    #: The presence version that the connection has seen; counts while it is behind.
    seen_version: int = 0
    #: The task that feeds the connection while it is behind; None: none is needed.
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
            since=self.since,
        )
