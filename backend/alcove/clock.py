"""Read the wall clock in the unit of the protocol's times (F3)."""

import time


def now_ms() -> int:
    """Return the current time in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000
