"""Log a warning that repeats at most once a minute."""

import logging
import time
from collections.abc import Callable

#: Minimum seconds between two lines of the same warning.
_EVERY_S = 60.0


class RepeatedWarning:
    """One kind of warning, which a failing disk or network could otherwise log hundreds of times a second."""

    def __init__(self, logger: logging.Logger, message: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Initialize the warning.

        Args:
            logger: Where it is logged.
            message: A %-format for the arguments of each call.
            clock: Returns seconds.

        """
        self._logger = logger
        self._message = message
        self._clock = clock
        self._next = float("-inf")
        self._suppressed = 0

    def __call__(self, *arguments: object) -> None:
        """Log the warning with these arguments, or count it if it was logged within the last minute."""
        if self._clock() < self._next:
            self._suppressed += 1
            return
        self._next = self._clock() + _EVERY_S
        suppressed, self._suppressed = self._suppressed, 0
        self._logger.warning(self._message, *arguments)
        if suppressed:
            self._logger.warning("the last warning was suppressed %d times since it was logged before", suppressed)
