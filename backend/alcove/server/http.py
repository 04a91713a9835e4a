"""Define uvicorn's HTTP protocol with limits on each request: size of the head, total time, work per turn (L)."""

import asyncio
from typing import Any, NamedTuple

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from alcove import descriptors
from alcove.observability.metrics import LIMITS
from alcove.server.flow import PausableFlow
from alcove.server.request_head import normalize, without_empty_body
from alcove.server.responses import set_send_timeout, write_problem
from alcove.wire.connection import ABORT

#: Maximum bytes parsed per turn of the event loop outside of a body; 4 KiB of heads may be a hundred requests.
_HEAD_PIECE = 4096
#: Maximum bytes of a body parsed per turn.
_BODY_PIECE = 64 * 1024
#: HTTP status → the label of the metric of exceeded limits.
_LIMIT_LABELS = {400: "http", 408: "time", 431: "head"}


class HttpLimits(NamedTuple):
    """The limits of one HTTP request."""

    #: Maximum bytes of the request line and the headers.
    head_bytes: int
    #: Seconds in which the whole request must arrive.
    request_s: float
    #: Seconds without an acknowledgement of the response after which the kernel drops the connection.
    answer_s: float


#: The limits if a host application starts uvicorn with these classes: the application's own uploads may take long.
HOST_LIMITS = HttpLimits(head_bytes=32 * 1024, request_s=300, answer_s=25)


