"""Warnings that repeat: logged at most once a minute each."""

import logging
import time
from collections.abc import Callable

#: Seconds in which the same warning is logged once.
_EVERY_S = 60.0


class RepeatedWarning:
    """One kind of warning, which a failing disk or network would otherwise log hundreds of times a second."""

    def __init__(self, logger: logging.Logger, message: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`message` takes the arguments of each warning; how many were left out since the last line is added."""
        self._logger = logger
        self._message = message
        self._clock = clock
        self._next = float("-inf")
        self._left_out = 0

    def __call__(self, *arguments: object) -> None:
        """Log the warning, unless it was logged within the last minute."""
        if self._clock() < self._next:
            self._left_out += 1
            return
        self._next = self._clock() + _EVERY_S
        left_out, self._left_out = self._left_out, 0
        self._logger.warning(self._message, *arguments)
        if left_out:
            self._logger.warning("the last warning came %d more times since it was logged before", left_out)
