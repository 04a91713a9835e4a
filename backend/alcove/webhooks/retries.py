"""Decide when a failed delivery is retried, and when its item is parked (K3). No I/O."""

from dataclasses import dataclass

from alcove.storage.consumers import Failure

#: Milliseconds before the first retry, and the longest delay between two.
_FIRST_MS = 1_000
_LONGEST_MS = 3_600_000
#: The random part of a delay, so that items which failed together are not retried together.
_JITTER = 0.2


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long a failed delivery is retried: `give_up_ms` and `attempts` limit it; None: no limit."""

    give_up_ms: int | None = None
    attempts: int | None = None

    def record_failure(
        self, earlier: Failure | None, error: str, *, now: int, chance: float, wait_ms: int = 0
    ) -> Failure:
        """Compute the failure record after one more failed attempt.

        Delays double from 1 s to 1 h; the last attempt is at the end of the time, after which the item is parked.

        Args:
            earlier: The record before; None: this attempt was the first one.
            error: The reason.
            now: The time in ms since the epoch.
            chance: A number from 0 to 1.
            wait_ms: The delay that the receiver asked for, in milliseconds.

        """
        attempts = 1 if earlier is None else earlier.attempts + 1
        since = now if earlier is None else earlier.since
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
