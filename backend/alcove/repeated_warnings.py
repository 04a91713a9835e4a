"""Log a warning at most once a minute, however often its cause occurs."""

import logging
import time
from collections.abc import Callable

#: Minimum seconds between two lines of the same warning.
_PERIOD_S = 60.0


class RepeatedWarning:
    """A kind of warning that is logged at most once a minute; a failing disk or network can cause hundreds a second."""

    def __init__(self, logger: logging.Logger, message: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Create a warning that was not logged yet.

        Args:
            logger: The logger to use.
            message: A %-format for the arguments of each call.
            clock: Returns the current time in seconds.

        """
        self._logger = logger
        self._message = message
        self._clock = clock
        #: The earliest time of the next log line, by the clock.
        self._next = float("-inf")
        #: How often the warning was suppressed since it was logged last.
        self._suppressed = 0

    def __call__(self, *arguments: object) -> None:
        """Log the warning with these arguments; only count it if it was logged less than a minute ago."""
        if self._clock() < self._next:
            self._suppressed += 1
            return
        self._next = self._clock() + _PERIOD_S
        suppressed, self._suppressed = self._suppressed, 0
        self._logger.warning(self._message, *arguments)
        if suppressed:
            self._logger.warning("the warning above was suppressed %d times since it was logged before", suppressed)
