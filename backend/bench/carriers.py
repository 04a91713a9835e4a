"""What carries the echo server's sockets: our own wire, or uvicorn's ASGI with our parser under it."""

import asyncio

from alcove.server.bounded_websocket import BoundedWebSocket
from alcove.server.websocket import Handover, Upgrade

#: uvicorn's `http` and `ws` for each.
CARRIERS: dict[str, tuple[type[asyncio.Protocol], type[asyncio.Protocol]]] = {
    "detached": (Upgrade, Handover),
    "asgi": (Upgrade, BoundedWebSocket),
}
