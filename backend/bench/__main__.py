"""Run one of the benchmarks.

`compare` runs scenarios on several servers and prints one table; `profile` shows the time of a send by stage; `cluster`
measures several processes that share a database and a bus; `lists` measures the live list of rooms; `library` compares
Alcove inside an application with `alcove serve`.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import cluster, library, lists, profile, report
from bench.generator import LoadError
from bench.machine import describe, raise_open_file_limit
from bench.peers.alcove import Alcove, Carrier
from bench.peers.base import BACKEND, Peer, UnavailableError
from bench.peers.nchan import Nchan
from bench.peers.socketio import SocketIo
from bench.peers.tutorial import Tutorial
from bench.run import run_all
from bench.scenarios import SCENARIOS, select_scenarios
from bench.server import ServerError

DEFAULT_OUT = BACKEND / "bench-results"
#: The peers besides Alcove.
_OTHERS: dict[str, type[Tutorial | SocketIo | Nchan]] = {"tutorial": Tutorial, "socket.io": SocketIo, "nchan": Nchan}


def create_parser() -> argparse.ArgumentParser:
    """Create the parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "benchmark", nargs="?", choices=["compare", "profile", "cluster", "lists", "library"], default="compare"
    )
    parser.add_argument(
        "--only", metavar="A,B", default="", help="scenarios: " + ", ".join(scenario.name for scenario in SCENARIOS)
    )
    parser.add_argument("--peers", metavar="A,B", default=",".join(["alcove", *_OTHERS]), help="of %(default)s")
    parser.add_argument(
        "--carrier",
        choices=["detached", "asgi", "both"],
        default="both",
        help="carriers (WebSocket implementations) of alcove to measure",
    )
    parser.add_argument("--repeat", type=int, default=5, help="runs of each scenario (%(default)s)")
    parser.add_argument(
        "--seconds", type=float, default=2.0, help="measured seconds of a run (%(default)s, at most 20)"
    )
    parser.add_argument(
        "--out", type=Path, default=DEFAULT_OUT, help="folder for results and the servers' files (%(default)s)"
    )
    return parser


def split_names(text: str) -> list[str]:
    """Split a comma-separated option."""
    return [name for name in text.split(",") if name]


def create_alcove_peers(carrier: str) -> list[Alcove]:
    """Create the peer for one carrier (WebSocket implementation), or one for each if `carrier` is `both`."""
    carriers: tuple[Carrier, ...] = ("detached", "asgi")
    return [Alcove(name) for name in carriers if carrier in {name, "both"}]


def create_peers(names: Sequence[str], carrier: str) -> list[Peer]:
    """Create the peers with these names. Raises ValueError if one is unknown."""
    peers: list[Peer] = []
    for name in names:
        if name == "alcove":
            peers += create_alcove_peers(carrier)
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
            print(f"skipped {peer.name}: {error}", file=sys.stderr)
    return versions, skipped


def run_comparison(args: argparse.Namespace) -> int:
    """Run the scenarios, print and write the report; return 1 if alcove lost or reordered anything."""
    scenarios = select_scenarios(split_names(args.only))
    peers = create_peers(split_names(args.peers), args.carrier)
    versions, skipped = prepare(peers)
    available_peers = [peer for peer in peers if peer.name in versions]
    cells = run_all(scenarios, available_peers, args.out, repeat=args.repeat, seconds=args.seconds)
    results = report.Report(describe(args.out), versions, skipped, args.repeat, args.seconds, cells)
    report.write_files(results, args.out)
    print(report.format_table(results))
    return int(any(cell.lost or cell.disordered or cell.errors for cell in cells if cell.peer.startswith("alcove")))


def run_profile(args: argparse.Namespace) -> int:
    """Profile alcove in the scenarios, or in `rooms-1-1`; return the exit code."""
    scenarios = select_scenarios(split_names(args.only or "rooms-1-1"))
    return profile.run(scenarios, create_alcove_peers(args.carrier), args.out, args.seconds)


def main() -> int:
    """Run the benchmark; return the exit code."""
    parser = create_parser()
    args = parser.parse_args()
    if sys.platform != "linux":
        parser.error("the bench needs Linux: epoll, processor affinity and /proc")
    if args.repeat < 1:
        parser.error(f"expected --repeat of at least 1, got {args.repeat}")
    if not 0 < args.seconds <= 20:
        parser.error(f"expected --seconds above 0 and up to 20, got {args.seconds:g}")
    args.out = args.out.resolve()
    args.out.mkdir(parents=True, exist_ok=True)
    raise_open_file_limit()
    # Exit through the context managers on SIGTERM too, so that they end the servers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        match args.benchmark:
            case "profile":
                return run_profile(args)
            case "cluster":
                return cluster.run(args.out, split_names(args.only), args.repeat, args.seconds)
            case "lists":
                return lists.run(args.out, args.seconds)
            case "library":
                return library.run(args.out, split_names(args.only), args.repeat, args.seconds)
            case _:
                return run_comparison(args)
    except ValueError as error:
        parser.error(str(error))
    except (LoadError, ServerError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
