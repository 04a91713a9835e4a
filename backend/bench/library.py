"""Compare Alcove inside an application, on plain uvicorn and with lean connections, with `alcove serve`."""

from pathlib import Path

from bench import report
from bench.machine import describe
from bench.peers.alcove import Alcove
from bench.peers.base import Peer
from bench.peers.library import Library
from bench.run import run_all
from bench.scenarios import select_scenarios

_SCENARIOS = ["memory", "connects", "room-1000-1", "room-1000-16", "rooms-10-8", "latency"]


def run(out: Path, only: list[str], repeat: int, seconds: float) -> int:
    """Measure, print and write the report; return 1 if anything was lost, out of order or failed.

    Raises ValueError if a name in `only` matches no scenario.
    """
    serve = Alcove("detached")
    serve.name = "alcove serve"
    peers: list[Peer] = [Library(lean=False), Library(lean=True), serve]
    cells = run_all(select_scenarios(only or _SCENARIOS), peers, out, repeat=repeat, seconds=seconds)
    versions = {peer.name: peer.prepare() for peer in peers}
    results = report.Report(describe(out), versions, {}, repeat, seconds, cells, note="All sync to disk.")
    report.write_files(results, out)
    print(report.format_table(results))
    return int(bool(results.faults()))
