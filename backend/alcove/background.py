"""Start tasks that no caller awaits, and cancel tasks even if they ignore a first cancellation."""

import asyncio
import logging
from collections.abc import Coroutine

logger = logging.getLogger(__name__)

#: How often a task is cancelled at most.
_MAX_CANCELLATIONS = 10
#: Seconds to wait for the end of a task after each cancellation.
_WAIT_S = 0.5


async def cancel(*tasks: asyncio.Task[None] | None) -> None:
    """Cancel the tasks repeatedly until they have ended, at most `_MAX_CANCELLATIONS` times.

    A driver may swallow a cancellation, or take it for a network error and retry, so one cancellation is not enough. A
    task that ignores all of them is logged and left to the end of the event loop.

    Args:
        tasks: The tasks; None is skipped, so that callers may pass a task that was never started.

    """
    started = [task for task in tasks if task is not None]
    for _ in range(_MAX_CANCELLATIONS):
        running = [task for task in started if not task.done()]
        if not running:
            break
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=_WAIT_S)
    for task in started:
        if task.cancelled():
            continue
        if not task.done():
            logger.error("task %r ignores its cancellation; it is left running", task.get_name())
        elif error := task.exception():
            logger.debug("task %r ended with %r", task.get_name(), error)


class BackgroundTasks:
    """Running tasks that no caller awaits, referenced until they end.

    The event loop has only weak references to tasks, so a running task could otherwise be garbage collected.
    """

    def __init__(self) -> None:
        """Create an empty collection of tasks."""
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Start `work` as a task and return it; an exception that it raises is logged."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finish)
        return task

    async def close(self, timeout_s: float) -> None:
        """Wait up to `timeout_s` seconds for all tasks to end, then cancel those that are still running."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout_s)
        await cancel(*self._tasks)

    def _finish(self, task: asyncio.Task[None]) -> None:
        """Drop a task that has ended; log its exception if it failed."""
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a background task failed", exc_info=error)
