"""Log when a consumer begins to fail, and when it works again, in one line each (K3, K5)."""

import logging
import time
from collections.abc import Callable

from alcove.webhooks.targets import Failed

logger = logging.getLogger(__name__)

#: Minimum seconds between two reports that a consumer begins to fail, so that occasional failures do not fill the log.
_MIN_INTERVAL_S = 60.0
#: Maximum number of different errors that are reported until the consumer works again.
_MAX_ERRORS = 10


class FailureLog:
    """Logs the failures of one consumer: each error once, until an entry that had failed is delivered."""

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Create a log without failures.

        Args:
            name: The consumer's name.
            clock: Returns seconds of a monotonic clock.

        """
        self._name = name
        self._clock = clock
        #: The errors that were logged since the consumer began to fail. Empty while it works, and while its failures
        #: are not reported because the last report was too recent.
        self._errors: set[str] = set()
        #: The earliest time of the next report that the consumer begins to fail, by the clock.
        self._next_report_at = float("-inf")
        #: Whether `report_disabled` was called since the last delivery.
        self._disabled = False

    def report_failure(self, item: str, seq: int, failed: Failed, *, first: bool) -> None:
        """Record a failed attempt. Log its error, unless it was logged before or the last report was too recent.

        Args:
            item: The item.
            seq: The seq of the entry.
            failed: The outcome of the attempt.
            first: Whether no other item is failing now.

        """
        if first:
            self._errors.clear()
        if failed.error in self._errors or len(self._errors) >= _MAX_ERRORS:
            return
        if not self._errors:
            if self._clock() < self._next_report_at:
                return
            self._next_report_at = self._clock() + _MIN_INTERVAL_S
        self._errors.add(failed.error)
        # An exception is an error in the application's code; its traceback says where.
        logger.log(
            logging.WARNING if failed.cause is None else logging.ERROR,
            "consumer %s fails, and is called again: %s, for entry %d of item %s (alcove webhooks status)",
            *(self._name, failed.error, seq, item),
            exc_info=failed.cause,
        )

    def report_disabled(self) -> None:
        """Log, once, that the receiver answered 410, and that nothing is delivered until an operator retries."""
        if not self._disabled:
            self._disabled = True
            logger.error("consumer %s is disabled: the receiver answered 410 (alcove webhooks retry)", self._name)

    def report_delivery(self, *, had_failed: bool) -> None:
        """Record a delivery; log that the consumer works again if it had failed.

        Args:
            had_failed: Whether an earlier attempt to deliver this entry failed.

        """
        if (had_failed and self._errors) or self._disabled:
            self._errors.clear()
            self._disabled = False
            logger.info("consumer %s works again", self._name)
