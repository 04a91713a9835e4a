"""Define and export the Prometheus metrics of this process (W7).

No metric name or label contains data of a member or an item (A6).
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from alcove.errors import Code
from alcove.observability.consumer_metrics import ConsumerMetricFamilies
from alcove.version import VERSION

#: Seconds between two measurements of the event loop's lag.
_LAG_INTERVAL_S = 1.0

# All metrics exist from the start of the process, so their creation times carry no information.
disable_created_metrics()  # type: ignore[no-untyped-call] # the library has no type here
#: Metrics of the whole process, which may run several instances of Alcove.
process_registry = CollectorRegistry()
ProcessCollector(registry=process_registry)
LIMITS = Counter(
    "alcove_limits_reached",
    "Times a limit was reached that has no error code, by limit.",
    ["limit"],
    registry=process_registry,
)
BUILD = Gauge(
    "alcove_build_info", "Always 1; the label is the version of this process.", ["version"], registry=process_registry
)
LOOP_LAG = Gauge(
    "alcove_event_loop_lag_seconds",
    "Lag of the event loop at the last measurement, in seconds.",
    registry=process_registry,
)
#: The states of a connection's cursor: at the head of its room, or behind the head.
CURSOR_STATES = ("in_step", "behind")
#: The outcomes of a send.
SEND_OUTCOMES = ("stored", "duplicate", "refused")
#: Limits without an error code. Of an address: `handshakes`, `refused_credentials`, `unauthenticated` (requests in
#: progress). Of a credential: `refused_credential`. Of a request: `head`, `time`, `http` (it is not HTTP). Of a
#: connection: `frame`, `control` (control frames), `turn` (input was deferred to a later turn of the event loop, L6).
#: Of the process: `descriptors`, `send_rates` (a rate in use was evicted), `bans` (a ban was refused), `lists_waiting`
#: (a list of rooms was refused because too many wait), `list_seconds` (a list of rooms was cancelled because it took
#: too long), `list_pending` (more rooms changed than may wait for one reader of the list), `list_changes` (more than
#: may be collected for all readers), `closed_rooms` (the room closed longest ago was forgotten).
LIMIT_NAMES = (
    "descriptors",
    "handshakes",
    "refused_credentials",
    "refused_credential",
    "unauthenticated",
    "head",
    "time",
    "http",
    "frame",
    "control",
    "turn",
    "send_rates",
    "bans",
    "lists_waiting",
    "list_seconds",
    "list_pending",
    "list_changes",
    "closed_rooms",
)

#: Why a bus message is rejected (X9).
BUS_REFUSAL_REASONS = ("forged", "replayed", "stale", "older_version")

# Create every label at zero: Prometheus does not see an increase in a series that starts at one.
for limit in LIMIT_NAMES:
    LIMITS.labels(limit)
BUILD.labels(VERSION).set(1)


class DeliveryCounter(Collector):
    """A counter of deliveries without the lock of `Counter`, which would cost more than the delivery itself.

    Only code on the event loop increases `count`, once per delivery.
    """

    def __init__(self) -> None:
        self.count = 0

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Yield the counter for Prometheus."""
        yield CounterMetricFamily("alcove_deliveries", "Entries delivered to connections in step.", value=self.count)


