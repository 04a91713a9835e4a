"""Declare the interface between transport and sessions: a Connection takes frames, a Receiver takes messages.

A connection (`asgi.py` on ASGI, `detached.py` on the transport itself) moves whole messages and knows nothing of rooms;
a session knows nothing of sockets. Neither side awaits the other.
"""

from collections.abc import Callable, Iterator
from typing import Final, Protocol

#: Maximum bytes that one connection may have buffered before it falls behind (D2).
BUFFER_BYTES = 256 * 1024
#: While at most this many bytes are buffered, a frame of at most this many bytes fits without a check.
UNCHECKED_BYTES = BUFFER_BYTES // 2
#: The extension of the ASGI scope that aborts the connection at once: a function without arguments. Only `alcove serve`
#: has it. Closing the connection instead would wait for a peer that reads nothing.
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
    """Create a text frame."""
    return Frame(text.encode())


class Connection(Protocol):
    """A WebSocket or event stream, as sessions and rooms see it. After it has closed, every call does nothing."""

    @property
    def unchecked_write(self) -> Callable[[bytes], object] | None:
        """A function that writes a frame's `wire`, at most UNCHECKED_BYTES, without a check; None: use `try_write`.

        A room's delivery makes one such call for each connection. Read the property again for every frame: it changes
        with the connection's state.
        """
        ...

    def try_write(self, frame: Frame) -> bool:
        """Buffer the frame and return True, or return False if it does not fit into BUFFER_BYTES (D2)."""
        ...

    def write(self, frame: Frame) -> None:
        """Buffer the frame, even beyond BUFFER_BYTES. Use this for replies only.

        The connection stops reading from a peer that does not take its replies, so their number is limited, too.
        """
        ...

    def buffered_bytes(self) -> int:
        """Return the number of bytes that the kernel (on ASGI: the server) has not taken yet."""
        ...

    async def wait_writable(self) -> bool:
        """Wait until at most half of BUFFER_BYTES is buffered; return False if the connection closed meanwhile."""
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
    """A receiver of a connection's messages. Its methods are called from the event loop, and must not block."""

    def on_text(self, data: str) -> Iterator[object] | None:
        """Process one whole text message.

        Returns:
            None if the message is processed. A receiver that needs several turns of the event loop returns an iterator:
            the connection advances it by one step per turn, and passes nothing else until it is exhausted (L6).

        """
        ...

    def on_binary(self, data: bytes) -> None:
        """Process one whole binary message."""
        ...

    def on_close(self, code: int) -> None:
        """Handle the closing of the connection, whichever side closed it; `code` is the close code.

        Called exactly once, after all other calls.
        """
        ...


class NullReceiver:
    """A receiver that ignores every message of a refused peer until the connection has closed (Receiver)."""

    def on_text(self, data: str) -> None:
        """Ignore the message."""

    def on_binary(self, data: bytes) -> None:
        """Ignore the message."""

    def on_close(self, code: int) -> None:
        """Do nothing: there is no state to clean up."""
