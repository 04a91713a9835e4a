"""Create the protocol classes, with their arguments, that uvicorn uses for one server."""

import asyncio
from functools import partial
from typing import Literal, NamedTuple, cast

from alcove.server.bounded_websocket import BoundedWebSocket
from alcove.server.http import HttpLimits
from alcove.server.websocket import DetachableWebSocket, UpgradeHttp
from alcove.settings import Settings
from alcove.wire.deadlines import Deadlines, DeadlineWheel

#: The WebSocket implementation of a server: `detached` on the transport itself, or `asgi` on the ASGI interface.
Carrier = Literal["detached", "asgi"]
#: The type of `http` and `ws` in uvicorn's Config, which are called once for each connection.
ProtocolFactory = type[asyncio.Protocol]


class Protocols(NamedTuple):
    """The arguments `http` and `ws` of `uvicorn.Config`. They can be pickled, for worker processes."""

    http: ProtocolFactory
    ws: ProtocolFactory


def create_protocols(carrier: Carrier, limits: HttpLimits, wheel: DeadlineWheel) -> Protocols:
    """Create the protocol classes of one server. Several servers in a process share nothing.

    Args:
        carrier: `detached`: WebSockets take over the transport after the handshake; `asgi`: uvicorn keeps it.
        limits: The limits of a request.
        wheel: Registers detached connections; its budget applies to both carriers.

    """
    ws = (
        partial(DetachableWebSocket, wheel=wheel)
        if carrier == "detached"
        else partial(BoundedWebSocket, budget=wheel.budget)
    )
    return Protocols(cast("ProtocolFactory", partial(UpgradeHttp, limits=limits)), cast("ProtocolFactory", ws))


def create_wheel(settings: Settings) -> DeadlineWheel:
    """Create the deadline wheel of one server, with the deadlines and the budget of the settings."""
    return DeadlineWheel(Deadlines(ping_s=settings.ping_s, pong_s=settings.pong_s), settings.budget)


def http_limits(settings: Settings) -> HttpLimits:
    """Derive the limits of an HTTP request from the settings.

    Event streams are sent a comment every 15 s. If the client has vanished, the stream ends 1.25 times `pong_s` after
    the first comment that is not acknowledged: within 45 s by default (P3).
    """
    return HttpLimits(settings.head_bytes, settings.request_s, answer_s=1.25 * settings.pong_s)
