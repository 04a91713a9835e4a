"""Ending what runs in the background, whatever swallows the cancellation on its way."""

import asyncio
import logging

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
