"""The scenarios of the benchmark, with their names, sizes and units."""

from typing import Literal

from msgspec import Struct

from bench.flood import FLOODS
from bench.peers.base import Peer
from bench.plan import Dialect, Plan, Result


class Scenario(Struct, frozen=True):
    """One row of the table."""

    name: str
    title: str
    kind: Literal["window", "paced", "opening", "idle", "flood"]
    rooms: int
    readers: int
    window: int = 1
    rate: float = 0
    #: The kind of frame that all floods send; empty: one flood of each kind.
    flood: str = ""
    #: The figures of the row. The bench measures `memory`, and the generator the others.
    figure: Literal["deliveries_per_s", "sends_per_s", "opened_per_s", "latency", "worst", "memory"] = (
        "deliveries_per_s"
    )

    def suits(self, peer: Peer) -> bool:
        """Return whether the peer can run the scenario.

        A flood has lines of Alcove's protocol, and a peer without rooms delivers each send to all connections.
        """
        if self.kind == "flood":
            return peer.dialect.subprotocol == "alcove.v1"
        return peer.has_rooms or not (self.kind in {"window", "paced"} and self.rooms > 1)

    @property
    def unit(self) -> str:
        """The unit of the figures."""
        if self.figure == "memory":
            return "KB"
        return "ms" if self.figure in {"latency", "worst"} else "/s"

    def plan(self, port: int, dialect: Dialect, seconds: float, core: int | None) -> Plan:
        """Return the plan of one run."""
        return Plan(
            kind=self.kind,
            port=port,
            dialect=dialect,
            rooms=self.rooms,
            readers=self.readers,
            window=self.window,
            rate=self.rate,
            flood=self.flood,
            warm_s=min(1.0, seconds / 2),
            seconds=seconds,
            core=core,
        )

    def figures(self, result: Result, memory_growth_bytes: int) -> tuple[float, ...]:
        """Return the figures of a run.

        These are p50 and p99 for `latency`, p50, p99 and maximum for `worst`, and one figure for the others.
        """
        match self.figure:
            case "memory":
                return (memory_growth_bytes / (self.rooms * self.readers) / 1024,)
            case "latency":
                return (result.p50_ms, result.p99_ms)
            case "worst":
                return (result.p50_ms, result.p99_ms, result.max_ms)
            case name:
                return (float(getattr(result, name)),)


def _fan_out(readers: int, window: int) -> Scenario:
    title = f"one room, {readers:,} readers, {window} in flight: deliveries/s"
    return Scenario(f"room-{readers}-{window}", title, "window", 1, readers, window)


def _flood(kind: str) -> Scenario:
    title = f"a round trip beside five floods of {kind}: p50 / p99 / max ms"
    return Scenario(f"flood-{kind.replace(' ', '-')}", title, "flood", 1, 1, flood=kind, figure="worst")


SCENARIOS = [
    *(_fan_out(readers, window) for readers in (100, 1000) for window in (1, 16, 256)),
    Scenario("rooms-10-1", "100 rooms of 10, 1 in flight each: deliveries/s", "window", 100, 10, 1),
    Scenario("rooms-10-8", "100 rooms of 10, 8 in flight each: deliveries/s", "window", 100, 10, 8),
    Scenario("rooms-1-1", "100 rooms of 1, 1 in flight each: sends/s", "window", 100, 1, 1, figure="sends_per_s"),
    Scenario("memory", "memory per idle connection, 5,000 in 100 rooms: KB", "idle", 100, 50, figure="memory"),
    Scenario("connects", "connections opened, 2,000 in 100 rooms: /s", "opening", 100, 20, figure="opened_per_s"),
    Scenario(
        "latency", "latency at 2,000 deliveries/s, one room of 100: p50 / p99 ms", "paced", 1, 100,
        rate=20, figure="latency",
    ),
    Scenario("flood", "a round trip beside five floods: p50 / p99 / max ms", "flood", 1, 1, figure="worst"),
    *(_flood(kind) for kind in FLOODS),
]  # fmt: skip


def select_scenarios(names: list[str]) -> list[Scenario]:
    """Return the scenarios with these names or prefixes (as `room-100`); without names, all.

    Raises:
        ValueError: A name matches no scenario.

    """
    for name in names:
        if not any(_matches(scenario, name) for scenario in SCENARIOS):
            raise ValueError(
                f"unknown scenario {name!r}; expected one of {', '.join(scenario.name for scenario in SCENARIOS)}"
            )
    return [scenario for scenario in SCENARIOS if not names or any(_matches(scenario, name) for name in names)]


def _matches(scenario: Scenario, name: str) -> bool:
    return scenario.name == name or scenario.name.startswith(f"{name}-")
