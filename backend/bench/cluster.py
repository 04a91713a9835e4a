"""Measure several processes that share a database and a bus: rates, latency, restarts and a crash."""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench import across, report, returning, rolling
from bench.machine import describe
from bench.peers.alcove import Alcove
from bench.peers.base import Peer
from bench.peers.shared import Shared
from bench.run import run_all
from bench.scenarios import select_scenarios
from deploy.engines import Postgres, Redis

#: The scenarios of the part `rates`.
_TABLE = ["room-1000-16", "rooms-10-8", "rooms-1-1"]
_PARTS = ["rates", "across", "rolling", "returning"]


def run(out: Path, only: Sequence[str], repeat: int, seconds: float) -> int:
    """Measure the chosen parts and print the results; return 1 if anything was lost or reordered.

    Args:
        out: The folder for results.
        only: The names of the parts; empty: all.
        repeat: Runs of each scenario.
        seconds: Measured seconds of a run.

    Raises:
        ValueError: A part is unknown.

    """
    if unknown := set(only) - set(_PARTS):
        raise ValueError(f"unknown part {unknown.pop()!r}; expected one of {', '.join(_PARTS)}")
    parts = only or _PARTS
    faults = 0
    with ExitStack() as stack:
        postgres, redis = Postgres(), Redis()
        for engine in (postgres, redis):
            stack.callback(engine.remove)
            engine.start()
        databases = stack.enter_context(ExitStack())
        if "rates" in parts:
            peers = [Shared(postgres, redis, 1, databases), Shared(postgres, redis, 2, databases)]
            faults += _measure_rates(
                [Alcove("detached"), *peers, Shared(postgres, None, 2, databases)], out, repeat, seconds
            )
        if "across" in parts:
            print(asyncio.run(across.measure(postgres, redis, databases, out)))
        if "returning" in parts:
            print(asyncio.run(returning.measure(postgres, redis, databases, out)))
    if "rolling" in parts:
        text, rolling_faults = asyncio.run(rolling.measure())
        faults += rolling_faults
        print(text)
    return int(bool(faults))


def _measure_rates(peers: Sequence[Peer], out: Path, repeat: int, seconds: float) -> int:
    """Print the table of rates; return how many of its cells have faults."""
    versions = {peer.name: peer.prepare() for peer in peers}
    cells = run_all(select_scenarios(_TABLE), peers, out, repeat=repeat, seconds=seconds, pin=False)
    note = "Every entry is synced to disk before delivery. Servers, engines and generator share the processors."
    results = report.Report(describe(out, pin=False), versions, {}, repeat, seconds, cells, note)
    print(report.format_table(results))
    return sum(bool(cell.lost or cell.disordered or cell.errors) for cell in cells)
