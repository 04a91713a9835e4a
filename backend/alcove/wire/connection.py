"""The seam between carriers and what they carry: a Connection takes frames, a Receiver hears of the peer.

A carrier (`asgi.py` on plain ASGI, `detached.py` on the transport itself) moves whole messages and knows nothing of
rooms; a session knows nothing of sockets. Neither side awaits the other.
"""

from collections.abc import Callable, Iterator
from typing import Final, Protocol

#: What one connection may hold unsent before it falls behind, in bytes (D2).
BUFFER_BYTES = 256 * 1024
#: Whoever holds no more than this unsent takes a frame of as many bytes without being asked.
DIRECT_BYTES = BUFFER_BYTES // 2
#: The largest message a peer may send, in bytes (L1).
MESSAGE_BYTES = 1024 * 1024
#: Extension of the ASGI scope under our own server: cut the connection off at once, where a server's close would wait
#: for a peer that reads nothing.
ABORT: Final = "alcove.abort"


class Frame:
    """One message for any number of connections, encoded for each kind of carrier at most once.

    `payload` is what the peer will read: UTF-8 text, or any bytes where `binary`.
    """

    __slots__ = ("_text", "_wire", "binary", "payload")

    def __init__(self, payload: bytes, *, binary: bool = False) -> None:
        self.payload = payload
        self.binary = binary
        self._text: str | None = None
        self._wire: bytes | None = None

    @property
    def text(self) -> str:
        """The payload as ASGI wants it."""
        if self._text is None:
            self._text = self.payload.decode()
        return self._text

    @property
    def wire(self) -> bytes:
        """The payload as an unmasked, unfragmented frame (RFC 6455, section 5.2)."""
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
    """A text frame of `text`."""
    return Frame(text.encode())


class Connection(Protocol):
    """An open socket, as a session and a room see it. After it closed, every call is a quiet no-op."""

    @property
    def direct(self) -> Callable[[bytes], object] | None:
        """Writes a frame's wire bytes, at most DIRECT_BYTES of them, without asking; None: use `offer`.

        For a room's delivery, which makes one call a reader: it changes with the connection, so it is not to be kept.
        """
        ...

    def offer(self, frame: Frame) -> bool:
        """Take the frame if it fits within the buffer's bound; else take nothing and return False (D2)."""
        ...

    def write(self, frame: Frame) -> None:
        """Take the frame in any case: for replies, whose number the peer's own messages bound.

        A carrier stops reading from a peer whose replies pile up, so what this can add is bounded too.
        """
        ...

    def buffered(self) -> int:
        """Bytes taken and not yet handed to the kernel (on ASGI: to the server)."""
        ...

    async def drained(self) -> bool:
        """Wait until at most half the bound is buffered. False: the connection closed meanwhile."""
        ...

    def pause_reading(self) -> None:
        """Pass nothing more to the receiver until `resume_reading`, and read no more than is bounded meanwhile.

        A message that the receiver is taking in several turns waits as well.
        """
        ...

    def resume_reading(self) -> None:
        """Go on after `pause_reading`, in a later turn of the event loop."""
        ...

    def close(self, code: int, reason: str = "") -> None:
        """Send what is buffered, then a close frame; whoever does not take it in time is cut off.

        `reason` is cut to the 123 bytes that fit (RFC 6455, section 5.5). The receiver's `closed` follows.
        """
        ...


class Receiver(Protocol):
    """What a carrier tells of its peer. The calls come from the event loop, one at a time, and do not block."""

    def text(self, data: str) -> Iterator[object] | None:
        """Take one whole text message.

        A receiver that needs several turns of the event loop for it returns an iterator: the carrier advances it by
        one step per turn, and passes on nothing else until it is exhausted (L6).
        """
        ...

    def binary(self, data: bytes) -> None:
        """One whole binary message."""
        ...

    def closed(self, code: int) -> None:
        """The connection is over, by whichever side. Called once, last."""
        ...
