"""How much of a peer's input one connection may have processed per turn of the event loop (L6)."""

from typing import Final, NamedTuple

from alcove.metrics import LIMITS

#: Seconds over which control frames are counted.
WINDOW_S: Final = 10.0


class Budget(NamedTuple):
    """The work of one connection in one turn of the event loop; the rest waits for later turns."""

    #: Frames, or lines of one frame.
    frames: int = 64
    #: Bytes, beyond which no further frame or line is begun.
    size: int = 64 * 1024
    #: Pings, pongs and empty fragments that a peer may send in WINDOW_S seconds.
    control_frames: int = 600


class ControlWindow:
    """Counts the control frames of one peer in fixed windows of WINDOW_S seconds."""

    __slots__ = ("_count", "_since")

    def __init__(self, now: float) -> None:
        self._count = 0
        self._since = now

    def add(self, frames: int, now: float, limit: int) -> bool:
        """Count frames that came at `now` (seconds); return whether the window holds more than `limit`."""
        if now - self._since >= WINDOW_S:
            self._count, self._since = 0, now
        self._count += frames
        if self._count <= limit:
            return False
        LIMITS.labels("control").inc()
        return True
