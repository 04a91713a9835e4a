"""The reading half of a detached connection: each turn of the event loop processes a bounded share (L6)."""

import asyncio
import logging
from abc import abstractmethod
from collections.abc import Iterator

from alcove.errors import Close
from alcove.observability.metrics import LIMITS
from alcove.wire.connection import Receiver
from alcove.wire.deadlines import Registry
from alcove.wire.flood import ControlWindow
from alcove.wire.rfc6455 import Event, Parser
from alcove.wire.small import small_text
from alcove.wire.writer import Outgoing, State

_log = logging.getLogger(__name__)


class Incoming(Outgoing):
    """Frames of one transport on their way to its receiver; reading is paused while any wait for a later turn."""

    __slots__ = (
        "_at",
        "_behind",
        "_control_window",
        "_events",
        "_heard",
        "_held",
        "_max_message",
        "_message",
        "_parser",
        "_paused",
        "_piece",
        "_piece_since",
        "_receiver",
        "_registry",
        "_turn",
    )

    def __init__(self, transport: asyncio.Transport, registry: Registry, max_message: int, held: bytes) -> None:
        super().__init__(transport)
        self._registry = registry
        self._max_message = max_message
        self._receiver: Receiver | None = None
        #: Input is left for a later turn, or there is no receiver yet: what comes is held.
        self._behind = True
        #: Bytes not yet parsed, from `_at` on.
        self._held = held
        self._at = 0
        #: Events not yet passed on, and the rest of the message that the receiver is taking.
        self._events: Iterator[Event] | None = None
        self._message: Iterator[object] | None = None
        #: The scheduled turn; None also while the receiver's replies pile up.
        self._turn: asyncio.Handle | None = None
        #: The receiver asked for nothing more (`pause_reading`).
        self._paused = False
        self._control_window: ControlWindow | None = None
        #: What is in progress of a frame or a message; None while nothing is.
        self._parser: Parser | None = None
        #: Which frame has begun without its end, by the parser's count, and since when.
        self._piece = 0
        self._piece_since = 0.0
        #: When bytes last came.
        self._heard = 0.0

    @abstractmethod
    def _on_control(self, event: Event) -> None:
        """Answer a control frame, or the breach of a rule."""

    @abstractmethod
    def _fail(self, code: int, reason: str) -> None:
        """Fail the connection (section 7.1.7)."""

    @abstractmethod
    def _watch_frame(self, parser: Parser) -> None:
        """Note since when a frame waits for its rest."""

    def pause_reading(self) -> None:
        """Pass nothing more to the receiver until `resume_reading` (Connection)."""
        if self._state is State.OPEN:
            self._paused = self._behind = True
            self._stop_reading()

    def resume_reading(self) -> None:
        """Go on (Connection)."""
        self._paused = False
        self._schedule()

    def resume_writing(self) -> None:
        """Go on with what waits, now that at most half the bound is buffered."""
        super().resume_writing()
        if self._receiver is not None:
            self._schedule()

    def data_received(self, data: bytes) -> None:
        """Process what came, or hold it behind what is already waiting."""
        self._heard = self._registry.now
        if self._state is State.OVER:
            return
        if self._behind:
            self._held += data
            self._stop_reading()
        elif self._parser is None and (text := small_text(data)) is not None:
            if self._pass_on(iter((text,))):
                self._put_off(b"", 0)
        else:
            self._process(data, 0)

    def _process(self, data: bytes, start: int) -> None:
        """Process one turn's share of `data` from `start` on; leave the rest to later turns (L6)."""
        frames, size, control_frames = self._registry.budget
        parser = self._parser or Parser(self._max_message)
        events = parser.receive(data, start, frames, size)
        if not parser.idle:
            self._parser = parser
            self._watch_frame(parser)
        elif self._parser is not None:
            self._parser = None
            self._piece = 0
        over = bool(events) and self._pass_on(iter(events))
        if parser.control:
            self._count(parser.control, control_frames)
        # Several runs of bytes may come in one turn, the next one only if this one was long.
        if over or len(data) - start >= size or parser.taken < len(data):
            self._put_off(data, parser.taken)

    def _put_off(self, data: bytes, start: int) -> None:
        """Leave `data` from `start` on, and what was not passed on, to the next turn."""
        if self._state is not State.OVER:
            LIMITS.labels("turn").inc()
            self._behind = True
            self._held, self._at = data, start
            self._stop_reading()
            self._schedule()

    def _pass_on(self, events: Iterator[Event]) -> bool:
        """Pass events to the receiver; return whether one of them used up the turn: the others are kept."""
        receiver = self._receiver
        for event in events:
            kind = type(event)
            if kind is not str and kind is not bytes:
                self._on_control(event)
            elif receiver is not None and self._state is State.OPEN:
                try:
                    if kind is bytes:
                        receiver.binary(event)  # type: ignore[arg-type]  # `kind` tells, in half the time of isinstance
                        continue
                    message = receiver.text(event)  # type: ignore[arg-type]  # as above
                except Exception:  # noqa: BLE001 - whatever it is, it must cost one connection only
                    self._fail_internally()
                    continue
                if message is not None or self._paused:
                    self._events, self._message = events, message
                    return True
        return False

    def _go_on(self) -> None:
        """Do one turn's share of what is left; read again when nothing is."""
        self._turn = None
        if not self._behind:
            self._read_on()
            return
        if (self._paused or self.direct is None) and self._state is State.OPEN:
            return  # the receiver waits or the replies pile up: `resume_reading` or `resume_writing` goes on
        if (self._message is not None and self._advance(self._message)) or (
            self._events is not None and self._pass_on(self._events)
        ):
            self._schedule()
            return
        data, start = self._held, self._at
        self._events, self._held, self._at = None, b"", 0
        self._behind = False
        if start < len(data):
            self._process(data, start)
        if not self._behind:
            self._read_on()

    def _advance(self, message: Iterator[object]) -> bool:
        """Have the receiver take the next part of a message; return whether that used up the turn."""
        if self._state is State.OPEN:
            try:
                next(message)
            except StopIteration:
                pass
            except Exception:  # noqa: BLE001 - whatever it is, it must cost one connection only
                self._fail_internally()
            else:
                return True
        self._message = None
        return False

    def _read_on(self) -> None:
        """Read again, unless replies pile up."""
        if self.direct is not None or self._state is not State.OPEN:
            self._read_again()

    def _schedule(self) -> None:
        """Go on in the next turn of the event loop."""
        if self._turn is None:
            self._turn = asyncio.get_running_loop().call_soon(self._go_on)

    def _drop_input(self) -> None:
        """Forget what is left of the input: the connection is over."""
        self._parser = self._events = self._message = None
        self._behind = False
        self._held = b""

    def _count(self, frames: int, limit: int) -> None:
        """Count control frames; fail a connection that is flooded with them (L6)."""
        if self._state is State.OVER:
            return
        if self._control_window is None:
            self._control_window = ControlWindow(self._registry.now)
        if self._control_window.exceeds(frames, self._registry.now, limit):
            self._fail(Close.TOO_MANY, "too many control frames")

    def _fail_internally(self) -> None:
        """Fail the connection after an exception of the receiver's."""
        _log.exception("a receiver failed on a message; its connection is closed")
        self._fail(Close.INTERNAL, "internal error")
