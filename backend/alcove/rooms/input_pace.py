"""Slow down a connection whose lines are costly or refused: repeated tokens, and many invalid lines (L6)."""

#: Seconds between two checks of fresh tokens (A4): checking a signature takes longer than any other line.
_CHECK_GAP_S = 0.1
#: A connection must wait each time it has sent this many refused lines.
_REFUSED_LINES = 32
#: Seconds that the connection must wait then.
_REFUSED_GAP_S = 0.05


class InputPace:
    """The waiting times for the lines of one connection."""

    __slots__ = ("_next_check", "_refused")

    def __init__(self) -> None:
        """Create the waiting times of a new connection: its next line need not wait."""
        #: When the next token may be checked, by the monotonic clock.
        self._next_check = 0.0
        #: The number of refused lines.
        self._refused = 0

    def reserve_token_check(self, now: float) -> float:
        """Reserve the next check of a fresh token; return the seconds from `now` until it may start."""
        start = max(now, self._next_check)
        self._next_check = start + _CHECK_GAP_S
        return start - now

    def record_refused_line(self) -> float:
        """Count a refused line; return the seconds that further lines must wait, 0 if they need not wait."""
        self._refused += 1
        return 0.0 if self._refused % _REFUSED_LINES else _REFUSED_GAP_S
