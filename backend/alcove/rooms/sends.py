"""Limit and store sends (S, L2)."""

import asyncio
from collections.abc import Callable

from alcove.limits import KeyedLimiter
from alcove.observability.metrics import LIMITS
from alcove.protocol import Limits
from alcove.storage.base import Draft, Outcome
from alcove.storage.committer import Committer
from alcove.storage.outcomes import OutcomeFuture


class Sends:
    """The sends of one process: over sockets, and over HTTP."""

    def __init__(self, committer: Committer, limits: Limits, *, max_rates: int, clock: Callable[[], float]) -> None:
        """Share the committer; `max_rates`: send rates that are kept, one for each member and item."""
        self._committer = committer
        self._clock = clock
        self._rates = KeyedLimiter[tuple[str, str]](
            limits.sends_per_s, limits.burst, size=max_rates, on_evicted=LIMITS.labels("send_rates").inc
        )

    def take(self, member: str, item: str) -> int:
        """Take one send of the member's rate on the item (L2).

        Returns 0 if it is granted, else the milliseconds until one will be.
        """
        return self._rates.take((member, item), self._clock())

    async def store(self, draft: Draft) -> Outcome:
        """Store a draft, deliver it, and return its outcome; it is durable then.

        Raises:
            OverloadedError: Too many sends wait for storage (L4).
            LogUnavailableError: Storage does not answer, so nothing is stored (S7).

        """
        waiter = OutcomeFuture(asyncio.get_running_loop().create_future())
        self._committer.submit(draft, waiter)
        return await waiter.outcome
