"""Accept a handshake within the limits of this server's settings (L1, L6)."""

from starlette.websockets import WebSocket

from alcove.rooms.hub import Hub
from alcove.settings import Settings
from alcove.wire.accept import AcceptedConnection, accept


async def accept_socket(websocket: WebSocket, *, subprotocol: str | None = None) -> AcceptedConnection:
    """Accept the handshake; messages are bounded by `message_bytes`, the work per turn by `budget`."""
    settings: Settings = websocket.app.state.settings
    hub: Hub = websocket.app.state.hub
    return await accept(
        websocket,
        subprotocol=subprotocol,
        max_message=settings.message_bytes,
        budget=settings.budget,
        stopping=hub.drain,
        wheel=websocket.app.state.wheel,
    )
