"""One timer for all deadlines: what fails at one connection must not stop it for the others."""

import asyncio

import pytest

from alcove.wire.deadlines import Deadlines, Registry


class Seen:
    """A connection (Watched) that notes when it is looked at, and may fail at that."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.due = 0
        self.looked = asyncio.Event()
        self.aborted = False
        self._fault = fault

    def look(self) -> float:
        """Fail, if it is to (Watched)."""
        self.looked.set()
        if self._fault is not None:
            raise self._fault
        return 0.01

    def close(self, code: int, reason: str = "") -> None:
        """Not asked for here (Watched)."""

    def abort(self) -> None:
        """Remember it (Watched)."""
        self.aborted = True


async def test_p3_a_connection_that_fails_when_it_is_looked_at_is_cut_off_and_the_others_are_looked_at(
    caplog: pytest.LogCaptureFixture,
) -> None:
    registry = Registry(Deadlines(ping_s=0.01))
    faulty, sound = Seen(RuntimeError("a receiver that fails")), Seen()
    for connection in (faulty, sound):
        registry.add(connection)
    await sound.looked.wait()
    await faulty.looked.wait()
    sound.looked.clear()
    await sound.looked.wait()

    assert (True, False) == (faulty.aborted, sound.aborted)
    assert "a receiver that fails" in caplog.text
    for connection in (faulty, sound):
        registry.discard(connection)
