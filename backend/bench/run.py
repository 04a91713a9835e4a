"""Run scenarios on peers, again and again, and keep what came out."""

import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct, field

from bench.generator import LoadError, generate
from bench.machine import cores, cpu_s, memory
from bench.peers.base import Peer
from bench.scenarios import Scenario
from bench.server import Server, ServerError, serving

#: Memory counts when it has not grown by more than this share for so many seconds.
_CALM, _CALM_S, _CALM_WAIT_S = 0.001, 1.5, 15.0


class Cell(Struct):
    """What a peer did in a scenario: the figures of each run, and whether all arrived."""

    scenario: str
    peer: str
    runs: list[tuple[float, ...]] = field(default_factory=list)
    #: Deliveries and acks that never came, in all runs; runs of bytes that were out of order.
    lost: int = 0
    disordered: int = 0
    #: The share of its processor that each side used, run by run.
    server_load: list[float] = field(default_factory=list)
    generator_load: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def medians(self) -> tuple[float, ...]:
        """The median of each figure; empty without a run."""
        return tuple(statistics.median(figures) for figures in zip(*self.runs, strict=True))


class _Watch:
    """Looks at a server while the generator goes from step to step."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.cpu_s = 0.0
        self.took_s = 0.0
        self.memory = 0.0

    def stepped(self, step: str) -> None:
        """Note the server's processor time, or its memory."""
        match step:
            case "measuring":
                self.cpu_s, self.took_s = -cpu_s(self.server.pid), -time.monotonic()
            case "measured":
                self.cpu_s += cpu_s(self.server.pid)
                self.took_s += time.monotonic()
            case "warm":
                self.memory = -self._calm_memory()
            case "open":
                self.memory += self._calm_memory()

    def _calm_memory(self) -> float:
        """The server's memory in bytes, once it does not grow any more."""
        end = time.monotonic() + _CALM_WAIT_S
        before, since = memory(self.server.pid), time.monotonic()
        while time.monotonic() < min(end, since + _CALM_S):
            time.sleep(0.1)
            now = memory(self.server.pid)
            if abs(now - before) > before * _CALM:
                before, since = now, time.monotonic()
        return before


def run_all(
    scenarios: Sequence[Scenario], peers: Sequence[Peer], out: Path, *, repeat: int, seconds: float, pin: bool = True
) -> list[Cell]:
    """Run every scenario on every peer `repeat` times, each on a fresh server.

    Peers take turns, so that whatever the machine does besides hits all of them alike. `pin`: server and generator
    have a processor each.
    """
    cells: list[Cell] = []
    for scenario in scenarios:
        row = [(Cell(scenario.name, peer.name), peer) for peer in peers if scenario.suits(peer)]
        for number in range(repeat):
            for cell, peer in row:
                _note(f"{scenario.title}, {peer.name}, run {number + 1} of {repeat}")
                _run(scenario, peer, out, seconds, cell, pinned=cores() if pin else (None, None))
        cells += [cell for cell, _ in row]
    _note("")
    return cells


def _run(
    scenario: Scenario, peer: Peer, out: Path, seconds: float, cell: Cell, *, pinned: tuple[int | None, int | None]
) -> None:
    """One run on a fresh server, into its cell."""
    server_core, generator_core = pinned
    try:
        with serving(peer, out, server_core) as server:
            watch = _Watch(server)
            result = generate(scenario.plan(server.port, peer.dialect, seconds, generator_core), watch.stepped)
    except (LoadError, ServerError) as error:
        cell.errors.append(str(error))
        return
    cell.runs.append(scenario.figures(result, watch.memory))
    cell.lost += result.lost
    cell.disordered += result.disordered
    if watch.took_s:
        cell.server_load.append(watch.cpu_s / watch.took_s)
        cell.generator_load.append(result.load)


def _note(line: str) -> None:
    """Say what is going on, on one line that the next one replaces."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()
