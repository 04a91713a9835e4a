"""What a bus promises: hints between processes. The log is the truth; a lost hint is healed from it (X2)."""

from collections.abc import Callable
from typing import Protocol

#: Called with a channel and a message that another process published there.
OnMessage = Callable[[str, bytes], None]
#: Called with channels that are heard now, but on which messages may have been missed until now.
OnGap = Callable[[frozenset[str]], None]


class Bus(Protocol):
    """Publishing and hearing on named channels. Nothing here waits, and nothing here raises when the bus is down.

    A channel's name has no white space; a message is UTF-8 without NUL. What one process publishes is heard in
    its order, or not at all; what is lost is told by `restored`, on all processes, as soon as the bus is back.
    """

    #: Whether other processes may listen; where not, nobody need encode anything for them.
    shared: bool

    @property
    def up(self) -> bool:
        """Whether messages get through just now: False half a second after they no longer do."""
        ...

    @property
    def max_bytes(self) -> int:
        """The largest message, in bytes, for which no `brief` one stands in."""
        ...

    @property
    def mixed(self) -> bool:
        """Whether processes are there whose messages cannot be read: what they store is found in the log only."""
        ...

    async def start(self, heard: OnMessage, restored: OnGap) -> None:
        """Connect, and keep connected; returns also when the medium is down. Own messages are not heard."""
        ...

    def subscribe(self, channel: str) -> None:
        """Hear the channel from soon on: `restored` tells when."""
        ...

    def unsubscribe(self, channel: str) -> None:
        """Hear the channel no more."""
        ...

    def publish(self, channel: str, message: bytes, brief: bytes | None = None) -> None:
        """Tell the other processes; `brief` instead where the message is too large for the medium."""
        ...

    async def close(self) -> None:
        """Tell what was still to be told, and let go of the connection."""
        ...
