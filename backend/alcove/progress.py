"""Show the progress of a long operation: on a terminal in one line that is updated, in a log as a line every 10 s."""

import sys
import time
from collections.abc import Callable

#: Seconds between two updates on a terminal.
_TERMINAL_S = 0.5
#: Seconds between two lines of a log.
_LOG_S = 10.0
#: Seconds after which an operation counts as long; nothing is shown before.
_LONG_S = 2.0


class Progress:
    """The progress of one operation, shown on stderr or in a log: units done, rate, and remaining time.

    Attributes:
        done: How many units are done.
        total: The number of all units; None: not known, or not yet.

    """

    def __init__(self, unit: str, total: float | None = None, log: Callable[[str], object] | None = None) -> None:
        """Start to measure the time.

        Args:
            unit: What is counted, such as `lines`.
            total: The number of all units; None: not known, or not yet.
            log: Called with each line if stderr is not a terminal; None: the line is written to stderr.

        """
        self._unit = unit
        self._terminal = sys.stderr.isatty()
        self._period_s = _TERMINAL_S if self._terminal else _LOG_S
        self._log = log
        self._started = self._shown = time.monotonic()
        self.done = 0.0
        self.total = total

    def add(self, count: float) -> None:
        """Add `count` to the units that are done, and show the progress if an update is due."""
        self.update(self.done + count)

    def update(self, done: float) -> None:
        """Set the number of units that are done, and show the progress if an update is due."""
        self.done = done
        now = time.monotonic()
        if now - self._started >= _LONG_S and now - self._shown >= self._period_s:
            self._shown = now
            self._show("")

    def finish(self) -> None:
        """Show the final number of units, if anything was shown before."""
        if self._shown != self._started:
            self._show("\n")

    def __str__(self) -> str:
        per_s = self.done / max(1e-9, time.monotonic() - self._started)
        remaining = ""
        if self.total is not None and self.total > self.done and per_s:
            remaining = f", {(self.total - self.done) / per_s:.0f} s left"
        rate = f"{per_s:,.0f}/s" if per_s >= 1 else f"{per_s * 60:.1f}/min"
        return f"{self.done:,.0f} {self._unit}, {rate}{remaining}"

    def _show(self, end: str) -> None:
        """Write the progress to the terminal, with `end` after it, or as a line to the log or to stderr."""
        if self._terminal:
            sys.stderr.write(f"\r\x1b[K{self}{end}")
            sys.stderr.flush()
        elif self._log is not None:
            self._log(str(self))
        else:
            sys.stderr.write(f"{self}\n")
            sys.stderr.flush()
