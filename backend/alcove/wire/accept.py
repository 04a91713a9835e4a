"""Accept a WebSocket handshake, and create its connection: detached if the server offers that, else on ASGI."""

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from starlette.websockets import WebSocket

from alcove.limits import Budget
from alcove.wire.asgi import AsgiConnection
from alcove.wire.connection import Connection, Receiver
from alcove.wire.deadlines import DeadlineWheel


class AcceptedConnection(Connection, Protocol):
    """A connection whose handshake is accepted. It reads nothing before `run` is called."""

    async def run(self, receiver: Receiver) -> None:
        """Pass messages to the receiver.

        On ASGI, return when the connection has ended; a detached connection returns at once, and goes on.
        """
        ...


#: The extension of the ASGI scope that creates a connection without ASGI: a function to call right after
#: `websocket.accept`. Arguments: the largest message in bytes, and the wheel that checks the connection's deadlines
#: (None: the server's). It returns None if it is too late, or if there is no wheel.
DETACH: Final = "alcove.detach"
Detach = Callable[[int, DeadlineWheel | None], AcceptedConnection | None]


async def accept(
    websocket: WebSocket,
    *,
    max_message: int,
    budget: Budget,
    subprotocol: str | None = None,
    on_server_stop: Callable[[], Awaitable[object]] | None = None,
    wheel: DeadlineWheel | None = None,
) -> AcceptedConnection:
    """Accept the handshake, and create its connection.

    Args:
        websocket: The handshake.
        max_message: The maximum size of a message from the client in bytes (L1).
        budget: The input to process per turn of the event loop on ASGI (L6); a detached connection has its server's.
        subprotocol: The subprotocol to select; None: the client gets none.
        on_server_stop: Awaited when the server cancels the connection's task because it stops (see AsgiConnection).
        wheel: Registers a detached connection; None: the server's wheel.

    """
    await websocket.accept(subprotocol=subprotocol)
    detach: Detach | None = websocket.scope.get("extensions", {}).get(DETACH)
    detached = detach(max_message, wheel) if detach else None
    return detached or AsgiConnection(websocket, max_message=max_message, budget=budget, on_server_stop=on_server_stop)
