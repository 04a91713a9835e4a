"""Decide when a failed delivery is retried, and when its item is parked (K3). No I/O."""

from dataclasses import dataclass

from alcove.storage.consumers import Failure

#: Milliseconds before the first retry.
_FIRST_MS = 1_000
#: The longest delay between two retries, in milliseconds.
_LONGEST_MS = 3_600_000
#: The fraction of a delay that is random, so that items that failed together are not retried together.
_JITTER = 0.2


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The limits of retries of one entry. Beyond either limit, the entry's item is parked."""

    #: Milliseconds after the first failure at which the last attempt is made; None: no limit.
    give_up_ms: int | None = None
    #: The maximum number of attempts; None: no limit.
    attempts: int | None = None

    def next_failure(
        self, previous: Failure | None, error: str, *, now: int, chance: float, wait_ms: int = 0
    ) -> Failure:
        """Compute the failure record after one more failed attempt.

        Delays double from 1 s to 1 h. The last attempt is made after `give_up_ms`; if it fails, the item is parked.

        Args:
            previous: The record before this attempt; None: it was the first one.
            error: Why the attempt failed.
            now: The current time in ms since the epoch.
            chance: A random number from 0 to 1; the delay is shortened by up to `_JITTER`, in proportion to it.
            wait_ms: The delay that the receiver asked for, in milliseconds; 0: it did not ask.

        """
        attempts = 1 if previous is None else previous.attempts + 1
        since = now if previous is None else previous.since
        if self._is_over(attempts, now - since):
            return Failure(attempts, since, now, error, parked=True)
        delay = min(_LONGEST_MS, _FIRST_MS << min(attempts - 1, 32))
        due = now + max(int(delay * (1 - _JITTER * chance)), min(wait_ms, _LONGEST_MS))
        if self.give_up_ms is not None:
            due = min(due, since + self.give_up_ms)
        return Failure(attempts, since, due, error)

    def _is_over(self, attempts: int, elapsed_ms: int) -> bool:
        """Return whether a limit of retries is reached."""
        return (self.attempts is not None and attempts >= self.attempts) or (
            self.give_up_ms is not None and elapsed_ms >= self.give_up_ms
        )
