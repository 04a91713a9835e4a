"""Run turns of the event loop, and set a clock by hand."""

from collections.abc import Generator

from alcove.wire.connection import Receiver


class _Turn:
    """One turn of the event loop."""

    def __await__(self) -> Generator[None, None, None]:
        yield


async def run_turns(times: int = 20) -> None:
    """Let the event loop run `times` turns, so that all ready callbacks run.

    The default is enough, because the longest chain of callbacks in the tests takes fewer turns.
    """
    for _ in range(times):
        await _Turn()


def deliver(receiver: Receiver, frame: str) -> int:
    """Pass a text frame to the receiver, run its iterator to the end, and return the number of turns that this took."""
    return 1 + sum(1 for _ in receiver.on_text(frame) or ())


class ManualClock:
    """A clock that the test sets, in seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now
