"""Log a warning at most once a minute, however often it occurs."""

import logging
import time
from collections.abc import Callable

#: Minimum seconds between two lines of the same warning.
_PERIOD_S = 60.0


class RepeatedWarning:
    """A kind of warning that is logged at most once a minute; a failing disk or network can cause hundreds a second."""

    def __init__(self, logger: logging.Logger, message: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Store the format; nothing is logged yet.

        Args:
            logger: The logger to use.
            message: A %-format for the arguments of each call.
            clock: Returns the current time in seconds.

        """
        self._logger = logger
        self._message = message
        self._clock = clock
        self._next = float("-inf")
        self._suppressed = 0

    def __call__(self, *arguments: object) -> None:
        """Log the warning with these arguments, or only count it if the last one was logged within a minute."""
        if self._clock() < self._next:
            self._suppressed += 1
            return
        self._next = self._clock() + _PERIOD_S
        suppressed, self._suppressed = self._suppressed, 0
        self._logger.warning(self._message, *arguments)
        if suppressed:
            self._logger.warning("the last warning was suppressed %d times since it was logged before", suppressed)
