"""Test the wall clock that entries get their times from."""

import time

from alcove.clock import now_ms


def test_f3_the_time_is_whole_milliseconds_since_the_epoch() -> None:
    before = time.time_ns()
    now = now_ms()
    assert isinstance(now, int)
    assert before // 1_000_000 <= now <= time.time_ns() // 1_000_000
