"""Define the interface of a target, which receives entries, and the outcomes of a delivery (K)."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from alcove.protocol import Entry


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver accepted the entry."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The delivery failed and must be retried."""

    #: What failed, without any text of an entry (A6).
    error: str
    #: Whether the receiver could not be reached, so that other entries would fail, too.
    unreachable: bool = False
    #: Milliseconds that the receiver asked Alcove to wait before the next attempt; 0: it did not ask.
    wait_ms: int = 0
    #: The exception of a handler, whose traceback is logged.
    cause: Exception | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Unsubscribed:
    """The receiver answered 410: it wants no more deliveries (K3)."""


#: The outcome of one attempt to deliver one entry.
Outcome = Delivered | Failed | Unsubscribed


class DeliverEntry(Protocol):
    """A function that delivers entries of one item, one after the other."""

    async def __call__(self, log_id: str, entry: Entry) -> Outcome:
        """Deliver one entry.

        Args:
            log_id: The id of the history that the entry belongs to (R5).
            entry: The entry.

        Raises:
            LogUnavailableError: Storage does not answer.

        """
        ...


class Target(Protocol):
    """A receiver of entries: the webhook, or a handler of the application."""

    @property
    def receiver_id(self) -> str:
        """A string that identifies the receiver: a 410 disables only the receiver with the same id (K3)."""
        ...

    def wants_item(self, item: str) -> bool:
        """Return whether the receiver wants any entries of the item."""
        ...

    def wants_entry(self, entry: Entry) -> bool:
        """Return whether the receiver wants this entry of an item that it wants; other entries are skipped."""
        ...

    def open_delivery(self, item: str) -> AbstractAsyncContextManager[DeliverEntry]:
        """Open a context in which entries of the item are delivered, and provide the function that delivers one.

        Entering the context raises LogUnavailableError if storage does not answer.
        """
        ...
