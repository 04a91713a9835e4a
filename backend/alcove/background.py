"""Ending what runs in the background, whatever swallows the cancellation on its way."""

import asyncio
import logging
from collections.abc import Coroutine

log = logging.getLogger("alcove")

#: How often a task is asked to end, and how long it is waited for each time, in seconds.
_ASKED = 10
_PATIENCE_S = 0.5


async def end(*tasks: asyncio.Task[None] | None) -> None:
    """Cancel the tasks and wait until they have ended, however they end; None stands for one never begun.

    A driver may swallow what cancels it, or take it for a fault of the network and try again, so one cancellation is
    not enough. A task that outlives them all is left to the event loop's end, and that is logged.
    """
    begun = [task for task in tasks if task is not None]
    for _ in range(_ASKED):
        running = [task for task in begun if not task.done()]
        if not running:
            break
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=_PATIENCE_S)
    for task in begun:
        if task.cancelled():
            continue
        if not task.done():
            log.error("%r does not end: left behind", task.get_name())
        elif error := task.exception():
            log.debug("%r ended with %r", task.get_name(), error)


class BackgroundTasks:
    """Run coroutines that no caller awaits, and keep their tasks until they end.

    The event loop holds tasks weakly, so without this a running task could be garbage collected.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Start `work` as a task, and log the exception if it fails."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finish)
        return task

    async def close(self, timeout_s: float) -> None:
        """Wait up to `timeout_s` seconds for all tasks, then cancel those that are left."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout_s)
        await end(*self._tasks)

    def _finish(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a background task failed", exc_info=error)
