"""Limit the rate of sends, and describe refused sends (L1, L2, L4)."""

from collections.abc import Awaitable, Callable

from alcove.errors import Close, Code, Refusal
from alcove.observability.metrics import LIMITS
from alcove.protocol import Limits
from alcove.rate_limits import KeyedLimiter
from alcove.rooms.admission import RETRY_MS
from alcove.storage.base import Draft, Outcome
from alcove.storage.committer import QueueFullError

#: Stores a draft, delivers it, and returns its outcome. Raises QueueFullError if too many drafts
#: wait for storage, LogUnavailableError if storage does not answer.
StoreDraft = Callable[[Draft], Awaitable[Outcome]]


def too_large_text(limits: Limits, size: int) -> str:
    """Format the message that refuses a body of `size` bytes (L1)."""
    return f"a body may have {limits.body_bytes} bytes, this one has {size}"


def rate_exceeded_text(limits: Limits) -> str:
    """Format the message that refuses a send beyond the rate (L2)."""
    return f"at most {limits.sends_per_s:g} sends a second, {limits.burst} at once"


def overloaded_refusal(error: QueueFullError) -> Refusal:
    """Create the refusal of a draft while too many wait for storage (L4)."""
    return Refusal(Code.OVERLOADED, Close.AT_CAPACITY, str(error), RETRY_MS)


class SendLimiter:
    """The rate limits of sends in this process: one for each member and item."""

    def __init__(self, limits: Limits, *, max_limiters: int, clock: Callable[[], float]) -> None:
        """Create the rate limiters.

        Args:
            limits: The rate and burst of sends (L2).
            max_limiters: The maximum number of rate limiters, one for each member and item.
            clock: Returns seconds of a monotonic clock.

        """
        self._limits = limits
        self._clock = clock
        self._limiters = KeyedLimiter[tuple[str, str]](
            limits.sends_per_s, limits.burst, size=max_limiters, on_evicted=LIMITS.labels("send_rates").inc
        )

    def take_send(self, member: str, item: str) -> int:
        """Take one send from the member's rate on the item (L2).

        Returns:
            0 if it is granted, else the milliseconds until one will be.

        """
        return self._limiters.take((member, item), self._clock())

    def take_send_or_refuse(self, member: str, item: str) -> None:
        """Take one send from the member's rate on the item, for a send over HTTP.

        Raises:
            Refusal: 429 with `retry_ms` if the rate is exceeded (L2).

        """
        if retry_ms := self.take_send(member, item):
            raise Refusal(Code.RATE_LIMITED, Close.TOO_MANY, rate_exceeded_text(self._limits), retry_ms)
