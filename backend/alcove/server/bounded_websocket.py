"""uvicorn's WebSocket with our parser: each turn of the event loop processes a bounded share of the input (L6)."""

import asyncio
from typing import ClassVar

from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Request

from alcove.errors import Close
from alcove.limits import Budget
from alcove.observability.metrics import LIMITS
from alcove.server.http import answer
from alcove.wire.flood import ControlWindow
from alcove.wire.rfc6455 import NO_STATUS, Closing, Event, Parser, Ping, Pong, Violation

#: The version of RFC 6455, and the header that names it to a client that speaks another one (section 4.4).
_VERSION = "13"


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """Reads frames with our parser, which looks at bytes as they come and can stop between two frames.

    uvicorn's own parser takes all of a run of bytes at once, 40,000 pings for example. The handshake and all that is
    written stay uvicorn's. No extension may be agreed on (`ws_per_message_deflate=False`).
    """

    budget: ClassVar[Budget] = Budget()

    #: Reads after the handshake, until the peer has closed or broken a rule.
    parser: Parser | None = None
    #: Bytes not yet parsed, from `at` on. Before the handshake's end they are only kept (a client should wait:
    #: section 4.1).
    held = b""
    at = 0
    #: Whether the handshake is done and frames are read here.
    released = False
    #: The scheduled turn.
    turn: asyncio.Handle | None = None
    control_window: ControlWindow | None = None

    def data_received(self, data: bytes) -> None:
        """Read the head, which comes as a whole; then process what comes, or hold it behind what is waiting."""
        if not self.handshake_initiated:
            super().data_received(data)
            if not self.handshake_initiated and not self.transport.is_closing():
                # uvicorn's parser has smaller bounds than HTTP's: 8 KiB a line and 128 headers. uvicorn itself would
                # leave such a connection open, and say nothing.
                LIMITS.labels("head").inc()
                answer(self.transport, 431)
                self.transport.close()
        elif self.parser is not None:
            self.held += data
            if self.released and self.turn is None and self.queue.empty():
                self.go_on()
            else:
                self.transport.pause_reading()

    def handle_connect(self, event: Request) -> None:
        """Answer a handshake of another version with the one there is; prepare to read frames."""
        if event.headers.get_all("Sec-WebSocket-Version") != [_VERSION]:
            self.handshake_initiated = self.handshake_complete = self.close_sent = True
            name = f"Sec-WebSocket-Version: {_VERSION}"
            answer(self.transport, 426, f"expected {name}", "upgrade: websocket", name.lower())
            self.transport.close()
            return
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.parser = Parser(self.config.ws_max_size)

    async def send(self, message: ASGISendEvent) -> None:
        """Read on after the handshake, unless the application takes the connection over first."""
        await super().send(message)
        if message["type"] == "websocket.accept":
            self.loop.call_soon(self.release)
        elif message["type"] == "websocket.close":
            self.schedule()  # the peer's close frame may be behind messages that nobody takes any more
        elif message["type"] == "websocket.http.response.body" and self.close_sent:
            self.handshake_complete = True  # refused by the application is complete too; uvicorn would log an error

    async def receive(self) -> ASGIReceiveEvent:
        """Return the next message; process more of the input when the application has taken all of them."""
        message = await self.queue.get()
        if self.queue.empty():
            self.schedule()
        return message

    def release(self) -> None:
        """Begin to read frames."""
        if not self.released and not self.disconnected:
            self.released = True
            self.go_on()

    def schedule(self) -> None:
        """Go on in the next turn of the event loop."""
        if self.released and self.parser is not None and self.turn is None:
            self.turn = self.loop.call_soon(self.go_on)

    def go_on(self) -> None:
        """Process one turn's share of what is held; read again when nothing is left and the application keeps up."""
        self.turn = None
        parser = self.parser
        if parser is None or not (self.close_sent or self.queue.empty()):
            return
        frames, size, control_frames = self.budget
        data, start = self.held, self.at
        self.held, self.at = b"", 0
        if start < len(data):
            events = parser.receive(data, start, frames, size)
            if parser.taken < len(data):
                self.held, self.at = data, parser.taken
            for event in events:
                self.hear(event)
            if parser.control:
                self.count(parser.control, control_frames)
        if self.parser is None:
            return
        if self.held or len(data) - start >= size:
            LIMITS.labels("turn").inc()
            self.transport.pause_reading()
            self.schedule()
        elif self.close_sent or self.queue.empty():
            self.transport.resume_reading()
        else:
            self.transport.pause_reading()

    def count(self, frames: int, limit: int) -> None:
        """Count control frames; end a connection that is flooded with them."""
        now = self.loop.time()
        if self.control_window is None:
            self.control_window = ControlWindow(now)
        if self.parser is not None and self.control_window.exceeds(frames, now, limit):
            self.end(Violation(Close.TOO_MANY, "too many control frames"))

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

    def end(self, event: Closing | Violation) -> None:
        """Send a close frame, if none was sent, and close."""
        self.parser = None
        self.held = b""
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
