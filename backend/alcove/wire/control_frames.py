"""Detect a peer that floods its connection with frames without data (L6)."""

from typing import Final

from alcove.observability.metrics import LIMITS

#: Length of the window in which frames are counted, in seconds.
WINDOW_S: Final = 10.0


class ControlFrameWindow:
    """The number of control frames and empty fragments of one peer in the current window of WINDOW_S seconds."""

    __slots__ = ("_count", "_since")

    def __init__(self, now: float) -> None:
        """Start the first window at `now` (seconds)."""
        self._count = 0
        self._since = now

    def add(self, frames: int, now: float, limit: int) -> bool:
        """Count `frames` more at `now` (seconds); return whether the window then has more than `limit`."""
        if now - self._since >= WINDOW_S:
            self._count, self._since = 0, now
        self._count += frames
        if self._count <= limit:
            return False
        LIMITS.labels("control").inc()
        return True
