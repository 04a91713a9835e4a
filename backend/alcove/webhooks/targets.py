"""Define the interface of a receiver of entries, and the outcomes of a delivery."""

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
    #: Milliseconds that the receiver asked to wait.
    wait_ms: int = 0
    #: The exception of a handler, whose traceback is logged.
    cause: Exception | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Gone:
    """The receiver wants no more deliveries (K3)."""


Outcome = Delivered | Failed | Gone


class Deliver(Protocol):
    """Delivers entries of one item, one after the other."""

    async def __call__(self, log: str, entry: Entry) -> Outcome:
        """Deliver an entry of the history `log`. Raises LogUnavailableError if storage does not answer."""
        ...


class Target(Protocol):
    """A receiver of entries: the webhook, or a handler of the application."""

    @property
    def digest(self) -> str:
        """A text that identifies the receiver, so that a 410 disables only the receiver that answered it (K3)."""
        ...

    def wants_item(self, item: str) -> bool:
        """Return whether the receiver wants entries of the item."""
        ...

    def wants(self, entry: Entry) -> bool:
        """Return whether the receiver wants the entry; others are skipped."""
        ...

    def item(self, item: str) -> AbstractAsyncContextManager[Deliver]:
        """Provide a function that delivers entries of the item. Raises LogUnavailableError."""
        ...
