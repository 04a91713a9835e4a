"""Run timers in virtual time: the clock jumps to the next timer as soon as nothing else can run."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec

from tests.support.turns import run_turns

P = ParamSpec("P")


class _Selector(selectors.DefaultSelector):
    """A selector that advances the clock instead of waiting."""

    clock: "VirtualTimeLoop"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return without waiting; if nothing is ready, advance the clock by `timeout`."""
        if timeout is None:
            raise RuntimeError("every task waits for an event, and no timer is set")
        ready = super().select(0)
        if not ready:
            self.clock.now += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock moves only when every task waits for a timer.

    Tests of deadlines neither sleep nor depend on how busy the machine is.
    """

    def __init__(self) -> None:
        self.now = 0.0
        selector = _Selector()
        selector.clock = self
        super().__init__(selector)
        #: The messages of errors that no task handled.
        self.errors: list[str] = []
        self.set_exception_handler(lambda _, context: self.errors.append(str(context.get("exception") or context)))

    def time(self) -> float:
        """Return the virtual time in seconds since the loop was created."""
        return self.now


def virtual_time(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run an async test on a VirtualTimeLoop, and fail it if a task did not handle an error."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        loop = VirtualTimeLoop()
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(test(*args, **kwargs))
            assert not loop.errors, loop.errors

    return run


async def elapse(seconds: float) -> None:
    """Let `seconds` of virtual time pass, and run all timers that are due until then."""
    loop = asyncio.get_running_loop()
    due = loop.create_future()
    timer = loop.call_later(seconds, due.set_result, None)
    try:
        await due
    finally:
        timer.cancel()
    await run_turns()
