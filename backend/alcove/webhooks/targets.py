"""What a consumer delivers to: the interface, and the outcomes of a delivery."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from alcove.protocol import Entry


@dataclass(frozen=True, slots=True)
class Delivered:
    """The entry arrived, or is not wanted."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The entry must be delivered again."""

    #: What failed, without any text of an entry (A6).
    error: str
    #: Whether nothing could be reached at all, whatever the entry.
    unreachable: bool = False
    #: Milliseconds that the receiver asked to wait.
    wait_ms: int = 0


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
    """Where the entries of a consumer go."""

    @property
    def digest(self) -> str:
        """Identifies the receiver, so that another one is not disabled by what the first answered (K3)."""
        ...

    def wants_item(self, item: str) -> bool:
        """Return whether entries of the item are delivered at all."""
        ...

    def wants(self, entry: Entry) -> bool:
        """Return whether the entry is delivered; others are passed over."""
        ...

    def item(self, item: str) -> AbstractAsyncContextManager[Deliver]:
        """Provide the delivery of the item's entries. Raises LogUnavailableError if storage does not answer."""
        ...
