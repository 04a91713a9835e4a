"""Run scenarios on peers repeatedly, and collect the results."""

import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct, field

from alcove.progress import Progress
from bench.generator import LoadError, generate
from bench.machine import cores, cpu_s, memory
from bench.peers.base import Peer
from bench.scenarios import Scenario
from bench.server import Server, ServerError, run_server

#: Memory is stable when it changed by at most this share within this number of seconds; the last is the longest wait.
_STABLE_SHARE, _STABLE_S, _STABLE_WAIT_S = 0.001, 1.5, 15.0


class Cell(Struct):
    """The results of a peer in a scenario: the figures of each run, and what was lost."""

    scenario: str
    peer: str
    runs: list[tuple[float, ...]] = field(default_factory=list)
    #: Deliveries and acks that never arrived in all runs, and reads that were out of order.
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


class _ServerMeter:
    """Measures a server at the steps of the generator."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.cpu_s = 0.0
        self.elapsed_s = 0.0
        self.memory = 0.0

    def on_step(self, step: str) -> None:
        """Record the server's processor time or memory."""
        match step:
            case "measuring":
                self.cpu_s, self.elapsed_s = -cpu_s(self.server.pid), -time.monotonic()
            case "measured":
                self.cpu_s += cpu_s(self.server.pid)
                self.elapsed_s += time.monotonic()
            case "warm":
                self.memory = -self._stable_memory()
            case "open":
                self.memory += self._stable_memory()

    def _stable_memory(self) -> float:
        """Return the server's memory in bytes once it is stable."""
        end = time.monotonic() + _STABLE_WAIT_S
        before, since = memory(self.server.pid), time.monotonic()
        while time.monotonic() < min(end, since + _STABLE_S):
            time.sleep(0.1)
            now = memory(self.server.pid)
            if abs(now - before) > before * _STABLE_SHARE:
                before, since = now, time.monotonic()
        return before


def run_all(
    scenarios: Sequence[Scenario], peers: Sequence[Peer], out: Path, *, repeat: int, seconds: float, pin: bool = True
) -> list[Cell]:
    """Run every scenario on every peer, each run on a new server.

    Peers take turns, so that other load of the machine affects all of them alike.

    Args:
        scenarios: The scenarios.
        peers: The peers.
        out: The folder for the servers' files.
        repeat: Runs of each scenario on each peer.
        seconds: Measured seconds of a run.
        pin: Whether server and generator get a processor each.

    """
    cells: list[Cell] = []
    progress = Progress("runs", repeat * sum(scenario.suits(peer) for scenario in scenarios for peer in peers))
    for scenario in scenarios:
        row = [(Cell(scenario.name, peer.name), peer) for peer in peers if scenario.suits(peer)]
        for number in range(repeat):
            for cell, peer in row:
                _show(f"{progress}; {scenario.title}, {peer.name}, run {number + 1} of {repeat}")
                _run(scenario, peer, out, seconds, cell, pinned=cores() if pin else (None, None))
                progress.add(1)
        cells += [cell for cell, _ in row]
    _show("")
    progress.finish()
    return cells


def _run(
    scenario: Scenario, peer: Peer, out: Path, seconds: float, cell: Cell, *, pinned: tuple[int | None, int | None]
) -> None:
    """Run a scenario once on a new server, and add the result to its cell."""
    server_core, generator_core = pinned
    try:
        with run_server(peer, out, server_core) as server:
            meter = _ServerMeter(server)
            result = generate(scenario.plan(server.port, peer.dialect, seconds, generator_core), meter.on_step)
    except (LoadError, ServerError) as error:
        cell.errors.append(str(error))
        return
    cell.runs.append(scenario.figures(result, meter.memory))
    cell.lost += result.lost
    cell.disordered += result.disordered
    if meter.elapsed_s:
        cell.server_load.append(meter.cpu_s / meter.elapsed_s)
        cell.generator_load.append(result.load)


def _show(line: str) -> None:
    """Show progress on a line that the next one replaces."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()
