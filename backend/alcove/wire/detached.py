"""The lean carrier: RFC 6455 spoken straight on the transport, once the handshake is done and its task is gone."""

import asyncio

from alcove.errors import Close
from alcove.wire.connection import Receiver
from alcove.wire.deadlines import Registry
from alcove.wire.incoming import Incoming
from alcove.wire.rfc6455 import (
    PING,
    PONG,
    Closing,
    Event,
    Parser,
    Ping,
    Violation,
    close_frame,
    control_frame,
)
from alcove.wire.tcp_info import acknowledged, taken_slowly
from alcove.wire.writer import State

_ABNORMAL = 1006
_PING = control_frame(PING)


class DetachedConnection(Incoming):
    """One WebSocket after its handshake, without extensions. `run` gives it its receiver.

    Until then it may be written to, and what comes in is held.
    """

    __slots__ = (
        "_code",
        "_pinged",
        "_taken",
        "_until",
        "due",
    )

    def __init__(self, transport: asyncio.Transport, registry: Registry, max_message: int, held: bytes = b"") -> None:
        """Take over the transport; `held` came in after the handshake and is unread. The caller sets the protocol."""
        super().__init__(transport, registry, max_message, held)
        self._code = _ABNORMAL
        #: When the open ping was sent (0: none is), and what the peer had acknowledged then.
        self._pinged = 0.0
        self._taken = 0
        #: When to cut off a peer that is to go.
        self._until = 0.0
        self.due = 0
        registry.add(self)
        self._heard = registry.now
        if held:
            self._stop_reading()

    @property
    def attended(self) -> bool:
        """Whether there is a receiver, or no more need of one."""
        return self._receiver is not None or self._state is not State.OPEN

    async def run(self, receiver: Receiver) -> None:
        """Hand everything to the receiver from now on, and return at once."""
        if self._state is State.OVER:
            receiver.closed(self._code)
            return
        self._receiver = receiver
        self._go_on()

    # What the receiver's side calls (Connection).

    def close(self, code: int, reason: str = "") -> None:
        """Send what is buffered, then a close frame (Connection; section 7.1.2)."""
        if self._state is not State.OPEN:
            return
        self._leave(State.CLOSING)
        self._code = code
        self._transport.write(close_frame(code, reason))
        self._cut_off_later()
        self._schedule()

    def abort(self) -> None:
        """Cut the connection off."""
        self._transport.abort()

    # What the transport calls (asyncio.Protocol).

    def eof_received(self) -> None:
        """Hear that the peer sends no more, not even a close frame (section 7.1.5): it gets what it is owed, no more.

        The transport closes itself when that is written.
        """
        self._finish(self._code)

    def connection_lost(self, _error: Exception | None) -> None:
        """Let go of everything: the connection is over, if it was not before."""
        self._registry.discard(self)
        self._end(self._code)

    # What the registry calls (Watched).

    def look(self) -> float:
        """Do what is due: ping, give up on the peer, or cut it off; return the seconds until the next look."""
        now, deadlines = self._registry.now, self._registry.deadlines
        if self._state is not State.OPEN:
            if now >= self._until:
                self.abort()
                return deadlines.close_s
            return self._until - now
        if self._parser is not None and self._parser.in_frame:
            left = self._piece_since + deadlines.frame_s - now
            if left <= 0:
                self._fail(Close.HEARTBEAT, "the rest of a frame did not come")
                return deadlines.close_s
            return min(left, self._look_for_life(now))
        return self._look_for_life(now)

    def _look_for_life(self, now: float) -> float:
        deadlines = self._registry.deadlines
        if self._heard >= self._pinged:
            self._pinged = 0.0
            silent = now - self._heard
            if silent < deadlines.ping_s:
                return deadlines.ping_s - silent
            self._ping(now)
            return min(deadlines.ping_s, deadlines.pong_s)
        left = self._pinged + deadlines.pong_s - now
        if left > 0:
            return left
        # The ping may be stuck behind what a slow but living peer has yet to read (D2).
        if taken_slowly(self._transport, since=self._taken):
            self._ping(now)
            return deadlines.pong_s
        self._fail(Close.HEARTBEAT, "heartbeat missed")
        return deadlines.close_s

    def _ping(self, now: float) -> None:
        if not self._pinged:
            self._transport.write(_PING)
        self._pinged = now
        self._taken = acknowledged(self._transport)

    def _on_control(self, event: Event) -> None:
        """Answer a control frame, or the breach of a rule."""
        if isinstance(event, Ping):
            if self._state is State.OPEN:
                self._reply(control_frame(PONG, event.payload))
        elif isinstance(event, Closing):
            if self._state is State.OPEN:
                self._code = event.code
                self._transport.write(close_frame(event.code))
            # Both close frames have gone: the server closes the TCP connection, once all is written (section 7.1.1).
            self._finish(self._code)
            self._transport.close()
        elif isinstance(event, Violation):
            self._fail(event.code, event.reason)

    def _fail(self, code: int, reason: str) -> None:
        """Fail the connection (section 7.1.7): a close frame, then no more of what the peer sends is looked at.

        It is read nevertheless until the peer closes: the kernel answers unread bytes with a reset, and that would
        take the close frame from the peer before it is seen.
        """
        if self._state is State.OPEN:
            self._code = code
            self._transport.write(close_frame(code, reason))
        self._finish(self._code)
        if self._transport.can_write_eof() and not self._transport.is_closing():
            self._transport.write_eof()
        self._read_again()

    def _finish(self, code: int) -> None:
        self._cut_off_later()
        self._end(code)

    def _end(self, code: int) -> None:
        """Be over for the receiver, which hears of it once."""
        self._leave(State.OVER)
        self._drop_input()
        self._wake()
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            receiver.closed(code)

    def _cut_off_later(self) -> None:
        close_s = self._registry.deadlines.close_s
        if not self._until:
            self._until = self._registry.now + close_s
            self._registry.within(self, close_s)
        self._wake()

    def _watch_frame(self, parser: Parser) -> None:
        """Note since when a frame waits for its rest."""
        if parser.in_frame and parser.pieced != self._piece:
            self._piece = parser.pieced
            self._piece_since = self._registry.now
            self._registry.within(self, self._registry.deadlines.frame_s)
