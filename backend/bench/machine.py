"""Describe the machine, pin processes to processors, and measure their memory and processor time."""

import contextlib
import os
import platform
import resource
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def raise_open_file_limit() -> int:
    """Raise the limit of open files of this process to the hard limit, and return it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def cores() -> tuple[int | None, int | None]:
    """Return processors for the server and the generator, on two cores if possible; None if there is only one."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        return None, None
    server = usable[0]
    siblings = _siblings(server)
    return server, next((core for core in usable if core not in siblings), usable[1])


def _siblings(core: int) -> set[int]:
    """Return the processors that share a core with this one, itself included."""
    path = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list")
    processors = {core}
    with contextlib.suppress(OSError):
        for part in path.read_text().strip().split(","):
            first, _, last = part.partition("-")
            processors |= set(range(int(first), int(last or first) + 1))
    return processors


@contextlib.contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Pin this process to one processor during the block, and so the children started in it; None: do nothing."""
    previous = os.sched_getaffinity(0)
    if core is not None:
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, previous)


def process_tree(pid: int) -> list[int]:
    """Return the ids of a process and all its descendants."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(stat.parent.name))
    pids = [pid]
    for child in pids:
        pids += children.get(child, [])
    return pids


def memory_bytes(pid: int) -> int:
    """Return the memory of a process and its descendants in bytes; shared pages count once (PSS)."""
    total = 0
    for process_id in process_tree(pid):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{process_id}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total


def cpu_s(pid: int) -> float:
    """Return the processor time in seconds that a process and its descendants have used."""
    ticks = 0
    for process_id in process_tree(pid):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICKS_PER_S


def sync_ms(folder: Path) -> float:
    """Return the median time in ms that the disk under `folder` takes to sync 4 KiB."""
    path = folder / "sync.tmp"
    times_ms = []
    with path.open("wb", buffering=0) as file:
        for _ in range(20):
            file.write(bytes(4096))
            start = time.perf_counter()
            os.fdatasync(file.fileno())
            times_ms.append((time.perf_counter() - start) * 1000)
    path.unlink()
    return statistics.median(times_ms)


def describe(folder: Path, *, pin: bool = True) -> dict[str, str]:
    """Return the properties of the machine on which the figures depend, by name.

    Args:
        folder: The folder whose disk is measured.
        pin: Whether server and generator were pinned to a processor each.

    """
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
