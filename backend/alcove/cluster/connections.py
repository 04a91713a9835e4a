"""Define the description of a room's connections for operators (W8)."""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace


class ConnectionState(Struct, frozen=True):
    """One connection to a room.

    Attributes:
        member: The member's id.
        name: The member's name.
        process: The name of the process that serves the connection.
        cursor: The last seq that was sent on the connection.
        lag: How many entries the cursor is behind the head.
        state: `in_step` or `behind`.
        buffered: Bytes that the kernel (on ASGI: the server) has not taken yet.
        since: When the connection joined the room, in ms since the epoch.

    """

    member: str
    name: str
    process: str
    cursor: int
    lag: int
    state: str
    buffered: int
    since: int


class Connections(Struct, frozen=True, omit_defaults=True):
    """All connections to a room, on all processes.

    Attributes:
        head: The seq of the room's last entry.
        connections: The connections.
        unanswered: The names of the processes that did not respond in time.

    """

    head: int
    connections: list[ConnectionState]
    unanswered: list[str] = []


def describe_connections(head: int, states: Iterable[ConnectionState], unanswered: Iterable[str] = ()) -> Connections:
    """Create the result of a survey; compute how many entries each connection is behind `head`.

    Args:
        head: The seq of the room's last entry; a remote process may not have received it yet.
        states: The connections, whose `lag` is replaced.
        unanswered: The names of the processes that did not respond.

    """
    return Connections(head, [replace(state, lag=max(0, head - state.cursor)) for state in states], sorted(unanswered))
