"""uvicorn's HTTP within bounds, before anyone is asked who they are: how large a head, how long a request (L)."""

import asyncio
import json
import socket
from http import HTTPStatus
from typing import Any, ClassVar

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from alcove import descriptors
from alcove.observability.metrics import LIMITS
from alcove.server.request_head import normalize, without_empty_body
from alcove.wire.connection import ABORT

#: Bytes parsed per turn of the event loop: of heads, of which 4 KiB may be a hundred requests, and of a body.
_HEAD_PIECE, _BODY_PIECE = 4096, 64 * 1024
#: The limit that a status tells of.
_LIMITS = {400: "http", 408: "time", 431: "head"}


def answer(transport: asyncio.Transport, status: int, detail: str = "", *headers: str) -> None:
    """Say in HTTP why the connection is closed, by a problem document (W6); `headers` are lines to add."""
    phrase = HTTPStatus(status).phrase
    body = json.dumps(
        {"type": "about:blank", "title": phrase, "status": status} | ({"detail": detail} if detail else {})
    )
    lines = [
        f"HTTP/1.1 {status} {phrase}",
        "content-type: application/problem+json",
        f"content-length: {len(body)}",
        "connection: close",
        *headers,
    ]
    transport.write("\r\n".join([*lines, "", body]).encode())


def give_up_after(transport: asyncio.Transport, seconds: float) -> None:
    """Have the kernel cut off a peer that for so long takes nothing of what it is sent (RFC 5482); 0: never.

    Without this, one that vanished is waited for a quarter of an hour, and one that reads no more for ever.
    """
    sock = transport.get_extra_info("socket")
    if sock is not None and sock.family in {socket.AF_INET, socket.AF_INET6} and hasattr(socket, "TCP_USER_TIMEOUT"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))


class HeldFlow(FlowControl):
    """uvicorn's flow control, which does not read on while what was read waits for its turn."""

    held = False
    #: Whether uvicorn itself wants no more.
    full = False

    def hold(self) -> None:
        """Read no more until `release`."""
        self.held = True
        super().pause_reading()

    def release(self) -> None:
        """Read again, unless uvicorn wants no more."""
        self.held = False
        if not self.full:
            super().resume_reading()

    def pause_reading(self) -> None:
        """Read no more until `resume_reading`."""
        self.full = True
        super().pause_reading()

    def resume_reading(self) -> None:
        """Read again, unless something waits for its turn."""
        self.full = False
        if not self.held:
            super().resume_reading()


