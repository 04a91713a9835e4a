"""What carries the echo server's sockets: our own wire, or uvicorn's ASGI with our parser under it."""

import asyncio
from typing import Literal

from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Request

from alcove.wire.rfc6455 import NO_STATUS, Closing, Event, Parser, Ping, Pong, Violation
from alcove.wire.server import Handover, Upgrade


class Strict(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket, which looks at bytes as they come; the parser it has waits for whole frames.

    So it refuses text at its first bad byte, and answers a close frame within a message like any other. The handshake
    and all that is written stay uvicorn's. No extension may be agreed on (`ws_per_message_deflate=False`).
    """

    #: Reads after the handshake, until the peer has closed or broken a rule.
    parser: Parser | None = None

    def handle_connect(self, event: Request) -> None:
        """Read no frame before the application has answered: a pong must not come before the handshake's end."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.parser = Parser(self.config.ws_max_size)
            self.transport.pause_reading()

    async def send(self, message: ASGISendEvent) -> None:
        """Read on after the handshake."""
        await super().send(message)
        if message["type"] == "websocket.accept":
            self.transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Leave the handshake to uvicorn, and read all the rest; after the end, drop it."""
        if not self.handshake_initiated:
            super().data_received(data)
        elif self.parser is not None:
            for event in self.parser.receive(data):
                self.hear(event)

    def hear(self, event: Event) -> None:
        """Pass on a message, answer everything else."""
        if isinstance(event, Closing | Violation):
            self.end(event)
        elif self.close_sent:
            return  # the application is past its end; only the peer's close frame is waited for
        elif isinstance(event, Ping):
            self.conn.send_pong(event.payload)
            self.write_out()
        elif isinstance(event, Pong):
            self.handle_pong(Frame(Opcode.PONG, event.payload))
        else:
            message: ASGIReceiveEvent = (
                {"type": "websocket.receive", "text": event}
                if isinstance(event, str)
                else {"type": "websocket.receive", "bytes": event}
            )
            self.queue.put_nowait(message)
            self.read_paused = True  # until the application has taken it
            self.transport.pause_reading()

    def end(self, event: Closing | Violation) -> None:
        """Send a close frame, if none was sent, and close."""
        self.parser = None
        if not self.close_sent:
            self.close_sent = self.disconnected = True
            reason = event.reason if isinstance(event, Violation) else ""
            self.conn.send_close(None if event.code == NO_STATUS else event.code, reason)
            self.write_out()
            self.queue.put_nowait({"type": "websocket.disconnect", "code": event.code, "reason": event.reason})
        if isinstance(event, Closing):
            self.transport.close()
            return
        # Read on until the peer closes, for a while: unread bytes end in a reset, which takes the reason from the peer.
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.transport.resume_reading()
        self.close_timer = self.close_timer or self.loop.call_later(self.close_timeout, self.transport.abort)

    def write_out(self) -> None:
        """Write what uvicorn's connection has to send."""
        self.transport.write(b"".join(self.conn.data_to_send()))


#: uvicorn's `http` and `ws` for each.
CARRIERS: dict[str, tuple[type[asyncio.Protocol] | Literal["auto"], type[asyncio.Protocol]]] = {
    "detached": (Upgrade, Handover),
    "asgi": ("auto", Strict),
}
