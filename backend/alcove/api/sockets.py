"""Accept WebSocket handshakes; the settings limit the size of a message and the work per turn (L1, L6)."""

from starlette.websockets import WebSocket

from alcove.rooms.hub import Hub
from alcove.settings import Settings
from alcove.wire.accept import AcceptedConnection, accept


async def accept_socket(websocket: WebSocket, *, subprotocol: str | None = None) -> AcceptedConnection:
    """Accept the handshake, and return the connection. The settings limit its messages and its work per turn.

    Args:
        websocket: The handshake.
        subprotocol: The subprotocol to select; None: no subprotocol is selected.

    """
    settings: Settings = websocket.app.state.settings
    hub: Hub = websocket.app.state.hub
    return await accept(
        websocket,
        subprotocol=subprotocol,
        max_message=settings.message_bytes,
        budget=settings.budget,
        on_server_stop=hub.drain,
        wheel=websocket.app.state.wheel,
    )
