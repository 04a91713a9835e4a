"""The upgrade of a room: after the handshake, a connection takes the transport over from uvicorn's protocols.

uvicorn no longer counts a detached connection, so the server closes them itself: `DeadlineWheel.close_all`. An
application with an Alcove inside gets the same connections from plain uvicorn, and its Alcove closes them:
`uvicorn host:app --http alcove.server.websocket:UpgradeHttp --ws alcove.server.websocket:DetachableWebSocket`.
"""

import asyncio
import sys
from typing import Any

import httptools
from uvicorn._types import ASGIReceiveEvent
from uvicorn.config import Config
from uvicorn.server import ServerState
from websockets.http11 import Request

from alcove.errors import Close
from alcove.limits import Budget
from alcove.server.bounded_websocket import BoundedWebSocket
from alcove.server.http import BoundedHttp
from alcove.wire.accept import DETACH
from alcove.wire.connection import ABORT
from alcove.wire.deadlines import DeadlineWheel
from alcove.wire.detached import DetachedConnection


class UpgradeHttp(BoundedHttp):
    """HTTP that passes on frames which a client sends in the same write as its handshake."""

    #: The bytes being parsed.
    latest = b""

    def parse(self, data: bytes) -> None:
        """Keep `data` while it is parsed: it may hold the end of a handshake."""
        self.latest = data
        super().parse(data)
        self.latest = b""

    def handle_websocket_upgrade(self) -> None:
        """Pass the handshake on, then the bytes after it; the parser's exception has their offset."""
        upgrade = sys.exception()
        transport = self.transport
        super().handle_websocket_upgrade()
        if isinstance(upgrade, httptools.HttpParserUpgrade) and (rest := self.latest[upgrade.args[0] :]):
            protocol = transport.get_protocol()
            if isinstance(protocol, BoundedWebSocket):
                protocol.data_received(rest)


class DetachableWebSocket(BoundedWebSocket):
    """uvicorn's WebSocket, which can give its transport to a DetachedConnection once the handshake is answered."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],  # Any: uvicorn's own type
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        wheel: DeadlineWheel | None = None,
    ) -> None:
        """Initialize the protocol.

        Args:
            config: uvicorn's configuration, and the following arguments as uvicorn passes them.
            server_state: The same.
            app_state: The same.
            wheel: Where detached connections are registered; None: at the Alcove that accepts them.

        """
        super().__init__(config, server_state, app_state, _loop, budget=Budget() if wheel is None else wheel.budget)
        self.wheel = wheel
        self.detached: DetachedConnection | None = None

    def handle_connect(self, event: Request) -> None:
        """Offer the extensions of the ASGI scope to the application."""
        super().handle_connect(event)
        if self.parser is not None:
            extensions: dict[str, Any] = {  # Any: uvicorn types no callables
                ABORT: self.transport.abort,
                DETACH: self.detach,
            }
            self.scope["extensions"].update(extensions)

    def detach(self, max_message: int, wheel: DeadlineWheel | None = None) -> DetachedConnection | None:
        """Give up the transport; return a connection on it, or None when frames are already read or it is lost.

        From then on `send` and `receive` of the application act as if the client had disconnected.

        Args:
            max_message: The largest message in bytes; `ws_max_size` of uvicorn's Config bounds it as on ASGI.
            wheel: Where the connection is registered; None: at the server's wheel.

        """
        wheel = self.wheel if wheel is None else wheel
        if self.reads_frames or self.disconnected or not self.handshake_complete or self.transport.is_closing():
            return None
        if wheel is None:
            return None
        self.reads_frames = self.disconnected = True
        self.stop_keepalive()
        self.connections.discard(self)
        transport, self.transport = self.transport, _ClosedTransport()
        limit = min(max_message, self.config.ws_max_size)
        self.detached = DetachedConnection(transport, wheel, limit, self.unparsed)
        transport.set_protocol(self.detached)
        disconnect: ASGIReceiveEvent = {"type": "websocket.disconnect", "code": 1006, "reason": "detached"}
        self.queue.put_nowait(disconnect)
        return self.detached

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """Drop all references: the cycles between protocol, parser and scope would wait for the garbage collector."""
        super().on_task_complete(task)
        if self.detached is None:
            return
        if not self.detached.has_receiver:
            self.detached.close(Close.INTERNAL, "internal error")
        self.scope["extensions"].clear()
        self.__dict__.clear()


class _ClosedTransport(asyncio.Transport):
    """Replaces the transport that was detached: uvicorn closes it when the application has ended."""

    def is_closing(self) -> bool:
        """Return True: nothing is open."""
        return True

    def close(self) -> None:
        """Do nothing: nothing is open."""
