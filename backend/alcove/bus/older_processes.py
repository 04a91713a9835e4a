"""In rolling upgrades, detect processes of versions that encrypt no messages, and make them read the log."""

import asyncio
import os

import msgspec

from alcove.bus.base import Bus

#: The channel on which processes of older versions publish heartbeats in plain text.
PLAIN_CHANNEL = "!all"
#: Seconds without a message after which all processes of older versions count as ended.
_ENDED_S = 6.0
#: Seconds between two heartbeats that this process sends to processes of older versions.
_HEARTBEAT_S = 4.0
#: The beginning of process ids in this version's plain messages, by which its other processes recognize them.
_SEALED_ID = "sealed-"


class OlderProcesses:
    """The detection of processes of older versions, and the heartbeats that they get in plain text.

    They cannot read encrypted messages. A process that sends a heartbeat and then falls silent makes them poll the log
    for 4.5 s, so a heartbeat is published every 4 s.
    """

    def __init__(self, bus: Bus) -> None:
        """Start without a known process; `bus` carries the heartbeats in plain text."""
        self._bus = bus
        #: When a process of an older version last sent a message, by the event loop's clock; None: never.
        self._last_message_at: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def running(self) -> bool:
        """Whether a process of an older version sent a message within the last six seconds."""
        now = asyncio.get_running_loop().time()
        return self._last_message_at is not None and now - self._last_message_at < _ENDED_S

    def receive(self, payload: bytes) -> bool:
        """Handle a message on the plain channel; return whether a process of an older version sent it."""
        if f'"{_SEALED_ID}'.encode() in payload:
            return False
        self._last_message_at = asyncio.get_running_loop().time()
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