class Metrics:
    """The counters and histograms of one Alcove instance. Each instance in a process has its own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.sends = Counter(
            "alcove_sends", "Sends by outcome: stored, duplicate or refused.", ["outcome"], registry=registry
        )
        self.refusals = Counter("alcove_refusals", "Error lines sent to clients, by code.", ["code"], registry=registry)
        self.histories_lost = Counter(
            "alcove_histories_lost", "Rooms whose log was found to have lost entries.", registry=registry
        )
        self.bus_refused = Counter(
            "alcove_bus_refused",
            "Bus messages rejected, by reason; the log is read instead.",
            ["reason"],
            registry=registry,
        )
        self.commit_sends = Histogram(
            "alcove_commit_sends",
            "Sends in one commit.",
            buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1024),
            registry=registry,
        )
        self.commit_seconds = Histogram(
            "alcove_commit_seconds",
            "Time of one commit, in seconds.",
            buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 10),
            registry=registry,
        )
        #: The metrics of webhooks and handlers.
        self.consumers = ConsumerMetricFamilies(registry)
        self.deliveries = DeliveryCounter()
        registry.register(self.deliveries)
        # Create every label at zero, as for LIMITS.
        for outcome in SEND_OUTCOMES:
            self.sends.labels(outcome)
        for code in Code:
            self.refusals.labels(code)
        for reason in BUS_REFUSAL_REASONS:
            self.bus_refused.labels(reason)


#: The metrics of a separate server, whose process has no other Alcove.
SERVER_METRICS = Metrics()


class RoomCursors(Protocol):
    """The part of a room that the gauges read."""

    def cursor_states(self) -> Iterator[tuple[bool, int, int]]:
        """Yield for each connection whether it is in step, its lag in entries, and its buffered bytes."""
        ...


@dataclass(frozen=True, slots=True)
class ProcessState:
    """The state of a process that the gauges report, read when Prometheus scrapes."""

    #: The rooms in memory.
    rooms: Sequence[RoomCursors]
    #: The sends that wait for storage.
    sends_waiting: int
    #: The most sends that may wait for storage at once (L4).
    sends_waiting_limit: int
    #: The most connections that the process accepts (L3).
    connections_limit: int
    #: Whether messages of other processes arrive.
    bus_up: bool
    #: Whether storage takes writes.
    storage_up: bool
    #: Whether the process is shutting down.
    draining: bool
    #: The connections to the list of rooms.
    list_connections: int = 0
    #: Changed rooms that wait to be sent to readers of the list.
    list_pending: int = 0


class GaugeCollector(Collector):
    """Computes the gauges when Prometheus scrapes, so that they cost nothing between scrapes."""

    def __init__(self, state: ProcessState) -> None:
        """Store the state that the gauges are computed from."""
        self._state = state

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield every gauge. Connections, lag and buffers are summed over all rooms."""
        state = self._state
        rooms = state.rooms
        counts = dict.fromkeys(CURSOR_STATES, 0)
        lags, buffered_bytes = [0], 0
        for room in rooms:
            for in_step, lag, size in room.cursor_states():
                counts[CURSOR_STATES[not in_step]] += 1
                lags.append(lag)
                buffered_bytes += size
        connections = GaugeMetricFamily("alcove_connections", "Connections to rooms, by state.", labels=["state"])
        for cursor_state, count in counts.items():
            connections.add_metric([cursor_state], count)
        yield connections
        for name, text, value in (
            ("alcove_rooms", "Rooms in memory.", len(rooms)),
            ("alcove_lag_entries_max", "Lag of the slowest connection, in entries.", max(lags)),
            ("alcove_lag_entries_sum", "Sum of the lags of all connections, in entries.", sum(lags)),
            ("alcove_buffered_bytes", "Bytes written to connections and not yet sent.", buffered_bytes),
            ("alcove_list_connections", "Connections to the list of rooms.", state.list_connections),
            ("alcove_list_pending", "Changed rooms that readers of the list were not sent yet.", state.list_pending),
            ("alcove_connections_limit", "Connections this process accepts (L3).", state.connections_limit),
            ("alcove_sends_waiting", "Sends waiting for storage.", state.sends_waiting),
            ("alcove_sends_waiting_limit", "Sends that may wait for storage at once (L4).", state.sends_waiting_limit),
            ("alcove_bus_up", "1: the bus is connected; 0: heads of rooms are polled from storage.", state.bus_up),
            ("alcove_storage_up", "1: storage takes writes, as /readyz checks it; 0: it does not.", state.storage_up),
            (
                "alcove_draining",
                "1: this process is shutting down and accepts no connections; 0: it is not.",
                state.draining,
            ),
        ):
            yield GaugeMetricFamily(name, text, value=value)


def exposition(gauges: GaugeCollector, metrics: Metrics) -> bytes:
    """Encode all metrics in Prometheus's text format: those of the process and of one Alcove, and the gauges.

    Args:
        gauges: The gauges of the Alcove, computed by this call.
        metrics: The counters of the Alcove.

    """
    gauge_registry = CollectorRegistry()
    gauge_registry.register(gauges)
    return b"".join(map(generate_latest, (process_registry, metrics.registry, gauge_registry)))


async def measure_loop_lag() -> None:
    """Measure every second how late the event loop runs a timer, until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + _LAG_INTERVAL_S
        await asyncio.sleep(_LAG_INTERVAL_S)
        LOOP_LAG.set(max(0.0, loop.time() - due))
