"""Declare the interface of a bus. Its messages are hints; what is lost is read from the log (X2)."""

from collections.abc import Callable
from typing import Protocol

#: Called with a channel and a message that another process published on it.
OnMessage = Callable[[str, bytes], None]
#: Called with channels that are subscribed from now on, but on which messages may have been lost until now.
OnGap = Callable[[frozenset[str]], None]


class Bus(Protocol):
    """Publish and subscribe on named channels. Methods neither block nor raise while the bus is down.

    A channel's name has no white space; a message is UTF-8 without NUL. The messages of one process arrive in their
    order or not at all. After a loss every process gets `on_gap` as soon as the bus works again.
    """

    #: Whether other processes may subscribe; if not, callers need not encode messages.
    shared: bool

    @property
    def up(self) -> bool:
        """Whether messages arrive; False at most half a second after they no longer do."""
        ...

    @property
    def max_bytes(self) -> int:
        """The largest message, in bytes, that is published instead of its fallback."""
        ...

    @property
    def mixed_versions(self) -> bool:
        """Whether processes run whose messages this one cannot read: what they store is found in the log only."""
        ...

    async def start(self, on_message: OnMessage, on_gap: OnGap) -> None:
        """Connect and stay connected; return within seconds even if the server is down.

        Args:
            on_message: Called with messages of other processes, never with those of this one.
            on_gap: Called when a subscription takes effect, and when messages may have been lost.

        """
        ...

    def subscribe(self, channel: str) -> None:
        """Subscribe to the channel; `on_gap` is called when that has taken effect."""
        ...

    def unsubscribe(self, channel: str) -> None:
        """Unsubscribe from the channel."""
        ...

    def publish(self, channel: str, message: bytes, fallback: bytes | None = None) -> None:
        """Send the message to the other processes, or `fallback` if the message is larger than `max_bytes`."""
        ...

    async def close(self) -> None:
        """Send what is waiting, and disconnect."""
        ...