class BoundedHttp(HttpToolsProtocol):
    """Refuses a head that is too large, a request that takes too long, and a peer that does not read its response.

    uvicorn itself waits forever for a request that does not come or does not end, and keeps all of it.
    """

    flow: PausableFlow

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],  # Any: uvicorn's own type
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        limits: HttpLimits = HOST_LIMITS,
    ) -> None:
        """Create the protocol of one connection.

        Args:
            config: uvicorn's configuration.
            server_state: uvicorn's state of the server.
            app_state: uvicorn's state of the application.
            limits: The limits of each request.

        """
        super().__init__(config, server_state, app_state, _loop)
        self.limits = limits
        #: Whether a request has begun to arrive and has not ended.
        self.unfinished = False
        #: Whether the head of that request is being read; `cycle` is then still that of the previous request.
        self.in_head = False
        #: Bytes of the request that were received after its first read.
        self.received = 0
        #: Bytes of the request's body that were received.
        self.body_bytes = 0
        #: Whether the parser was stopped because the head is too large.
        self.head_too_large = False
        #: The timer that ends a request which takes too long.
        self.deadline: asyncio.TimerHandle | None = None
        #: Bytes that wait for a later turn.
        self.waiting = b""
        #: The scheduled turn.
        self.turn: asyncio.Handle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Start the deadline of the first request.

        Abort the connection if only reserved descriptors are left (asyncio).
        """
        super().connection_made(transport)
        self.flow = PausableFlow(transport)
        sock = transport.get_extra_info("socket")
        if sock is not None and descriptors.must_refuse(sock.fileno()):
            LIMITS.labels("descriptors").inc()
            transport.abort()
            return
        set_send_timeout(self.transport, self.limits.answer_s)
        self.start_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the deadline (asyncio)."""
        self.stop_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse `data` in pieces, one per turn of the event loop: a read may have thousands of requests (L6)."""
        if self.waiting:
            self.waiting += data
        else:
            self.parse_piece(data)

    def parse_piece(self, data: bytes) -> None:
        """Parse the first piece of `data`, and keep the rest for later turns."""
        size = _BODY_PIECE if self.unfinished and not self.in_head else _HEAD_PIECE
        self.parse(data[:size])
        if len(data) <= size or self.transport.is_closing():
            return
        protocol = self.transport.get_protocol()
        if isinstance(protocol, asyncio.Protocol) and protocol is not self:
            # The piece ended a handshake: the rest belongs to the WebSocket.
            self.flow.release()
            protocol.data_received(data[size:])
            return
        LIMITS.labels("turn").inc()
        self.waiting = data[size:]
        self.flow.hold()
        self.schedule_turn()

    def schedule_turn(self) -> None:
        """Parse more input in the next turn, or after the pipelined requests have been answered."""
        if self.turn is None and self.waiting and not self.pipeline:
            self.turn = self.loop.call_soon(self.run_turn)

    def run_turn(self) -> None:
        """Parse the next piece; read from the socket again when no input is left."""
        self.turn = None
        data, self.waiting = self.waiting, b""
        if not self.transport.is_closing():
            self.parse_piece(data)
        if not self.waiting:
            self.flow.release()

    def on_response_complete(self) -> None:
        """Continue with the next pipelined request (uvicorn)."""
        super().on_response_complete()
        self.schedule_turn()

    def parse(self, data: bytes) -> None:
        """Count and parse `data`; refuse the request if it has too many bytes outside of its body."""
        if self.unfinished:
            self.received += len(data)
        super().data_received(data)
        # Bytes outside of the body are the head, or chunk sizes and trailers, which may be as large as the body.
        if self.unfinished and self.received > self.limits.head_bytes + 2 * self.body_bytes:
            self.refuse(431)

    def on_message_begin(self) -> None:
        """Reset the counters and start the deadline for a new request (httptools)."""
        super().on_message_begin()
        extensions: dict[str, Any] = {ABORT: self.transport.abort}  # uvicorn types no callables
        self.scope["extensions"] = extensions
        self.unfinished = self.in_head = True
        self.received = self.body_bytes = 0
        self.start_deadline()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Store a header of the head; ignore trailers of a chunked body (httptools; RFC 9110, section 6.5.1)."""
        if self.in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Check the size and form of the head, then start the application (httptools).

        Raises:
            ValueError: The head is too large, or violates RFC 9112; the parser stops, and uvicorn calls
                `send_400_response`.

        """
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > self.limits.head_bytes:
            self.head_too_large = True
            raise ValueError(f"the head has {size} bytes")  # stops the parser; uvicorn calls `send_400_response`
        self.in_head = False
        self.url = normalize(
            self.headers,
            self.url,
            version=self.parser.get_http_version(),
            websocket=self.parser.should_upgrade() and self._should_upgrade(),
        )
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count the bytes of the body, and pass them to the application (httptools)."""
        self.body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Cancel the deadline: the whole request has arrived (httptools)."""
        self.unfinished = False
        self.stop_deadline()
        super().on_message_complete()

    def start_deadline(self) -> None:
        """Start the timer that refuses the request with 408, unless it is already running."""
        if self.deadline is None:
            self.deadline = self.loop.call_later(self.limits.request_s, self.refuse, 408)

    def stop_deadline(self) -> None:
        """Cancel the timer, if it is running."""
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None

    def refuse(self, status: int) -> None:
        """Close the connection; before that, write a response with `status` unless the request's response has begun."""
        LIMITS.labels(_LIMIT_LABELS[status]).inc()
        cycle = self.cycle
        if self.unfinished and (
            cycle is None or (cycle.response_complete if self.in_head else not cycle.response_started)
        ):
            write_problem(self.transport, status)
        self.transport.close()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's text is not needed
        """Refuse what the parser rejected: a head that is too large, or bytes that are not HTTP (uvicorn)."""
        if self.head_too_large:
            self.refuse(431)
        else:
            self.refuse_malformed()

    def refuse_malformed(self, detail: str = "") -> None:
        """Respond 400 with `detail`, and close the connection."""
        LIMITS.labels(_LIMIT_LABELS[400]).inc()
        write_problem(self.transport, 400, detail)
        self.transport.close()

    def handle_websocket_upgrade(self) -> None:
        """Check a handshake, and hand the connection over to the WebSocket protocol (uvicorn)."""
        self.unfinished = False
        try:
            # uvicorn builds the WebSocket's request from these headers.
            self.scope["headers"] = without_empty_body(self.headers)
        except ValueError as error:
            self.refuse_malformed(str(error))
            return
        self.stop_deadline()
        set_send_timeout(self.transport, 0)  # pings detect a dead WebSocket, and a living peer may read slowly
        super().handle_websocket_upgrade()
