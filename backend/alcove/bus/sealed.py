"""Encrypt the messages of a bus, so that only the processes of one log can read and write them (X9).

The server of the bus is not trusted: everyone who may publish there could forge messages, and everyone who may
subscribe could read them. So messages are encrypted and authenticated ("sealed") with a key that is kept in the log's
tables, and the names of channels hide the item. A message that cannot be opened is refused; the entries that
it may have announced are read from the log (X2).
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

#: Seconds from the first refused message to the report of a gap on all channels that had refused messages meanwhile.
_GAP_DELAY_S = 0.5

#: By the reason why a message is refused: what is logged the first time.
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
        self._refused_counter = metrics.bus_refused
        self._sealer = Sealer(key, log_id, clock_ns)
        self._older_processes = OlderProcesses(bus)
        #: The subscribed channels, by public name.
        self._channels: dict[str, str] = {}
        #: The public names of the subscribed channels, by channel.
        self._public_names: dict[str, str] = {}
        #: Channels with refused messages, on which a gap is reported soon.
        self._refused_channels: set[str] = set()
        #: Reports the gap; None: no message was refused since the last report.
        self._gap_timer: asyncio.TimerHandle | None = None
        #: The reasons of which a message was logged.
        self._logged_reasons: set[str] = set()

    @property
    def up(self) -> bool:
        """Whether messages arrive now on the bus that carries them (Bus)."""
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
        """Start the carrying bus, and subscribe on it to the plain-text heartbeats of older versions (Bus)."""
        self._on_message = on_message
        self._on_gap = on_gap
        await self._bus.start(self._receive, self._report_gap)
        self._bus.subscribe(PLAIN_CHANNEL)

    def subscribe(self, channel: str) -> None:
        """Subscribe to the channel (Bus)."""
        name = self._public_name(channel)
        self._channels[name], self._public_names[channel] = channel, name
        self._bus.subscribe(name)

    def unsubscribe(self, channel: str) -> None:
        """Unsubscribe from the channel (Bus)."""
        name = self._public_name(channel)
        self._channels.pop(name, None)
        self._public_names.pop(channel, None)
        self._refused_channels.discard(channel)
        self._bus.unsubscribe(name)

    def publish(self, channel: str, message: bytes, fallback: bytes | None = None) -> None:
        """Encrypt the message, or its fallback if it is too large, and publish it (Bus)."""
        if fallback is not None and len(message) > self.max_bytes:
            message = fallback
        self._bus.publish(self._public_name(channel), self._sealer.seal(channel, message))

    async def close(self) -> None:
        """Stop the timers, send the messages in the outbox, and disconnect (Bus)."""
        if self._gap_timer is not None:
            self._gap_timer.cancel()
        self._older_processes.close()
        await self._bus.close()

    # --- callbacks of the bus that carries the messages

    def _receive(self, name: str, payload: bytes) -> None:
        """Decrypt a message and pass it on; if it is refused, report a gap on its channel within half a second.

        Args:
            name: The public name of the channel.
            payload: The sealed message.

        """
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
        """Report a gap on the subscribed channels that have these public names."""
        if channels := frozenset(self._channels[name] for name in names if name in self._channels):
            self._on_gap(channels)

    def _schedule_gap(self, channel: str) -> None:
        """Schedule a report of a gap on a channel with a refused message, unless one is already scheduled."""
        self._refused_channels.add(channel)
        if self._gap_timer is None:
            self._gap_timer = asyncio.get_running_loop().call_later(_GAP_DELAY_S, self._report_refused_channels)

    def _report_refused_channels(self) -> None:
        """Report a gap on all channels that had refused messages since the last report."""
        self._gap_timer = None
        channels, self._refused_channels = self._refused_channels, set()
        if channels:
            self._on_gap(frozenset(channels))

    def _count_refused(self, reason: str) -> None:
        """Count a refused message, and log the first one with this reason."""
        self._refused_counter.labels(reason).inc()
        if reason not in self._logged_reasons:
            self._logged_reasons.add(reason)
            logger.warning("bus: %s", _WARNINGS[reason])

    def _public_name(self, channel: str) -> str:
        """Return the public name of a channel: stored for a subscribed channel, computed for any other one."""
        return self._public_names.get(channel) or self._sealer.channel_name(channel)
