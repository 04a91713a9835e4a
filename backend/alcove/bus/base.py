"""Declare the interface of a bus. Its messages are hints: a process that missed one reads the log instead (X2)."""

from collections.abc import Callable
from typing import Protocol

#: Called with a channel and a message that another process published on it.
OnMessage = Callable[[str, bytes], None]
#: Called with subscribed channels on which messages may have been lost before this call.
OnGap = Callable[[frozenset[str]], None]


class Bus(Protocol):
    """The interface of a bus with named channels. No method blocks or raises while the bus is down.

    A channel's name has no white space; a message is UTF-8 without NUL. The messages of one process arrive in the order
    sent, or not at all. After a loss, `on_gap` is called in every process as soon as the bus works again.
    """

    #: Whether other processes may receive what is published; if not, callers need not encode messages.
    shared: bool

    @property
    def up(self) -> bool:
        """Whether messages of other processes arrive now; becomes False within one second after they stop arriving."""
        ...

    @property
    def max_bytes(self) -> int:
        """The maximum size of a message in bytes; `publish` replaces larger ones by their fallback."""
        ...

    @property
    def mixed_versions(self) -> bool:
        """Whether processes run whose messages this one cannot read.

        This process learns only from the log which entries they store.
        """
        ...

    async def start(self, on_message: OnMessage, on_gap: OnGap) -> None:
        """Connect and stay connected; return within seconds even if the server is down.

        Args:
            on_message: Called with a channel and a message of another process, never with messages of this one.
            on_gap: Called with the channels on which messages may have been lost; also with a channel whose
                subscription has taken effect.

        """
        ...

    def subscribe(self, channel: str) -> None:
        """Subscribe to the channel; `on_gap` is called with it when the subscription has taken effect."""
        ...

    def unsubscribe(self, channel: str) -> None:
        """Unsubscribe from the channel."""
        ...

    def publish(self, channel: str, message: bytes, fallback: bytes | None = None) -> None:
        """Send a message to the other processes; do nothing if the bus is down.

        Args:
            channel: The channel.
            message: The message.
            fallback: A shorter message to send if `message` is larger than `max_bytes`.

        """
        ...

    async def close(self) -> None:
        """Send the messages in the outbox, and disconnect."""
        ...
