"""Show the progress of a long operation: on a terminal a line that changes, in a log a line from time to time."""

import sys
import time
from collections.abc import Callable

#: Seconds between two times that it is shown: on a terminal, in a log.
_SHOW_S = (0.5, 10.0)
#: Seconds after which an operation counts as one that takes long.
_LONG_S = 2.0


class Progress:
    """Shows on stderr what is done, how much of it a second, and the time left; nothing of what ends within seconds."""

    def __init__(self, what: str, total: float | None = None, log: Callable[[str], object] | None = None) -> None:
        """Start.

        Args:
            what: What is counted, as in `lines`.
            total: How many there are; None: not known, or not yet.
            log: Takes a line where stderr is no terminal; None: it is written to stderr, too.

        """
        self._what = what
        self._terminal = sys.stderr.isatty()
        self._log = log
        self._started = self._shown = time.monotonic()
        self.done = 0.0
        self.total = total

    def add(self, count: float) -> None:
        """Count what was done, and show it if it is time."""
        self.reach(self.done + count)

    def reach(self, done: float) -> None:
        """Set what is done, and show it if it is time."""
        self.done = done
        now = time.monotonic()
        if now - self._started >= _LONG_S and now - self._shown >= _SHOW_S[not self._terminal]:
            self._shown = now
            self._show("")

    def finish(self) -> None:
        """Show the final number, if anything was shown before."""
        if self._shown != self._started:
            self._show("\n")

    def __str__(self) -> str:
        per_s = self.done / max(1e-9, time.monotonic() - self._started)
        left = ""
        if self.total is not None and self.total > self.done and per_s:
            left = f", {(self.total - self.done) / per_s:.0f} s left"
        rate = f"{per_s:,.0f}/s" if per_s >= 1 else f"{per_s * 60:.1f}/min"
        return f"{self.done:,.0f} {self._what}, {rate}{left}"

    def _show(self, end: str) -> None:
        if self._terminal:
            sys.stderr.write(f"\r\x1b[K{self}{end}")
            sys.stderr.flush()
        elif self._log is not None:
            self._log(str(self))
        else:
            sys.stderr.write(f"{self}\n")
            sys.stderr.flush()
