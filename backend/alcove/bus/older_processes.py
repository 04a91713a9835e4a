"""Detect processes of versions that do not encrypt their messages, and make them read the log, in rolling upgrades."""

import asyncio
import os

import msgspec

from alcove.bus.base import Bus

#: The channel on which such processes publish their heartbeats, in plain text.
PLAIN_CHANNEL = "!all"
#: Seconds after its last message at which such a process counts as ended.
_ENDED_S = 6.0
#: Seconds between two heartbeats to such processes.
_HEARTBEAT_S = 4.0
#: The beginning of process ids in this version's plain messages, by which its other processes recognize them.
_SEALED_ID = "sealed-"


class OlderProcesses:
    """The detection of processes of older versions, and the heartbeats that they get in plain text.

    They cannot read encrypted messages. A process that sends a heartbeat and then falls silent makes them poll the log
    for 4.5 s, so one is published every 4 s.
    """

    def __init__(self, bus: Bus) -> None:
        """Start without a known process; `bus` carries the heartbeats in plain text."""
        self._bus = bus
        self._last_message: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def running(self) -> bool:
        """Whether a process of an older version sent a message within the last six seconds."""
        now = asyncio.get_running_loop().time()
        return self._last_message is not None and now - self._last_message < _ENDED_S

    def receive(self, payload: bytes) -> bool:
        """Handle a message on the plain channel; return whether a process of an older version sent it."""
        if f'"{_SEALED_ID}'.encode() in payload:
            return False
        self._last_message = asyncio.get_running_loop().time()
        if self._timer is None:
            self._publish_heartbeat()
        return True

    def close(self) -> None:
        """Stop publishing heartbeats."""
        if self._timer is not None:
            self._timer.cancel()

    def _publish_heartbeat(self) -> None:
        """Publish a heartbeat under a new process id, and again every 4 s while an older process runs."""
        self._timer = None
        if self.running:
            heartbeat = {"kind": "alive", "process": _SEALED_ID + os.urandom(6).hex()}
            self._bus.publish(PLAIN_CHANNEL, msgspec.json.encode(heartbeat))
            self._timer = asyncio.get_running_loop().call_later(_HEARTBEAT_S, self._publish_heartbeat)
