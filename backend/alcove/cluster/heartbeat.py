"""Run periodic work: send heartbeats, check heads while messages may be lost, repeat failed reads."""

import asyncio
from collections.abc import Callable

from alcove import background
from alcove.bus.base import Bus
from alcove.cluster.presence_sync import PresenceSync
from alcove.cluster.recovery import Recovery

#: Seconds between two heartbeats.
_PERIOD_S = 0.5
#: Heartbeats for each check of all heads while messages may be lost, so that readers are caught up within 2 s (X2).
_BEATS_PER_CHECK = 2


class Heartbeat:
    """Runs the periodic work of the cluster in one task, twice a second."""

    def __init__(self, bus: Bus, presence: PresenceSync, recovery: Recovery, is_up: Callable[[], bool]) -> None:
        """Create a stopped heartbeat.

        Args:
            bus: The bus between the processes.
            presence: Sends the heartbeats, and detects silent processes.
            recovery: Checks heads, and repeats reads that failed.
            is_up: Returns whether messages of other processes and of the database arrive.

        """
        self._bus = bus
        self._presence = presence
        self._recovery = recovery
        self._is_up = is_up
        self._task: asyncio.Task[None] | None = None

    @property
    def started(self) -> bool:
        """Whether `start` was called."""
        return self._task is not None

    def start(self) -> None:
        """Start the task that sends heartbeats."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Cancel the task."""
        await background.cancel(self._task)

    async def _run(self) -> None:
        """Send a heartbeat every half second, and repeat the reads that failed.

        Check all heads when the bus goes down, and every second while messages may be lost.
        """
        beats = 0
        was_up = True
        while True:
            beats += 1
            all_heard = self._presence.send_heartbeat() if self._bus.shared else True
            up = self._is_up()
            may_lose_messages = not up or not all_heard or self._bus.mixed_versions
            if (was_up and not up) or (may_lose_messages and beats % _BEATS_PER_CHECK == 0):
                self._recovery.check_all_heads()
            was_up = up
            self._recovery.retry()
            await asyncio.sleep(_PERIOD_S)
