"""Let the event loop turn, and move a clock by hand."""

from collections.abc import Generator

from alcove.wire.connection import Receiver


class _Turn:
    """One turn of the event loop."""

    def __await__(self) -> Generator[None, None, None]:
        yield


async def turn(times: int = 20) -> None:
    """Let the loop turn, so that all that is ready happens; twenty turns are more than any chain here takes."""
    for _ in range(times):
        await _Turn()


def take(receiver: Receiver, frame: str) -> int:
    """Have the receiver take a text frame to its end, as a carrier does; return how many turns of the loop it needs."""
    return 1 + sum(1 for _ in receiver.text(frame) or ())


class ManualClock:
    """A clock moved by hand, in seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now
