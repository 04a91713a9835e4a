"""What this process counts, for Prometheus (W7); no name or label holds anything of a member's or an item's (A6)."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
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

#: Seconds between two looks at how late the event loop is.
_LAG_S = 1.0

# When each of them was first counted says nothing: all are there from the start.
disable_created_metrics()  # type: ignore[no-untyped-call] # the library left it so
registry = CollectorRegistry()
ProcessCollector(registry=registry)
SENDS = Counter(
    "alcove_sends", "Sends by what became of them: stored, duplicate or refused.", ["outcome"], registry=registry
)
REFUSALS = Counter("alcove_refusals", "Errors told to clients, by their code.", ["code"], registry=registry)
LIMITS = Counter(
    "alcove_limits_reached", "Times that a limit was reached which no code tells of.", ["limit"], registry=registry
)
HISTORIES_LOST = Counter(
    "alcove_histories_lost", "Rooms in memory whose log turned out to have lost entries.", registry=registry
)
BUS_REFUSED = Counter(
    "alcove_bus_refused",
    "Messages on the bus that were not believed, by the reason: the log was read instead.",
    ["reason"],
    registry=registry,
)
BATCH = Histogram(
    "alcove_commit_sends", "Sends in one commit.", buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1024), registry=registry
)
COMMIT = Histogram(
    "alcove_commit_seconds",
    "Time that one commit took.",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 10),
    registry=registry,
)
BUILD = Gauge("alcove_build_info", "Always 1; its label says which version runs.", ["version"], registry=registry)
LOOP = Gauge("alcove_event_loop_lag_seconds", "How late the event loop was, when last looked at.", registry=registry)
#: By state: `in_step` and `behind`.
STATES = ("in_step", "behind")
#: What may become of a send.
OUTCOMES = ("stored", "duplicate", "refused")
#: Of an address: `handshakes`, `refused_credentials`, `unauthenticated` requests; of a credential:
#: `refused_credential`; of a request: `head`, `time`, `http` (it is none); of a peer:
#: `frame`, `control` (too many control frames), `turn` (input was put off to a later turn of the event loop, L6);
#: of a process: `descriptors`, `send_rates` (a rate was forgotten while it was in use), `lists_waiting` and
#: `list_seconds` (a list of rooms was refused because others wait, or given up because it took too long).
REACHED = (
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
    "lists_waiting",
    "list_seconds",
)

#: Why a message on the bus is not believed (X9).
BUS_REASONS = ("forged", "replayed", "stale", "older_version")

# From zero on, or the first of its kind would be no increase to Prometheus.
for outcome in OUTCOMES:
    SENDS.labels(outcome)
for code in Code:
    REFUSALS.labels(code)
for limit in REACHED:
    LIMITS.labels(limit)
for reason in BUS_REASONS:
    BUS_REFUSED.labels(reason)
BUILD.labels(version("alcove")).set(1)


class Deliveries(Collector):
    """A count that only the event loop moves, once a delivery: it needs no lock, which would be its greatest cost."""

    def __init__(self) -> None:
        self.count = 0

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Tell it."""
        yield CounterMetricFamily("alcove_deliveries", "Entries handed to connections in step.", value=self.count)


DELIVERIES = Deliveries()
registry.register(DELIVERIES)


class Cursors(Protocol):
    """A room, as far as it is counted."""

    head: int

    def standing(self) -> Iterator[tuple[bool, int, int]]:
        """For each connection: whether it is in step, its lag in entries, and its bytes buffered."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """How this process stands as a whole."""

    sends_waiting: int
    sends_waiting_limit: int
    connections_limit: int
    bus_up: bool
    storage_up: bool
    draining: bool


class Snapshot(Collector):
    """What is looked at when Prometheus asks, instead of being counted all the time."""

    def __init__(self, rooms: Sequence[Cursors], standing: Standing) -> None:
        self._rooms = rooms
        self._standing = standing

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Count connections, lag and buffers of every room."""
        rooms, standing = self._rooms, self._standing
        counts = dict.fromkeys(STATES, 0)
        lags, buffered = [0], 0
        for room in rooms:
            for in_step, lag, held in room.standing():
                counts[STATES[not in_step]] += 1
                lags.append(lag)
                buffered += held
        connections = GaugeMetricFamily("alcove_connections", "Connections to rooms, by state.", labels=["state"])
        for state, count in counts.items():
            connections.add_metric([state], count)
        yield connections
        for name, text, value in (
            ("alcove_rooms", "Rooms in memory.", len(rooms)),
            ("alcove_lag_entries_max", "How far the connection that is furthest behind is behind.", max(lags)),
            ("alcove_lag_entries_sum", "How far all connections together are behind.", sum(lags)),
            ("alcove_buffered_bytes", "Bytes that connections have not taken yet.", buffered),
            ("alcove_connections_limit", "Connections that this process takes (L3).", standing.connections_limit),
            ("alcove_sends_waiting", "Sends that wait for storage.", standing.sends_waiting),
            ("alcove_sends_waiting_limit", "Sends that may wait for storage (L4).", standing.sends_waiting_limit),
            ("alcove_bus_up", "Whether announcements get through (1) or heads are polled (0).", standing.bus_up),
            ("alcove_storage_up", "Whether storage answers (1), as /readyz asks it.", standing.storage_up),
            ("alcove_draining", "Whether this process was told to stop (1) and lets nobody in.", standing.draining),
        ):
            yield GaugeMetricFamily(name, text, value=value)


def exposition(snapshot: Snapshot) -> bytes:
    """Everything, as Prometheus reads it."""
    now = CollectorRegistry()
    now.register(snapshot)
    return generate_latest(registry) + generate_latest(now)


async def watch_loop() -> None:
    """Note how late the event loop is, for ever."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + _LAG_S
        await asyncio.sleep(_LAG_S)
        LOOP.set(max(0.0, loop.time() - due))
