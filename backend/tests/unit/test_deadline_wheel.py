"""Test that one timer checks all deadlines, and that a failing check does not stop the others."""

import asyncio

import pytest

from alcove.limits import Budget
from alcove.wire.deadlines import Deadlines, DeadlineWheel


class CheckedConnection:
    """A connection (HasDeadlines) that records its checks, and raises the given error in each."""

    def __init__(self, error: Exception | None = None) -> None:
        self.due = 0
        self.checked = asyncio.Event()
        self.aborted = False
        self._error = error

    def check_deadlines(self) -> float:
        """Record the check; raise the error, or request the next check in 10 ms (HasDeadlines)."""
        self.checked.set()
        if self._error is not None:
            raise self._error
        return 0.01

    def close(self, code: int, reason: str = "") -> None:
        """Do nothing (HasDeadlines)."""

    def abort(self) -> None:
        """Record the call (HasDeadlines)."""
        self.aborted = True


async def test_p3_only_the_connection_with_a_failing_check_is_aborted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    wheel = DeadlineWheel(Deadlines(ping_s=0.01, pong_s=20), Budget())
    failing, working = CheckedConnection(RuntimeError("a receiver that fails")), CheckedConnection()
    for connection in (failing, working):
        wheel.add(connection)
    await working.checked.wait()
    await failing.checked.wait()
    working.checked.clear()
    await working.checked.wait()

    assert (failing.aborted, working.aborted) == (True, False)
    assert "a receiver that fails" in caplog.text
    for connection in (failing, working):
        wheel.discard(connection)
