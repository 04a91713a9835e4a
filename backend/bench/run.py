"""Run scenarios on peers repeatedly, and collect the results."""

import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct, field

from alcove.progress import Progress
from bench.generator import LoadError, generate
from bench.machine import cores, cpu_s, memory_bytes
from bench.peers.base import Peer
from bench.scenarios import Scenario
from bench.server import Server, ServerError, run_server

#: Memory is stable when it has changed by at most this share in this number of seconds.
_STABLE_SHARE, _STABLE_S = 0.001, 1.5
#: The maximum number of seconds to wait for stable memory.
_STABLE_TIMEOUT_S = 15.0


class Cell(Struct):
    """The results of a peer in a scenario: the figures of each run, and the faults of all runs."""

    scenario: str
    peer: str
    runs: list[tuple[float, ...]] = field(default_factory=list)
    #: The number of deliveries and acks that never arrived.
    lost: int = 0
    #: The number of reads in which entries were out of order.
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
    """A meter of a server's processor time and memory between steps of the generator."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.cpu_s = 0.0
        self.elapsed_s = 0.0
        self.memory_growth_bytes = 0

    def on_step(self, step: str) -> None:
        """Record the server's processor time or memory."""
        match step:
            case "measuring":
                self.cpu_s, self.elapsed_s = -cpu_s(self.server.pid), -time.monotonic()
            case "measured":
                self.cpu_s += cpu_s(self.server.pid)
                self.elapsed_s += time.monotonic()
            case "warm":
                self.memory_growth_bytes = -self._wait_for_stable_memory()
            case "open":
                self.memory_growth_bytes += self._wait_for_stable_memory()

    def _wait_for_stable_memory(self) -> int:
        """Wait until the server's memory is stable, and return it in bytes."""
        deadline = time.monotonic() + _STABLE_TIMEOUT_S
        stable_bytes, stable_since = memory_bytes(self.server.pid), time.monotonic()
        while time.monotonic() < min(deadline, stable_since + _STABLE_S):
            time.sleep(0.1)
            current_bytes = memory_bytes(self.server.pid)
            if abs(current_bytes - stable_bytes) > stable_bytes * _STABLE_SHARE:
                stable_bytes, stable_since = current_bytes, time.monotonic()
        return stable_bytes


def run_all(
    scenarios: Sequence[Scenario], peers: Sequence[Peer], out: Path, *, repeat: int, seconds: float, pin: bool = True
) -> list[Cell]:
    """Run every scenario on every peer, each run on a new server.

    Peers run alternately, so that other load of the machine affects all of them alike.

    Args:
        scenarios: The scenarios.
        peers: The peers.
        out: The folder for the servers' files.
        repeat: The number of runs of each scenario on each peer.
        seconds: The measured seconds of a run.
        pin: Whether to pin server and generator to a processor each.

    """
    cells: list[Cell] = []
    progress = Progress("runs", repeat * sum(scenario.suits(peer) for scenario in scenarios for peer in peers))
    for scenario in scenarios:
        row = [(Cell(scenario.name, peer.name), peer) for peer in peers if scenario.suits(peer)]
        for number in range(repeat):
            for cell, peer in row:
                _show_progress(f"{progress}; {scenario.title}, {peer.name}, run {number + 1} of {repeat}")
                _run(scenario, peer, out, seconds, cell, processors=cores() if pin else (None, None))
                progress.add(1)
        cells += [cell for cell, _ in row]
    _show_progress("")
    progress.finish()
    return cells


def _run(
    scenario: Scenario, peer: Peer, out: Path, seconds: float, cell: Cell, *, processors: tuple[int | None, int | None]
) -> None:
    """Run a scenario once on a new server, and add the result to its cell."""
    server_core, generator_core = processors
    try:
        with run_server(peer, out, server_core) as server:
            meter = _ServerMeter(server)
            result = generate(scenario.plan(server.port, peer.dialect, seconds, generator_core), meter.on_step)
    except (LoadError, ServerError) as error:
        cell.errors.append(str(error))
        return
    cell.runs.append(scenario.figures(result, meter.memory_growth_bytes))
    cell.lost += result.lost
    cell.disordered += result.disordered
    if meter.elapsed_s:
        cell.server_load.append(meter.cpu_s / meter.elapsed_s)
        cell.generator_load.append(result.load)


def _show_progress(line: str) -> None:
    """Print a line to a terminal in place of the previous one."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()
