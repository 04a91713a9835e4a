"""Declare the interface between transport and sessions: a Connection takes frames, a Receiver takes messages.

A connection (`asgi.py` on ASGI, `detached.py` on the transport itself) moves whole messages and knows nothing of rooms;
a session knows nothing of sockets. Neither side awaits the other.
"""

from collections.abc import Callable, Iterator
from typing import Final, Protocol

#: Maximum bytes that one connection may have buffered before it falls behind (D2).
BUFFER_BYTES = 256 * 1024
#: While a connection has at most this many bytes buffered, a frame of at most this many bytes fits without a check.
UNCHECKED_BYTES = BUFFER_BYTES // 2
#: Extension of the ASGI scope under `alcove serve`: a function that aborts the connection at once, where closing it
#: would wait for a peer that reads nothing.
ABORT: Final = "alcove.abort"


class Frame:
    """One message for any number of connections, encoded at most once for each kind of connection.

    `payload` is what the peer receives: text in UTF-8, or any bytes if `binary`.
    """

    __slots__ = ("_text", "_wire", "binary", "payload")

    def __init__(self, payload: bytes, *, binary: bool = False) -> None:
        """Store the payload; it is encoded when it is first needed."""
        self.payload = payload
        self.binary = binary
        self._text: str | None = None
        self._wire: bytes | None = None

    def __repr__(self) -> str:
        kind = "binary" if self.binary else "text"
        return f"<Frame {kind}, {len(self.payload)} bytes: {self.payload[:60]!r}>"

    @property
    def text(self) -> str:
        """The payload as text, for ASGI."""
        if self._text is None:
            self._text = self.payload.decode()
        return self._text

    @property
    def wire(self) -> bytes:
        """The payload as an unmasked, unfragmented WebSocket frame (RFC 6455, section 5.2)."""
        if self._wire is None:
            size = len(self.payload)
            opcode = b"\x82" if self.binary else b"\x81"
            if size < 126:
                head = opcode + size.to_bytes(1, "big")
            elif size < 65536:
                head = opcode + b"\x7e" + size.to_bytes(2, "big")
            else:
                head = opcode + b"\x7f" + size.to_bytes(8, "big")
            self._wire = head + self.payload
        return self._wire


def text_frame(text: str) -> Frame:
    """Create a frame with a text."""
    return Frame(text.encode())


class Connection(Protocol):
    """An open WebSocket or event stream, as sessions and rooms see it. After it has closed, every call does nothing."""

    @property
    def unchecked_write(self) -> Callable[[bytes], object] | None:
        """A function that writes a frame's wire bytes, at most UNCHECKED_BYTES, without a check; None: use `try_write`.

        A room's delivery makes one such call for each connection. Read the property again for every frame: it changes
        with the connection's state.
        """
        ...

    def try_write(self, frame: Frame) -> bool:
        """Buffer the frame if it fits within the bound; else buffer nothing and return False (D2)."""
        ...

    def write(self, frame: Frame) -> None:
        """Buffer the frame, even beyond the bound: for replies, whose number is limited by the peer's own messages.

        A connection stops reading from a peer that does not take its replies, so they are limited, too.
        """
        ...

    def buffered_bytes(self) -> int:
        """Return the number of bytes that the kernel (on ASGI: the server) has not taken yet."""
        ...

    async def wait_writable(self) -> bool:
        """Wait until at most half the bound is buffered; return False if the connection closed meanwhile."""
        ...

    def pause_reading(self) -> None:
        """Pass nothing more to the receiver until `resume_reading`, and buffer a limited amount of input meanwhile.

        A message that the receiver processes in several turns pauses reading, too.
        """
        ...

    def resume_reading(self) -> None:
        """Pass input to the receiver again, in a later turn of the event loop."""
        ...

    def close(self, code: int, reason: str = "") -> None:
        """Send the buffered frames, then a close frame; abort the connection if the peer does not take them in time.

        The receiver's `on_close` is called later.

        Args:
            code: The close code.
            reason: The reason; truncated to the 123 bytes that fit (RFC 6455, section 5.5).

        """
        ...


class Receiver(Protocol):
    """A receiver of a connection's messages. Called from the event loop, one call at a time; must not block."""

    def on_text(self, data: str) -> Iterator[object] | None:
        """Process one whole text message.

        A receiver that needs several turns of the event loop for a message returns an iterator: the connection advances
        it by one step per turn, and passes nothing else until it is exhausted (L6).
        """
        ...

    def on_binary(self, data: bytes) -> None:
        """Process one whole binary message."""
        ...

    def on_close(self, code: int) -> None:
        """Handle the end of the connection by either side. Called once, as the last call."""
        ...


class NullReceiver:
    """A receiver that ignores every message, for a refused peer until its connection has closed (Receiver)."""

    def on_text(self, data: str) -> None:
        """Ignore the message."""

    def on_binary(self, data: bytes) -> None:
        """Ignore the message."""

    def on_close(self, code: int) -> None:
        """Do nothing: there is no state to clean up."""
