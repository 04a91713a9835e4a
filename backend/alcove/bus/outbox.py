"""Queue the messages that a bus has to send, up to a maximum number and size."""

import asyncio
from collections import deque

#: A channel and a message.
Message = tuple[str, bytes]

#: Maximum queued messages; further ones are lost.
_MAX_MESSAGES = 20_000
#: Bytes of queued messages above which further ones are lost.
_MAX_BYTES = 16 * 1024 * 1024


class Outbox:
    """A bounded queue of messages, which records whether some were lost. It is closed at first."""

    def __init__(self) -> None:
        """Create an empty, closed outbox."""
        self._messages: deque[Message] = deque()
        self._bytes = 0
        self._lost = False
        self._open = False
        #: Set when a message was added or the outbox was opened.
        self._changed = asyncio.Event()

    def open(self) -> None:
        """Start to accept messages; record a loss, because messages were dropped while the outbox was closed."""
        self._open = self._lost = True
        self._changed.set()

    def close(self) -> None:
        """Drop all queued messages, and drop further ones until `open` is called."""
        self._open = False
        self._messages.clear()
        self._bytes = 0

    def put(self, channel: str, message: bytes) -> None:
        """Add a message; if the outbox is closed or full, drop it and record a loss."""
        if not self._open or len(self._messages) >= _MAX_MESSAGES or self._bytes > _MAX_BYTES:
            self._lost = True
            return
        self._messages.append((channel, message))
        self._bytes += len(message)
        self._changed.set()

    async def wait(self) -> None:
        """Wait until a message was added, or the outbox was opened, since the last call."""
        await self._changed.wait()
        self._changed.clear()

    def take(self) -> list[Message]:
        """Remove and return all queued messages."""
        messages = list(self._messages)
        self._messages.clear()
        self._bytes = 0
        return messages

    def take_loss(self) -> bool:
        """Return whether messages were lost since the last call, and start to record losses again."""
        lost, self._lost = self._lost, False
        return lost
