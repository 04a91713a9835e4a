"""Decide when a failed delivery is repeated, and when its item is parked (K3). No I/O."""

from dataclasses import dataclass

from alcove.storage.consumers import Failure

#: Milliseconds before the first repetition, and between two of them at most.
_FIRST_MS = 1_000
_LONGEST_MS = 3_600_000
#: The part of a delay that chance may take off, so that items which failed together are not repeated together.
_JITTER = 0.2


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long deliveries are repeated: for a time, and up to a number of attempts; None: without this limit."""

    give_up_ms: int | None = None
    attempts: int | None = None

    def failed(self, earlier: Failure | None, error: str, *, now: int, chance: float, wait_ms: int = 0) -> Failure:
        """Return the failure after one more attempt.

        Delays double from 1 s to 1 h; the last attempt is at the end of the time, after which the item is parked.

        Args:
            earlier: The failure before; None: this attempt was the first one.
            error: What failed.
            now: The time in ms since the epoch.
            chance: A number from 0 to 1.
            wait_ms: How long the receiver asked to wait.

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
        return (self.attempts is not None and attempts >= self.attempts) or (
            self.give_up_ms is not None and elapsed_ms >= self.give_up_ms
        )
