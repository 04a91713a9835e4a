"""What of uvicorn the detached carrier relies on: it takes the transport from uvicorn's protocol after the handshake.

`uvicorn.Config(http=Upgrade, ws=Handover)`. uvicorn forgets a connection that is handed over, so whoever runs the
server awaits `Handover.registry.close_all()` before it ends.
"""

import asyncio
import sys
from typing import Any, ClassVar

import httptools
from uvicorn._types import ASGIReceiveEvent
from websockets.http11 import Request

from alcove.errors import Close
from alcove.server.bounded_websocket import BoundedWebSocket
from alcove.server.http import BoundedHttp
from alcove.wire.accept import DETACH
from alcove.wire.connection import ABORT
from alcove.wire.deadlines import Registry
from alcove.wire.detached import DetachedConnection


class Upgrade(BoundedHttp):
    """HTTP which keeps what a hasty client sends behind its handshake in one go."""

    def parse(self, data: bytes) -> None:
        """Remember the bytes that may hold the end of a handshake."""
        self.latest = data
        super().parse(data)
        self.latest = b""

    def handle_websocket_upgrade(self) -> None:
        """Pass on what follows the handshake: the parser's exception says where that begins."""
        upgrade = sys.exception()
        transport = self.transport
        super().handle_websocket_upgrade()
        if isinstance(upgrade, httptools.HttpParserUpgrade) and (rest := self.latest[upgrade.args[0] :]):
            protocol = transport.get_protocol()
            if isinstance(protocol, BoundedWebSocket):
                protocol.data_received(rest)


class Handover(BoundedWebSocket):
    """uvicorn's WebSocket, which can part with its transport once the application has answered."""

    #: Where connections go that are handed over. One for the process; tests give a subclass its own.
    registry: ClassVar[Registry] = Registry()

    detached: DetachedConnection | None = None

    def handle_connect(self, event: Request) -> None:
        """Offer the extensions to the application."""
        super().handle_connect(event)
        if self.parser is not None:
            extensions: dict[str, Any] = {
                ABORT: self.transport.abort,
                DETACH: self.detach,
            }  # uvicorn types no callables
            self.scope["extensions"].update(extensions)

    def detach(self, max_message: int) -> DetachedConnection | None:
        """Part with the transport: return a connection on it, or None where uvicorn already reads or it is lost.

        `max_message` in bytes; `ws_max_size` of uvicorn's Config bounds it as it does on ASGI.
        From then on the application's `send` and `receive` see a client that is gone.
        """
        if self.released or self.disconnected or not self.handshake_complete or self.transport.is_closing():
            return None
        self.released = self.disconnected = True
        self.stop_keepalive()
        self.connections.discard(self)
        transport, self.transport = self.transport, _NoTransport()
        limit = min(max_message, self.config.ws_max_size)
        self.detached = DetachedConnection(transport, self.registry, limit, self.held)
        transport.set_protocol(self.detached)
        gone: ASGIReceiveEvent = {"type": "websocket.disconnect", "code": 1006, "reason": "detached"}
        self.queue.put_nowait(gone)
        return self.detached

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """Let go of everything at once: the cycles between protocol, parser and scope would wait for the collector."""
        super().on_task_complete(task)
        if self.detached is None:
            return
        if not self.detached.attended:
            self.detached.close(Close.INTERNAL, "internal error")
        self.scope["extensions"].clear()
        self.__dict__.clear()


class _NoTransport(asyncio.Transport):
    """Stands where the transport was: uvicorn closes it when the application is done."""

    def is_closing(self) -> bool:
        """There is nothing open."""
        return True

    def close(self) -> None:
        """There is nothing to close."""