class BoundedHttp(HttpToolsProtocol):
    """Refuses a head that is too large, and whoever takes too long to send a request or to take its answer.

    uvicorn itself waits for ever for a request that does not come, or does not end, and keeps all of it.
    """

    #: Bytes of a request's line and headers at most, and seconds in which a request must be there as a whole.
    head_bytes: ClassVar[int] = 32 * 1024
    request_s: ClassVar[float] = 20.0
    #: Seconds in which a peer must take something of its answer. Readers of events are sent a sign of life every 15 s,
    #: so one who vanished leaves within 45 s (P3).
    answer_s: ClassVar[float] = 25.0

    #: Whether a request has begun and not ended, and its head is being read; then its cycle is still the one before.
    unfinished = False
    in_head = False
    #: Bytes of it that came after those it began with, and of its body.
    received = 0
    body_bytes = 0
    deadline: asyncio.TimerHandle | None = None
    too_large = False
    #: Bytes that wait for a later turn, and that turn.
    waiting = b""
    turn: asyncio.Handle | None = None
    flow: HeldFlow

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Expect a request."""
        super().connection_made(transport)
        self.flow = HeldFlow(transport)
        sock = transport.get_extra_info("socket")
        if sock is not None and descriptors.refused(sock.fileno()):
            LIMITS.labels("descriptors").inc()
            transport.abort()
            return
        give_up_after(self.transport, self.answer_s)
        self.expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing any more."""
        self.expected()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what came, a piece per turn of the event loop: one run of bytes may hold thousands of requests (L6)."""
        if self.waiting:
            self.waiting += data
        else:
            self.feed(data)

    def feed(self, data: bytes) -> None:
        """Read the first piece of `data`, and leave the rest to later turns."""
        size = _BODY_PIECE if self.unfinished and not self.in_head else _HEAD_PIECE
        self.parse(data[:size])
        if len(data) <= size or self.transport.is_closing():
            return
        protocol = self.transport.get_protocol()
        if isinstance(protocol, asyncio.Protocol) and protocol is not self:
            self.flow.release()
            protocol.data_received(data[size:])
            return
        LIMITS.labels("turn").inc()
        self.waiting = data[size:]
        self.flow.hold()
        self.schedule()

    def schedule(self) -> None:
        """Go on in the next turn of the event loop, or when the requests are answered that were read."""
        if self.turn is None and self.waiting and not self.pipeline:
            self.turn = self.loop.call_soon(self.go_on)

    def go_on(self) -> None:
        """Read the next piece; read the transport again when none is left."""
        self.turn = None
        data, self.waiting = self.waiting, b""
        if not self.transport.is_closing():
            self.feed(data)
        if not self.waiting:
            self.flow.release()

    def on_response_complete(self) -> None:
        """Go on with the next request."""
        super().on_response_complete()
        self.schedule()

    def parse(self, data: bytes) -> None:
        """Parse, and count what is parsed."""
        if self.unfinished:
            self.received += len(data)
        super().data_received(data)
        # What is not body is head, or chunks' sizes and trailers; those may be as large as what they carry.
        if self.unfinished and self.received > self.head_bytes + 2 * self.body_bytes:
            self.refuse(431)

    def on_message_begin(self) -> None:
        """Count from here."""
        super().on_message_begin()
        extensions: dict[str, Any] = {ABORT: self.transport.abort}  # uvicorn types no callables
        self.scope["extensions"] = extensions
        self.unfinished = self.in_head = True
        self.received = self.body_bytes = 0
        self.expect()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header of the head. Those behind a chunked body are none (RFC 9110, section 6.5.1)."""
        if self.in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Let a head through that is within its bound."""
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > self.head_bytes:
            self.too_large = True
            raise ValueError(f"the head has {size} bytes")  # the parser stops, and uvicorn sends its 400
        self.in_head = False
        self.url = normalize(
            self.headers,
            self.url,
            version=self.parser.get_http_version(),
            websocket=self.parser.should_upgrade() and self._should_upgrade(),
        )
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count the body."""
        self.body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Expect no more: the request is there."""
        self.unfinished = False
        self.expected()
        super().on_message_complete()

    def expect(self) -> None:
        """Wait for a whole request, and not longer than its time."""
        if self.deadline is None:
            self.deadline = self.loop.call_later(self.request_s, self.refuse, 408)

    def expected(self) -> None:
        """Wait no longer."""
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None

    def refuse(self, status: int) -> None:
        """Close, and say why where that is still possible: no answer has begun."""
        LIMITS.labels(_LIMITS[status]).inc()
        cycle = self.cycle
        if self.unfinished and (
            cycle is None or (cycle.response_complete if self.in_head else not cycle.response_started)
        ):
            answer(self.transport, status)
        self.transport.close()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words are not needed
        """Answer what is no HTTP, or has too large a head."""
        if self.too_large:
            self.refuse(431)
        else:
            LIMITS.labels(_LIMITS[400]).inc()
            answer(self.transport, 400)
            self.transport.close()

    def handle_websocket_upgrade(self) -> None:
        """Expect no more: what follows is no HTTP."""
        try:
            # uvicorn builds the WebSocket's request of these.
            self.scope["headers"] = without_empty_body(self.headers)
        except ValueError as error:
            self.unfinished = False
            LIMITS.labels(_LIMITS[400]).inc()
            answer(self.transport, 400, str(error))
            self.transport.close()
            return
        self.unfinished = False
        self.expected()
        give_up_after(self.transport, 0)  # sockets are pinged, and may read as slowly as they like meanwhile
        super().handle_websocket_upgrade()
