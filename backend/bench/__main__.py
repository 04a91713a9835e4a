"""Run scenarios on servers side by side and print one table.

Or `profile`: show where a send's time goes; or `cluster`: measure several processes that share a database and a bus.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import cluster, profile, report
from bench.generator import LoadError
from bench.machine import describe, raise_limits
from bench.peers.alcove import Alcove, Carrier
from bench.peers.base import BACKEND, Peer, UnavailableError
from bench.peers.nchan import Nchan
from bench.peers.socketio import SocketIo
from bench.peers.tutorial import Tutorial
from bench.run import run_all
from bench.scenarios import SCENARIOS, chosen
from bench.server import ServerError

OUT = BACKEND / "bench-results"
_OTHERS: dict[str, type[Tutorial | SocketIo | Nchan]] = {"tutorial": Tutorial, "socket.io": SocketIo, "nchan": Nchan}


def arguments() -> argparse.ArgumentParser:
    """What the command understands."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="?", choices=["compare", "profile", "cluster"], default="compare")
    parser.add_argument(
        "--only", metavar="A,B", default="", help="scenarios: " + ", ".join(one.name for one in SCENARIOS)
    )
    parser.add_argument("--peers", metavar="A,B", default=",".join(["alcove", *_OTHERS]), help="of %(default)s")
    parser.add_argument("--carrier", choices=["detached", "asgi", "both"], default="both", help="ours on which")
    parser.add_argument("--repeat", type=int, default=5, help="runs of each scenario (%(default)s)")
    parser.add_argument(
        "--seconds", type=float, default=2.0, help="measured seconds of a run (%(default)s, at most 20)"
    )
    parser.add_argument("--out", type=Path, default=OUT, help="folder for results and the servers' files (%(default)s)")
    return parser


def carriers_of(carrier: str) -> list[Alcove]:
    """Ours, on the carriers asked for."""
    kinds: tuple[Carrier, ...] = ("detached", "asgi")
    return [Alcove(one) for one in kinds if carrier in {one, "both"}]


def peers_of(names: Sequence[str], carrier: str) -> list[Peer]:
    """The peers of these names. Raises ValueError."""
    found: list[Peer] = []
    for name in names:
        if name == "alcove":
            found += carriers_of(carrier)
        elif name in _OTHERS:
            found.append(_OTHERS[name]())
        else:
            raise ValueError(f"no peer {name!r}; there are alcove, {', '.join(_OTHERS)}")
    return found


def ready(peers: Sequence[Peer]) -> tuple[dict[str, str], dict[str, str]]:
    """Prepare each; return the versions of those that can run, and why the others cannot."""
    versions: dict[str, str] = {}
    skipped: dict[str, str] = {}
    for peer in peers:
        try:
            versions[peer.name] = peer.prepare()
        except UnavailableError as error:
            skipped[peer.name] = str(error)
            print(f"{peer.name} is left out: {error}", file=sys.stderr)
    return versions, skipped


def compare(asked: argparse.Namespace) -> int:
    """Run, print, write; 1 where one of ours lost or disordered anything."""
    scenarios = chosen([name for name in asked.only.split(",") if name])
    peers = peers_of([name for name in asked.peers.split(",") if name], asked.carrier)
    versions, skipped = ready(peers)
    running = [peer for peer in peers if peer.name in versions]
    cells = run_all(scenarios, running, asked.out, repeat=asked.repeat, seconds=asked.seconds)
    found = report.Report(describe(asked.out), versions, skipped, asked.repeat, asked.seconds, cells)
    report.write(found, asked.out)
    print(report.table(found))
    return int(any(cell.lost or cell.disordered or cell.errors for cell in cells if cell.peer.startswith("alcove")))


def dissect(asked: argparse.Namespace) -> int:
    """Profile ours."""
    scenarios = chosen([name for name in (asked.only or "rooms-1-1").split(",") if name])
    versions, _ = ready(carriers := carriers_of(asked.carrier))
    return profile.run(scenarios, [peer for peer in carriers if peer.name in versions], asked.out, asked.seconds)


def main() -> int:
    """Run the bench."""
    parser = arguments()
    asked = parser.parse_args()
    if sys.platform != "linux":
        parser.error("the bench needs Linux: epoll, processor affinity and /proc")
    if not (asked.repeat >= 1 and 0 < asked.seconds <= 20):
        parser.error("--repeat is at least 1, --seconds at most 20")
    asked.out = asked.out.resolve()
    asked.out.mkdir(parents=True, exist_ok=True)
    raise_limits()
    # Ended from outside, it still ends the servers that it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        match asked.what:
            case "profile":
                return dissect(asked)
            case "cluster":
                return cluster.run(
                    asked.out, [name for name in asked.only.split(",") if name], asked.repeat, asked.seconds
                )
            case _:
                return compare(asked)
    except ValueError as error:
        parser.error(str(error))
    except (LoadError, ServerError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
