"""Run scenarios on several servers and print one table.

Or `profile`: show the time of a send by stage; or `cluster`: measure several processes that share a database and a bus;
`lists`: measure the live list of rooms; or `library`: compare Alcove inside an application with `alcove serve`.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import cluster, library, lists, profile, report
from bench.generator import LoadError
from bench.machine import describe, raise_limits
from bench.peers.alcove import Alcove, Carrier
from bench.peers.base import BACKEND, Peer, UnavailableError
from bench.peers.nchan import Nchan
from bench.peers.socketio import SocketIo
from bench.peers.tutorial import Tutorial
from bench.run import run_all
from bench.scenarios import SCENARIOS, select_scenarios
from bench.server import ServerError

OUT = BACKEND / "bench-results"
_OTHERS: dict[str, type[Tutorial | SocketIo | Nchan]] = {"tutorial": Tutorial, "socket.io": SocketIo, "nchan": Nchan}


def arguments() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "what", nargs="?", choices=["compare", "profile", "cluster", "lists", "library"], default="compare"
    )
    parser.add_argument(
        "--only", metavar="A,B", default="", help="scenarios: " + ", ".join(scenario.name for scenario in SCENARIOS)
    )
    parser.add_argument("--peers", metavar="A,B", default=",".join(["alcove", *_OTHERS]), help="of %(default)s")
    parser.add_argument(
        "--carrier", choices=["detached", "asgi", "both"], default="both", help="carriers of alcove to measure"
    )
    parser.add_argument("--repeat", type=int, default=5, help="runs of each scenario (%(default)s)")
    parser.add_argument(
        "--seconds", type=float, default=2.0, help="measured seconds of a run (%(default)s, at most 20)"
    )
    parser.add_argument("--out", type=Path, default=OUT, help="folder for results and the servers' files (%(default)s)")
    return parser


def carriers_of(carrier: str) -> list[Alcove]:
    """Return alcove on one carrier or on both."""
    kinds: tuple[Carrier, ...] = ("detached", "asgi")
    return [Alcove(kind) for kind in kinds if carrier in {kind, "both"}]


def peers_of(names: Sequence[str], carrier: str) -> list[Peer]:
    """Return the peers of these names. Raises ValueError if one is unknown."""
    peers: list[Peer] = []
    for name in names:
        if name == "alcove":
            peers += carriers_of(carrier)
        elif name in _OTHERS:
            peers.append(_OTHERS[name]())
        else:
            raise ValueError(f"unknown peer {name!r}; expected one of alcove, {', '.join(_OTHERS)}")
    return peers


def prepare(peers: Sequence[Peer]) -> tuple[dict[str, str], dict[str, str]]:
    """Prepare each peer; return the versions of those that can run, and the reasons why the others cannot."""
    versions: dict[str, str] = {}
    skipped: dict[str, str] = {}
    for peer in peers:
        try:
            versions[peer.name] = peer.prepare()
        except UnavailableError as error:
            skipped[peer.name] = str(error)
            print(f"{peer.name} is skipped: {error}", file=sys.stderr)
    return versions, skipped


def compare(options: argparse.Namespace) -> int:
    """Run the scenarios, print and write the report; return 1 if alcove lost or reordered anything."""
    scenarios = select_scenarios([name for name in options.only.split(",") if name])
    peers = peers_of([name for name in options.peers.split(",") if name], options.carrier)
    versions, skipped = prepare(peers)
    running = [peer for peer in peers if peer.name in versions]
    cells = run_all(scenarios, running, options.out, repeat=options.repeat, seconds=options.seconds)
    results = report.Report(describe(options.out), versions, skipped, options.repeat, options.seconds, cells)
    report.write(results, options.out)
    print(report.table(results))
    return int(any(cell.lost or cell.disordered or cell.errors for cell in cells if cell.peer.startswith("alcove")))


def profile_carriers(options: argparse.Namespace) -> int:
    """Profile alcove."""
    scenarios = select_scenarios([name for name in (options.only or "rooms-1-1").split(",") if name])
    versions, _ = prepare(carriers := carriers_of(options.carrier))
    return profile.run(scenarios, [peer for peer in carriers if peer.name in versions], options.out, options.seconds)


def main() -> int:
    """Run the benchmark; return the exit code."""
    parser = arguments()
    options = parser.parse_args()
    if sys.platform != "linux":
        parser.error("the bench needs Linux: epoll, processor affinity and /proc")
    if not (options.repeat >= 1 and 0 < options.seconds <= 20):
        parser.error("--repeat is at least 1, --seconds at most 20")
    options.out = options.out.resolve()
    options.out.mkdir(parents=True, exist_ok=True)
    raise_limits()
    # Exit through the context managers on SIGTERM too, so that they end the servers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        match options.what:
            case "profile":
                return profile_carriers(options)
            case "cluster":
                return cluster.run(
                    options.out, [name for name in options.only.split(",") if name], options.repeat, options.seconds
                )
            case "lists":
                return lists.run(options.out, options.seconds)
            case "library":
                only = [name for name in options.only.split(",") if name]
                return library.run(options.out, only, options.repeat, options.seconds)
            case _:
                return compare(options)
    except ValueError as error:
        parser.error(str(error))
    except (LoadError, ServerError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
