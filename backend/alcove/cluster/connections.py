"""What an operator is told of each connection to a room (W8)."""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace


class ConnectionState(Struct, frozen=True):
    """One connection of a room: whose, how far it has read, and what it still has to take."""

    member: str
    name: str
    process: str
    cursor: int
    lag: int
    state: str
    buffered: int
    since: int


class Connections(Struct, frozen=True, omit_defaults=True):
    """Everyone connected to a room, on every process, and its head; `unanswered`: processes that did not answer."""

    head: int
    connections: list[ConnectionState]
    unanswered: list[str] = []


def connections(head: int, states: Iterable[ConnectionState], unanswered: Iterable[str] = ()) -> Connections:
    """Return the states with their lag behind `head`: the process that told one may not have heard of it yet."""
    return Connections(head, [replace(state, lag=max(0, head - state.cursor)) for state in states], sorted(unanswered))
