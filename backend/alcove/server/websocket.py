"""Move a WebSocket's transport from uvicorn's protocol to a DetachedConnection after the handshake.

uvicorn does not know of detached connections, so `alcove serve` closes them itself: `DeadlineWheel.close_all`. A host
application that embeds Alcove can have such connections with plain uvicorn, and its Alcove closes them: `uvicorn
host:app --http alcove.server.websocket:UpgradeHttp --ws alcove.server.websocket:DetachableWebSocket`.
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
    """An HTTP protocol that passes on the frames that a client sent in the same write as its handshake."""

    #: The bytes that are being parsed; empty otherwise.
    parsed_data = b""

    def parse(self, data: bytes) -> None:
        """Keep `data` while it is parsed: it may contain the end of a handshake, and frames after it."""
        self.parsed_data = data
        super().parse(data)
        self.parsed_data = b""

    def handle_websocket_upgrade(self) -> None:
        """Pass on the handshake, then the bytes after it, whose offset is in the parser's exception (uvicorn)."""
        upgrade = sys.exception()
        transport = self.transport
        super().handle_websocket_upgrade()
        if isinstance(upgrade, httptools.HttpParserUpgrade) and (rest := self.parsed_data[upgrade.args[0] :]):
            protocol = transport.get_protocol()
            if isinstance(protocol, BoundedWebSocket):
                protocol.data_received(rest)


class DetachableWebSocket(BoundedWebSocket):
    """A WebSocket that can give its transport to a DetachedConnection once the handshake is answered."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],  # Any: uvicorn's own type
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        wheel: DeadlineWheel | None = None,
    ) -> None:
        """Create the protocol of one connection.

        Args:
            config: uvicorn's configuration.
            server_state: uvicorn's state of the server.
            app_state: uvicorn's state of the application.
            wheel: Registers detached connections; None: the Alcove that accepts the connection has the wheel.

        """
        super().__init__(config, server_state, app_state, _loop, budget=Budget() if wheel is None else wheel.budget)
        self.wheel = wheel
        #: The connection that took over the transport; None before `detach`.
        self.detached: DetachedConnection | None = None

    def handle_connect(self, event: Request) -> None:
        """Start the application, and offer it the extensions ABORT and DETACH in the ASGI scope."""
        super().handle_connect(event)
        if self.parser is not None:
            extensions: dict[str, Any] = {  # Any: uvicorn types no callables
                ABORT: self.transport.abort,
                DETACH: self.detach,
            }
            self.scope["extensions"].update(extensions)

    def detach(self, max_message: int, wheel: DeadlineWheel | None = None) -> DetachedConnection | None:
        """Give up the transport, and create a connection on it.

        From then on `send` and `receive` of the application act as if the client had disconnected.

        Args:
            max_message: The maximum size of a message in bytes; `ws_max_size` of uvicorn's Config limits it, too.
            wheel: Registers the connection; None: the server's wheel.

        Returns:
            The connection; None if frames were already read, the connection is lost, or there is no wheel.

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
        """Close a detached connection that got no receiver, and drop all references.

        The cycles between protocol, parser and scope would otherwise wait for the garbage collector.
        """
        super().on_task_complete(task)
        if self.detached is None:
            return
        if not self.detached.has_receiver:
            self.detached.close(Close.INTERNAL, "internal error")
        self.scope["extensions"].clear()
        self.__dict__.clear()


class _ClosedTransport(asyncio.Transport):
    """Stands in for the detached transport, because uvicorn closes its transport when the application has ended."""

    def is_closing(self) -> bool:
        """Return True, as for a closed transport."""
        return True

    def close(self) -> None:
        """Do nothing: the real transport belongs to the DetachedConnection."""
