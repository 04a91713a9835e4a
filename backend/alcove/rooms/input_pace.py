"""Slow down a connection whose lines cost much and bring nothing: tokens in a row, and lines that are refused (L6)."""

#: Seconds between two checks of fresh tokens (A4): checking a signature takes longer than any other line.
_CHECK_GAP_S = 0.1
#: Refused lines after which a connection's further lines wait, and how many seconds.
_REFUSED_LINES, _REFUSED_GAP_S = 32, 0.05


class InputPace:
    """Says how long the lines of one connection wait."""

    __slots__ = ("_next_check", "_refused")

    def __init__(self) -> None:
        """Start without a wait."""
        #: When the next token may be checked, by the monotonic clock.
        self._next_check = 0.0
        self._refused = 0

    def before_check(self, now: float) -> float:
        """Return the seconds until a fresh token that came at `now` may be checked."""
        start = max(now, self._next_check)
        self._next_check = start + _CHECK_GAP_S
        return start - now

    def after_refusal(self) -> float:
        """Count a refused line; return the seconds that further lines must wait."""
        self._refused += 1
        return 0.0 if self._refused % _REFUSED_LINES else _REFUSED_GAP_S
