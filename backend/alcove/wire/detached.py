"""A WebSocket connection directly on its transport, without an ASGI task (RFC 6455)."""

import asyncio

from alcove.errors import Close
from alcove.wire.connection import Receiver
from alcove.wire.deadlines import DeadlineWheel
from alcove.wire.encoding import PING, PONG, close_frame, control_frame
from alcove.wire.reader import TransportIO
from alcove.wire.rfc6455 import Closing, Event, Parser, Ping, Violation
from alcove.wire.tcp_info import acknowledged_bytes, reads_slowly
from alcove.wire.writer import State

#: The code of a connection that was lost without a close frame (section 7.1.5).
_ABNORMAL = 1006
#: A ping without a payload.
_PING = control_frame(PING)


class DetachedConnection(TransportIO):
    """One WebSocket after its handshake, without extensions (Connection, HasDeadlines).

    `run` sets the receiver. Before `run`, frames may be written, and received bytes are buffered.
    """

    __slots__ = (
        "_abort_at",
        "_acknowledged_at_ping",
        "_close_code",
        "_pinged_at",
        "due",
    )

    def __init__(
        self, transport: asyncio.Transport, wheel: DeadlineWheel, max_message: int, unparsed: bytes = b""
    ) -> None:
        """Take over a transport. The caller sets the connection as the transport's protocol.

        Args:
            transport: The transport, after the response to the handshake was written.
            wheel: Checks the deadlines of the connection.
            max_message: The maximum size of a message in bytes.
            unparsed: Bytes that were received after the handshake.

        """
        super().__init__(transport, wheel, max_message, unparsed)
        self._close_code = _ABNORMAL
        #: When the last ping was sent, by the wheel's clock; 0 after it was answered.
        self._pinged_at = 0.0
        #: How many bytes the peer had acknowledged when the last ping was sent.
        self._acknowledged_at_ping = 0
        #: When to abort the closing connection, by the wheel's clock; 0: it is not closing.
        self._abort_at = 0.0
        self.due = 0
        wheel.add(self)
        self._last_received = wheel.now
        if unparsed:
            self._pause_transport()

    def __repr__(self) -> str:
        receiver = type(self._receiver).__name__ if self._receiver is not None else "no receiver"
        return f"<DetachedConnection {self._state.name.lower()}: {receiver}, {self.buffered_bytes()} bytes buffered>"

    @property
    def has_receiver(self) -> bool:
        """Whether a receiver is set, or none is needed because the connection is closing."""
        return self._receiver is not None or self._state is not State.OPEN

    async def run(self, receiver: Receiver) -> None:
        """Set the receiver and pass it the buffered input; later input is passed as it arrives.

        Does not wait for the end of the connection. If the connection has ended already, only call `on_close`.
        """
        if self._state is State.ENDED:
            receiver.on_close(self._close_code)
            return
        self._receiver = receiver
        self._run_turn()

    # Called by the receiver's side (Connection).

    def close(self, code: int, reason: str = "") -> None:
        """Send the buffered frames, then a close frame (Connection; section 7.1.2)."""
        if self._state is not State.OPEN:
            return
        self._stop_writes(State.CLOSING)
        self._close_code = code
        self._transport.write(close_frame(code, reason))
        self._abort_later()
        self._schedule_turn()

    def abort(self) -> None:
        """Drop the connection without a closing handshake."""
        self._transport.abort()

    # Called by the transport (asyncio.Protocol).

    def eof_received(self) -> None:
        """End the connection of a peer that has closed its side without a close frame (asyncio; section 7.1.5).

        The transport closes itself when all buffered bytes are written.
        """
        self._abort_later()
        self._end()

    def connection_lost(self, _error: Exception | None) -> None:
        """Remove the connection from the wheel, and end it if it has not ended before (asyncio)."""
        self._wheel.discard(self)
        self._end()

    # Called by the wheel (HasDeadlines).

    def check_deadlines(self) -> float:
        """Ping, fail or abort the connection if a deadline has passed (HasDeadlines).

        Returns:
            The seconds until the next check.

        """
        now, deadlines = self._wheel.now, self._wheel.deadlines
        if self._state is not State.OPEN:
            if now >= self._abort_at:
                self.abort()
                return deadlines.close_s
            return self._abort_at - now
        if self._parser is not None and self._parser.in_frame:
            remaining_s = self._partial_since + deadlines.frame_s - now
            if remaining_s <= 0:
                self._fail(Close.HEARTBEAT, "the rest of a frame did not arrive in time")
                return deadlines.close_s
            return min(remaining_s, self._check_heartbeat(now))
        return self._check_heartbeat(now)

    def _check_heartbeat(self, now: float) -> float:
        """Ping a silent peer, or fail the connection if it did not answer; return the seconds to the next check."""
        deadlines = self._wheel.deadlines
        if self._last_received >= self._pinged_at:
            self._pinged_at = 0.0
            silence_s = now - self._last_received
            if silence_s < deadlines.ping_s:
                return deadlines.ping_s - silence_s
            self._ping(now)
            return min(deadlines.ping_s, deadlines.pong_s)
        remaining_s = self._pinged_at + deadlines.pong_s - now
        if remaining_s > 0:
            return remaining_s
        # The ping may be queued behind data that a slow but living peer has yet to read (D2).
        if reads_slowly(self._transport, acknowledged_before=self._acknowledged_at_ping):
            self._ping(now)
            return deadlines.pong_s
        self._fail(Close.HEARTBEAT, "heartbeat missed")
        return deadlines.close_s

    def _ping(self, now: float) -> None:
        """Send a ping unless one is unanswered, and start the deadline of its answer again."""
        if not self._pinged_at:
            self._transport.write(_PING)
        self._pinged_at = now
        self._acknowledged_at_ping = acknowledged_bytes(self._transport)

    def _on_control(self, event: Event) -> None:
        """Respond to a ping or close frame, or fail the connection after a violation of the protocol."""
        if isinstance(event, Ping):
            if self._state is State.OPEN:
                self._write_with_backpressure(control_frame(PONG, event.payload))
        elif isinstance(event, Closing):
            if self._state is State.OPEN:
                self._close_code = event.code
                self._transport.write(close_frame(event.code))
            # Both close frames are sent: the server closes the TCP connection once they are written (section 7.1.1).
            self._abort_later()
            self._end()
            self._transport.close()
        elif isinstance(event, Violation):
            self._fail(event.code, event.reason)

    def _fail(self, code: int, reason: str) -> None:
        """Fail the connection (section 7.1.7): send a close frame, and discard all further input.

        The transport is still read until the peer closes: the kernel answers unread bytes with a reset, which would
        destroy the close frame on its way to the peer.
        """
        if self._state is State.OPEN:
            self._close_code = code
            self._transport.write(close_frame(code, reason))
        self._abort_later()
        self._end()
        if self._transport.can_write_eof() and not self._transport.is_closing():
            self._transport.write_eof()
        self._resume_transport()

    def _end(self) -> None:
        """Enter the state ENDED: discard the input, and call the receiver's `on_close`, unless it was called before."""
        self._stop_writes(State.ENDED)
        self._discard_input()
        self._wake_writers()
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            receiver.on_close(self._close_code)

    def _abort_later(self) -> None:
        """Schedule an abort in case the peer does not close within `close_s`, unless an abort is scheduled."""
        close_s = self._wheel.deadlines.close_s
        if not self._abort_at:
            self._abort_at = self._wheel.now + close_s
            self._wheel.check_within(self, close_s)
        self._wake_writers()

    def _watch_partial_frame(self, parser: Parser) -> None:
        """Start the deadline of a frame that has arrived only in part, unless it was started already."""
        if parser.in_frame and parser.partial_frames != self._partial_frame:
            self._partial_frame = parser.partial_frames
            self._partial_since = self._wheel.now
            self._wheel.check_within(self, self._wheel.deadlines.frame_s)
