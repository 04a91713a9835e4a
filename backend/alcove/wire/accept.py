"""Finish a handshake and choose its carrier: detached where the server offers it, else plain ASGI."""

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from starlette.websockets import WebSocket

from alcove.limits import Budget
from alcove.wire.asgi import AsgiConnection
from alcove.wire.connection import MESSAGE_BYTES, Connection, Receiver


class Carrier(Connection, Protocol):
    """An accepted connection that comes to life with its `run`."""

    async def run(self, receiver: Receiver) -> None:
        """Hand messages to the receiver: on ASGI until the connection is over; detached, return at once."""
        ...


#: Extension of the ASGI scope: takes the largest message in bytes, right after `websocket.accept`, and returns the
#: connection without ASGI, or None where it is too late for that.
DETACH: Final = "alcove.detach"
Detach = Callable[[int], Carrier | None]


async def accept(
    websocket: WebSocket,
    *,
    subprotocol: str | None = None,
    max_message: int = MESSAGE_BYTES,
    budget: Budget = Budget(),  # noqa: B008 - a tuple: it cannot change
    stopping: Callable[[], Awaitable[object]] | None = None,
) -> Carrier:
    """Accept the handshake. Of a connection that is never `run`, nothing is read.

    `budget` and `stopping` are the portable carrier's (AsgiConnection); our own server has its own.
    """
    await websocket.accept(subprotocol=subprotocol)
    detach: Detach | None = websocket.scope.get("extensions", {}).get(DETACH)
    detached = detach(max_message) if detach else None
    return detached or AsgiConnection(websocket, max_message=max_message, budget=budget, stopping=stopping)
