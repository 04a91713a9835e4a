"""The machine under the bench: its processors, limits and disk, and what a process uses of them."""

import contextlib
import os
import platform
import resource
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def raise_limits() -> int:
    """Allow as many open files as the system lets; return their number."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def cores() -> tuple[int | None, int | None]:
    """A processor for the server and one for the generator, on two cores where there are; None: only one."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        return None, None
    server = allowed[0]
    siblings = _siblings(server)
    return server, next((core for core in allowed if core not in siblings), allowed[1])


def _siblings(core: int) -> set[int]:
    """The processors that share a core with this one."""
    path = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list")
    found = {core}
    with contextlib.suppress(OSError):
        for part in path.read_text().strip().split(","):
            first, _, last = part.partition("-")
            found |= set(range(int(first), int(last or first) + 1))
    return found


@contextlib.contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Run on one processor, so that a process started here does, from its first instruction on."""
    before = os.sched_getaffinity(0)
    if core is not None:
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def family(pid: int) -> list[int]:
    """The process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(stat.parent.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def memory(pid: int) -> int:
    """Bytes of memory of a process and its descendants, what they share counted once (PSS)."""
    total = 0
    for one in family(pid):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total


def cpu_s(pid: int) -> float:
    """Seconds of processor that a process and its descendants have used."""
    total = 0
    for one in family(pid):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def sync_ms(folder: Path) -> float:
    """Milliseconds that the disk under `folder` takes to sync 4 KiB: the median of a few."""
    path = folder / "sync.tmp"
    took = []
    with path.open("wb", buffering=0) as file:
        for _ in range(20):
            file.write(bytes(4096))
            start = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - start) * 1000)
    path.unlink()
    return statistics.median(took)


def describe(folder: Path, *, pin: bool = True) -> dict[str, str]:
    """What the figures depend on; `pin`: server and generator had a processor each where there are two."""
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    server, generator = cores()
    return {
        "processor": f"{model}, {len(os.sched_getaffinity(0))} usable",
        "pinned": "no" if server is None or not pin else f"server to {server}, generator to {generator}",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "disk": f"{sync_ms(folder):.2f} ms to sync 4 KiB",
    }
