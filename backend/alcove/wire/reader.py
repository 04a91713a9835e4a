"""The receiving half of a detached connection: processes a limited amount of input per turn of the event loop (L6)."""

import asyncio
import logging
from abc import abstractmethod
from collections.abc import Iterator

from alcove.errors import Close
from alcove.observability.metrics import LIMITS
from alcove.wire.connection import Receiver
from alcove.wire.control_frames import ControlFrameWindow
from alcove.wire.deadlines import DeadlineWheel
from alcove.wire.rfc6455 import Event, Parser
from alcove.wire.small import parse_small_text
from alcove.wire.writer import State, TransportWriter

logger = logging.getLogger(__name__)


class TransportIO(TransportWriter):
    """Writes to a transport, parses what it receives, and passes messages to the receiver.

    Reading from the transport is paused while input waits for a later turn.
    """

    __slots__ = (
        "_control_frames",
        "_events",
        "_holding",
        "_last_received",
        "_max_message",
        "_message",
        "_parser",
        "_partial_frame",
        "_partial_since",
        "_paused",
        "_receiver",
        "_turn",
        "_unparsed",
        "_unparsed_from",
        "_wheel",
    )

    def __init__(self, transport: asyncio.Transport, wheel: DeadlineWheel, max_message: int, unparsed: bytes) -> None:
        """Take over a transport; buffer its input until there is a receiver.

        Args:
            transport: The transport.
            wheel: Provides the clock and the budget.
            max_message: The maximum size of a message in bytes.
            unparsed: Bytes that were received after the handshake.

        """
        super().__init__(transport)
        self._wheel = wheel
        self._max_message = max_message
        self._receiver: Receiver | None = None
        #: Whether received bytes are only buffered: earlier input waits for a later turn, or there is no receiver yet.
        self._holding = True
        #: Bytes not yet parsed, from `_unparsed_from` on.
        self._unparsed = unparsed
        self._unparsed_from = 0
        #: Events that were parsed and not yet passed to the receiver.
        self._events: Iterator[Event] | None = None
        #: The remaining work of a message that the receiver processes in several turns.
        self._message: Iterator[object] | None = None
        #: The scheduled turn. None also while the peer does not take its replies: `resume_writing` then schedules it.
        self._turn: asyncio.Handle | None = None
        #: Whether the receiver paused reading.
        self._paused = False
        #: Counts control frames; None before the first one.
        self._control_frames: ControlFrameWindow | None = None
        #: The parser of a frame or message in progress; None between messages, which saves memory.
        self._parser: Parser | None = None
        #: The number of the last frame that arrived only in part (`Parser.partial_frames`).
        self._partial_frame = 0
        #: When the first part of that frame was received, by the wheel's clock.
        self._partial_since = 0.0
        #: When bytes were last received, by the wheel's clock.
        self._last_received = 0.0

    @abstractmethod
    def _on_control(self, event: Event) -> None:
        """Respond to a control frame, or to a violation of the protocol."""

    @abstractmethod
    def _fail(self, code: int, reason: str) -> None:
        """Fail the connection with a close code and a reason (section 7.1.7)."""

    @abstractmethod
    def _watch_partial_frame(self, parser: Parser) -> None:
        """Start the deadline of a frame that has arrived only in part, unless it was started already."""

    def pause_reading(self) -> None:
        """Pass nothing more to the receiver until `resume_reading` (Connection)."""
        if self._state is State.OPEN:
            self._paused = self._holding = True
            self._pause_transport()

    def resume_reading(self) -> None:
        """Pass input to the receiver again, from a later turn on (Connection)."""
        self._paused = False
        self._schedule_turn()

    def resume_writing(self) -> None:
        """Process waiting input in a later turn, because the peer has taken its replies (asyncio.Protocol)."""
        super().resume_writing()
        if self._receiver is not None:
            self._schedule_turn()

    def data_received(self, data: bytes) -> None:
        """Process `data`; buffer it if earlier input waits (asyncio.Protocol)."""
        self._last_received = self._wheel.now
        if self._state is State.ENDED:
            return
        if self._holding:
            self._unparsed += data
            self._pause_transport()
        elif self._parser is None and (text := parse_small_text(data)) is not None:
            if self._dispatch(iter((text,))):
                self._defer(b"", 0)
        else:
            self._process(data, 0)

    def _process(self, data: bytes, start: int) -> None:
        """Parse `data` from `start` up to the budget, pass on the messages, and leave the rest for later turns (L6)."""
        frames, size, control_frames = self._wheel.budget
        parser = self._parser or Parser(self._max_message)
        events = parser.receive(data, start, frames, size)
        if not parser.idle:
            self._parser = parser
            self._watch_partial_frame(parser)
        elif self._parser is not None:
            self._parser = None
            self._partial_frame = 0
        deferred = bool(events) and self._dispatch(iter(events))
        if parser.empty_frames:
            self._count_control_frames(parser.empty_frames, control_frames)
        # The transport may deliver several reads in one turn, but the next one only if this one was long.
        if deferred or len(data) - start >= size or parser.consumed < len(data):
            self._defer(data, parser.consumed)

    def _defer(self, data: bytes, start: int) -> None:
        """Keep `data` from `start` on, and events not passed on yet, for the next turn."""
        if self._state is not State.ENDED:
            LIMITS.labels("turn").inc()
            self._holding = True
            self._unparsed, self._unparsed_from = data, start
            self._pause_transport()
            self._schedule_turn()

    def _dispatch(self, events: Iterator[Event]) -> bool:
        """Pass events to the receiver; return whether one of them used up the turn, so that later ones were kept."""
        receiver = self._receiver
        for event in events:
            kind = type(event)
            if kind is not str and kind is not bytes:
                self._on_control(event)
            elif receiver is not None and self._state is State.OPEN:
                try:
                    if kind is bytes:
                        receiver.on_binary(event)  # type: ignore[arg-type]  # `kind` says so, in half isinstance's time
                        continue
                    message = receiver.on_text(event)  # type: ignore[arg-type]  # as above
                except Exception as error:  # noqa: BLE001 - any error must cost this connection only
                    self._fail_internally(error)
                    continue
                if message is not None or self._paused:
                    self._events, self._message = events, message
                    return True
        return False

    def _run_turn(self) -> None:
        """Process one turn's share of the waiting input; read from the transport again when no input waits."""
        self._turn = None
        if not self._holding:
            self._resume_if_writable()
            return
        if (self._paused or self.unchecked_write is None) and self._state is State.OPEN:
            return  # the receiver paused, or replies are not taken: `resume_reading` or `resume_writing` continues
        if (self._message is not None and self._advance(self._message)) or (
            self._events is not None and self._dispatch(self._events)
        ):
            self._schedule_turn()
            return
        data, start = self._unparsed, self._unparsed_from
        self._events, self._unparsed, self._unparsed_from = None, b"", 0
        self._holding = False
        if start < len(data):
            self._process(data, start)
        if not self._holding:
            self._resume_if_writable()

    def _advance(self, message: Iterator[object]) -> bool:
        """Let the receiver process the next part of a message; return whether there was one, which used up the turn."""
        if self._state is State.OPEN:
            try:
                next(message)
            except StopIteration:
                pass
            except Exception as error:  # noqa: BLE001 - any error must cost this connection only
                self._fail_internally(error)
            else:
                return True
        self._message = None
        return False

    def _resume_if_writable(self) -> None:
        """Read from the transport again, unless the peer does not take its replies."""
        if self.unchecked_write is not None or self._state is not State.OPEN:
            self._resume_transport()

    def _schedule_turn(self) -> None:
        """Run `_run_turn` in the next turn of the event loop, unless it is scheduled."""
        if self._turn is None:
            self._turn = asyncio.get_running_loop().call_soon(self._run_turn)

    def _discard_input(self) -> None:
        """Drop all waiting input, because the connection has ended."""
        self._parser = self._events = self._message = None
        self._holding = False
        self._unparsed = b""

    def _count_control_frames(self, count: int, limit: int) -> None:
        """Count control frames and empty fragments; fail the connection after over `limit` in ten seconds (L6)."""
        if self._state is State.ENDED:
            return
        if self._control_frames is None:
            self._control_frames = ControlFrameWindow(self._wheel.now)
        if self._control_frames.add(count, self._wheel.now, limit):
            self._fail(Close.TOO_MANY, "too many control frames")

    def _fail_internally(self, error: Exception) -> None:
        """Log an exception that the receiver raised, and fail the connection with 1011."""
        logger.error("a receiver failed on a message; its connection is closed", exc_info=error)
        self._fail(Close.INTERNAL, "internal error")
