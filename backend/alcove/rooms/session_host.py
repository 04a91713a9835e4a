"""Declare the interface of the process that sessions call; `Hub` implements it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from alcove.observability.metrics import Metrics
from alcove.storage.base import Draft
from alcove.storage.outcomes import OutcomeHandler

if TYPE_CHECKING:
    from alcove.rooms.session import Session


class SessionHost(Protocol):
    """The interface of the process to its sessions: storage, rate limits, credentials, and the clock."""

    #: Counts refusals.
    metrics: Metrics

    def submit(self, draft: Draft, handler: OutcomeHandler) -> None:
        """Submit a draft to storage; `handler` gets its outcome later. Raises QueueFullError if too many wait (L4)."""
        ...

    def take_send(self, member: str, item: str) -> int:
        """Count a send of the member to the item; return 0 if it is allowed, else the milliseconds to wait (L2)."""
        ...

    def leave(self, session: "Session") -> None:
        """Remove a session from its room, after its connection closed."""
        ...

    def renew(self, session: "Session", token: str, wait_s: float) -> None:
        """Check a new token after `wait_s` seconds, then call the session's `renewed` or `refused` (A4)."""
        ...

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> None:
        """Call `callback` after `delay_s` seconds."""
        ...

    def now_ms(self) -> int:
        """Return the current time in milliseconds since the epoch."""
        ...
