"""Several processes that share a database and a bus: rates, latency across them, and what befalls their readers."""

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
from bench.scenarios import chosen
from deploy.engines import Postgres, Redis

#: The scenarios of the table; the other parts have names of their own.
_TABLE = ["room-1000-16", "rooms-10-8", "rooms-1-1"]
_PARTS = ["rates", "across", "rolling", "returning"]


def run(out: Path, only: Sequence[str], repeat: int, seconds: float) -> int:
    """Measure the parts that are asked for, all without; print what came out. Raises ValueError for an unknown part."""
    if unknown := set(only) - set(_PARTS):
        raise ValueError(f"no part {unknown.pop()!r}; there are {', '.join(_PARTS)}")
    parts = only or _PARTS
    faults = 0
    with ExitStack() as running:
        postgres, redis = Postgres(), Redis()
        for engine in (postgres, redis):
            running.callback(engine.remove)
            engine.start()
        databases = running.enter_context(ExitStack())
        if "rates" in parts:
            peers = [Shared(postgres, redis, 1, databases), Shared(postgres, redis, 2, databases)]
            faults += _rates([Alcove("detached"), *peers, Shared(postgres, None, 2, databases)], out, repeat, seconds)
        if "across" in parts:
            print(asyncio.run(across.measure(postgres, redis, databases, out)))
        if "returning" in parts:
            print(asyncio.run(returning.measure(postgres, redis, databases, out)))
    if "rolling" in parts:
        said, noticed = asyncio.run(rolling.measure())
        faults += noticed
        print(said)
    return int(bool(faults))


def _rates(peers: Sequence[Peer], out: Path, repeat: int, seconds: float) -> int:
    """The table; how many of its cells are not as they should be."""
    versions = {peer.name: peer.prepare() for peer in peers}
    cells = run_all(chosen(_TABLE), peers, out, repeat=repeat, seconds=seconds, pin=False)
    note = "Every entry is synced to disk before delivery. Servers, engines and generator share the processors."
    found = report.Report(describe(out, pin=False), versions, {}, repeat, seconds, cells, note)
    print(report.table(found))
    return sum(bool(cell.lost or cell.disordered or cell.errors) for cell in cells)
