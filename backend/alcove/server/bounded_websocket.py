"""Define uvicorn's WebSocket protocol with Alcove's parser, which limits the work per turn of the event loop (L6)."""

import asyncio
from typing import Any

from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode
from websockets.http11 import Request

from alcove.errors import Close
from alcove.limits import Budget
from alcove.observability.metrics import LIMITS
from alcove.server.responses import write_problem
from alcove.wire.control_frames import ControlFrameWindow
from alcove.wire.encoding import NO_STATUS
from alcove.wire.rfc6455 import Closing, Event, Parser, Ping, Pong, Violation

#: The version of RFC 6455, for `Sec-WebSocket-Version` (section 4.4).
_VERSION = "13"


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """Reads frames with Alcove's parser, which can stop between two frames and continue in a later turn.

    uvicorn's own parser processes all bytes of a read at once, for example 40,000 pings. The handshake and all writing
    are uvicorn's. No extension is negotiated: the parser supports none.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],  # Any: uvicorn's own type
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        budget: Budget,
    ) -> None:
        """Create the protocol of one connection.

        Args:
            config: uvicorn's configuration.
            server_state: uvicorn's state of the server.
            app_state: uvicorn's state of the application.
            budget: The input to process per turn of the event loop.

        """
        config.ws_per_message_deflate = False  # uvicorn's default is True
        super().__init__(config, server_state, app_state, _loop)
        self.budget = budget
        #: Parses frames; None before the handshake, and after the peer has closed or violated the protocol.
        self.parser: Parser | None = None
        #: Bytes not yet parsed, from `unparsed_from` on. Before the handshake is answered they are only kept, because a
        #: client should wait for the answer (section 4.1).
        self.unparsed = b""
        self.unparsed_from = 0
        #: Whether `start_reading` was called, or the connection was detached.
        self.reads_frames = False
        #: The scheduled turn.
        self.turn: asyncio.Handle | None = None
        #: Counts control frames; None before the first one.
        self.control_frames: ControlFrameWindow | None = None

    def data_received(self, data: bytes) -> None:
        """Read the handshake, which comes in one call; then parse frames, or keep bytes while others wait (asyncio)."""
        if not self.handshake_initiated:
            super().data_received(data)
            if not self.handshake_initiated and not self.transport.is_closing():
                # uvicorn's parser of handshakes has smaller bounds than HTTP's: 8 KiB a line and 128 headers. uvicorn
                # would leave such a connection open without an answer.
                LIMITS.labels("head").inc()
                write_problem(self.transport, 431)
                self.transport.close()
        elif self.parser is not None:
            self.unparsed += data
            if self.reads_frames and self.turn is None and self.queue.empty():
                self.run_turn()
            else:
                self.transport.pause_reading()

    def handle_connect(self, event: Request) -> None:
        """Start the application for a handshake; refuse another WebSocket version with 426 and the supported one."""
        if event.headers.get_all("Sec-WebSocket-Version") != [_VERSION]:
            self.handshake_initiated = self.handshake_complete = self.close_sent = True
            header = f"Sec-WebSocket-Version: {_VERSION}"
            write_problem(self.transport, 426, f"expected {header}", "upgrade: websocket", header.lower())
            self.transport.close()
            return
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.parser = Parser(self.config.ws_max_size)

    async def send(self, message: ASGISendEvent) -> None:
        """Pass the application's message to uvicorn; start to read frames when the handshake is accepted (ASGI)."""
        await super().send(message)
        if message["type"] == "websocket.accept":
            # In the next turn, so that the application can detach the connection first.
            self.loop.call_soon(self.start_reading)
        elif message["type"] == "websocket.close":
            self.schedule_turn()  # the peer's close frame may be behind messages that the application no longer takes
        elif message["type"] == "websocket.http.response.body" and self.close_sent:
            # A refusal by the application completes the handshake, too; uvicorn would log an error.
            self.handshake_complete = True

    async def receive(self) -> ASGIReceiveEvent:
        """Return the next message; parse more of the input when the application has taken all messages (ASGI)."""
        message = await self.queue.get()
        if self.queue.empty():
            self.schedule_turn()
        return message

    def start_reading(self) -> None:
        """Start to parse frames, unless the connection is detached or lost."""
        if not self.reads_frames and not self.disconnected:
            self.reads_frames = True
            self.run_turn()

    def schedule_turn(self) -> None:
        """Parse more input in the next turn of the event loop, unless a turn is scheduled already."""
        if self.reads_frames and self.parser is not None and self.turn is None:
            self.turn = self.loop.call_soon(self.run_turn)

    def run_turn(self) -> None:
        """Parse input up to the budget; read from the socket again if all is parsed and the application keeps up."""
        self.turn = None
        parser = self.parser
        if parser is None or not (self.close_sent or self.queue.empty()):
            return
        frames, size, control_frames = self.budget
        data, start = self.unparsed, self.unparsed_from
        self.unparsed, self.unparsed_from = b"", 0
        if start < len(data):
            events = parser.receive(data, start, frames, size)
            if parser.consumed < len(data):
                self.unparsed, self.unparsed_from = data, parser.consumed
            for event in events:
                self.handle_event(event)
            if parser.empty_frames:
                self.count_control_frames(parser.empty_frames, control_frames)
        if self.parser is None:
            return
        if self.unparsed or len(data) - start >= size:
            LIMITS.labels("turn").inc()
            self.transport.pause_reading()
            self.schedule_turn()
        elif self.close_sent or self.queue.empty():
            self.transport.resume_reading()
        else:
            self.transport.pause_reading()

    def count_control_frames(self, count: int, limit: int) -> None:
        """Count control frames and empty fragments; end the connection after more than `limit` in ten seconds (L6)."""
        now = self.loop.time()
        if self.control_frames is None:
            self.control_frames = ControlFrameWindow(now)
        if self.parser is not None and self.control_frames.add(count, now, limit):
            self.end(Violation(Close.TOO_MANY, "too many control frames"))

    def handle_event(self, event: Event) -> None:
        """Process what the parser found: queue a message for the application, answer a ping, or end the connection."""
        if isinstance(event, Closing | Violation):
            self.end(event)
        elif self.close_sent:
            return  # the application has closed; only the peer's close frame still matters
        elif isinstance(event, Ping):
            self.conn.send_pong(event.payload)
            self.flush()
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
        """Send a close frame unless one was sent, and close the connection.

        Args:
            event: The peer's close frame, or a violation of the protocol, whose code and reason are sent.

        """
        self.parser = None
        self.unparsed = b""
        if not self.close_sent:
            self.close_sent = self.disconnected = True
            reason = event.reason if isinstance(event, Violation) else ""
            self.conn.send_close(None if event.code == NO_STATUS else event.code, reason)
            self.flush()
            self.queue.put_nowait({"type": "websocket.disconnect", "code": event.code, "reason": event.reason})
        if isinstance(event, Closing):
            self.transport.close()
            return
        # Read until the peer closes, for a limited time: the kernel answers unread bytes with a reset, which would
        # destroy the close frame on its way to the peer.
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.transport.resume_reading()
        self.close_timer = self.close_timer or self.loop.call_later(self.close_timeout, self.transport.abort)

    def flush(self) -> None:
        """Write the bytes that uvicorn's protocol object has produced."""
        self.transport.write(b"".join(self.conn.data_to_send()))
