"""Encrypt the messages of a bus, so that only the processes of one log can read and write them (X9).

The server of the bus is not trusted: everyone who may publish there could forge messages, and everyone who may
subscribe could read them. So messages are encrypted and authenticated ("sealed") with a key that is kept in the log's
tables, and the names of channels hide the item. A message that cannot be opened is refused; what was missed on its
channel is read from the log (X2).
"""

import asyncio
import logging
import time
from collections.abc import Callable

from alcove.bus.base import Bus, OnGap, OnMessage
from alcove.bus.older_processes import PLAIN_CHANNEL, OlderProcesses
from alcove.bus.sealing import MAX_AGE_S, RefusedMessageError, Sealer
from alcove.observability.metrics import SERVER_METRICS, Metrics

logger = logging.getLogger(__name__)

#: Seconds over which channels with refused messages are collected before a gap is reported.
_COLLECT_S = 0.5

#: Why a message is refused → what is logged the first time.
_WARNINGS = {
    "forged": "a message was not sealed with this log's key; it is ignored, and the log is read instead",
    "replayed": "a message arrived a second time, or too late; it is ignored, and the log is read instead",
    "stale": f"a message is more than {MAX_AGE_S:.0f} s old or from the future; it is ignored, and the log is read"
    " instead. Set the clocks of the machines",
    "older_version": "a process of an older version publishes unsealed messages; they are ignored, and the log is read",
}


class SealedBus:
    """A bus that encrypts messages and carries them over another bus (Bus)."""

    shared = True

    def __init__(
        self,
        bus: Bus,
        key: bytes,
        log_id: str,
        *,
        clock_ns: Callable[[], int] = time.time_ns,
        metrics: Metrics = SERVER_METRICS,
    ) -> None:
        """Wrap another bus.

        Args:
            bus: The bus that carries the encrypted messages.
            key: 32 random bytes that only the processes of the log have.
            log_id: The id of the log.
            clock_ns: Returns the current time in ns since the epoch.
            metrics: The counters of refused messages.

        """
        self._bus = bus
        self._refused = metrics.bus_refused
        self._sealer = Sealer(key, log_id, clock_ns)
        self._older_processes = OlderProcesses(bus)
        #: Subscribed channels: public name → channel, and channel → public name.
        self._channels: dict[str, str] = {}
        self._names: dict[str, str] = {}
        #: Channels with refused messages, whose gap is reported soon.
        self._refused_channels: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._warned: set[str] = set()

    @property
    def up(self) -> bool:
        """Whether messages arrive (Bus)."""
        return self._bus.up

    @property
    def max_bytes(self) -> int:
        """The maximum size of a message in bytes, before it is sealed (Bus)."""
        return Sealer.max_bytes(self._bus.max_bytes)

    @property
    def mixed_versions(self) -> bool:
        """Whether a process of an older version runs (Bus)."""
        return self._older_processes.running

    async def start(self, on_message: OnMessage, on_gap: OnGap) -> None:
        """Start the other bus, and also subscribe to the plain-text heartbeats of older versions (Bus)."""
        self._on_message = on_message
        self._on_gap = on_gap
        await self._bus.start(self._receive, self._report_gap)
        self._bus.subscribe(PLAIN_CHANNEL)

    def subscribe(self, channel: str) -> None:
        """Subscribe to the channel (Bus)."""
        name = self._name(channel)
        self._channels[name], self._names[channel] = channel, name
        self._bus.subscribe(name)

    def unsubscribe(self, channel: str) -> None:
        """Unsubscribe from the channel (Bus)."""
        name = self._name(channel)
        self._channels.pop(name, None)
        self._names.pop(channel, None)
        self._refused_channels.discard(channel)
        self._bus.unsubscribe(name)

    def publish(self, channel: str, message: bytes, fallback: bytes | None = None) -> None:
        """Encrypt the message, or its fallback if it is too large, and publish it (Bus)."""
        if fallback is not None and len(message) > self.max_bytes:
            message = fallback
        self._bus.publish(self._name(channel), self._sealer.seal(channel, message))

    async def close(self) -> None:
        """Stop the timers, send the messages in the outbox, and disconnect (Bus)."""
        if self._timer is not None:
            self._timer.cancel()
        self._older_processes.close()
        await self._bus.close()

    # --- callbacks of the bus below

    def _receive(self, name: str, payload: bytes) -> None:
        """Decrypt a message and pass it on; if it is refused, report a gap on its channel within half a second."""
        if name == PLAIN_CHANNEL:
            if self._older_processes.receive(payload):
                self._count_refused("older_version")
        elif (channel := self._channels.get(name)) is not None:
            try:
                message = self._sealer.open(channel, payload)
            except RefusedMessageError as refused:
                self._count_refused(refused.reason)
                self._schedule_gap(channel)
            else:
                self._on_message(channel, message)

    def _report_gap(self, names: frozenset[str]) -> None:
        """Translate public names to subscribed channels, and report a gap on them."""
        if channels := frozenset(self._channels[name] for name in names if name in self._channels):
            self._on_gap(channels)

    def _schedule_gap(self, channel: str) -> None:
        """Schedule a report of a gap on a channel with a refused message, unless one is already scheduled."""
        self._refused_channels.add(channel)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_COLLECT_S, self._report_doubtful)

    def _report_doubtful(self) -> None:
        """Report a gap on all channels that had refused messages since the last report."""
        self._timer = None
        doubtful, self._refused_channels = self._refused_channels, set()
        if doubtful:
            self._on_gap(frozenset(doubtful))

    def _count_refused(self, reason: str) -> None:
        """Count a refused message, and log the first one with this reason."""
        self._refused.labels(reason).inc()
        if reason not in self._warned:
            self._warned.add(reason)
            logger.warning("bus: %s", _WARNINGS[reason])

    def _name(self, channel: str) -> str:
        """Return the public name of a channel; for a subscribed one from memory, else computed."""
        return self._names.get(channel) or self._sealer.channel_name(channel)
