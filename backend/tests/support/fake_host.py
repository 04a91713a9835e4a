"""A SessionHost that records the calls of sessions."""

from collections.abc import Callable
from dataclasses import dataclass, field

from alcove.observability.metrics import Metrics
from alcove.rate_limits import KeyedLimiter
from alcove.rooms.outcome_lines import OutcomeWriter
from alcove.rooms.session import Session
from alcove.storage.base import Draft
from alcove.storage.committer import QueueFullError
from alcove.storage.outcomes import OutcomeHandler
from tests.support.turns import ManualClock


@dataclass
class FakeHost:
    """A host that records drafts, tokens and sessions that left (SessionHost)."""

    drafts: list[Draft] = field(default_factory=list)
    left_sessions: list[Session] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    waits_s: list[float] = field(default_factory=list)
    keep_timers: bool = False
    timers: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    rates: KeyedLimiter[tuple[str, str]] = field(default_factory=lambda: KeyedLimiter(0, 1))
    clock: ManualClock = field(default_factory=ManualClock)
    queue_full: bool = False
    time_ms: int = 1_795_000_000_000
    metrics: Metrics = field(default_factory=Metrics)

    def submit(self, draft: Draft, handler: OutcomeHandler) -> None:
        """Record the draft; raise QueueFullError if `queue_full` is set (SessionHost)."""
        assert isinstance(handler, OutcomeWriter)
        if self.queue_full:
            raise QueueFullError("10000 sends are waiting for storage already")
        self.drafts.append(draft)

    def take_send(self, member: str, item: str) -> int:
        """Take one send of the member's rate (SessionHost)."""
        return self.rates.take((member, item), self.clock())

    def leave(self, session: Session) -> None:
        """Record the session that left (SessionHost)."""
        self.left_sessions.append(session)

    def renew(self, session: Session, token: str, wait_s: float) -> None:  # noqa: ARG002 - any session's
        """Record the token, and the time to wait before its check (SessionHost)."""
        self.tokens.append(token)
        self.waits_s.append(wait_s)

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> None:
        """Record the timer, which SessionHarness runs after the frame unless `keep_timers` is set (SessionHost)."""
        self.timers.append((delay_s, callback))

    def now_ms(self) -> int:
        """Return the fixed time of the test (SessionHost)."""
        return self.time_ms
