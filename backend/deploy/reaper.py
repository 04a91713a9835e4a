"""Kill processes and remove folders that their owner left behind, in whatever way the owner ended.

`Reaper` starts this file as a process that reads what to watch from its standard input. The pipe closes when the owner
ends, even by SIGKILL; everything still watched is then killed and removed.
"""

import atexit
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path


class Reaper:
    """The owner's side: register processes and folders, and unregister those that the owner has cleaned up."""

    def __init__(self) -> None:
        # Isolated (-I), so that nothing in the environment or the working directory prevents its start.
        # In a separate session, so that a Ctrl-C or a signal to the owner's group does not end it first.
        self._process = subprocess.Popen(
            [sys.executable, "-I", __file__], stdin=subprocess.PIPE, start_new_session=True
        )
        self._pid = os.getpid()

    def watch_process(self, pid: int) -> None:
        """Kill this process, its children and its group when the owner ends."""
        self._write(f"+pid {pid}")

    def forget_process(self, pid: int) -> None:
        """Stop watching this process: it ended, and its id may be reused."""
        self._write(f"-pid {pid}")

    def watch_folder(self, folder: Path) -> None:
        """Remove this folder when the owner ends, if it still exists."""
        self._write(f"+folder {folder}")

    def close(self) -> None:
        """Kill and remove everything still watched, and wait until that is done."""
        if self._pid == os.getpid() and self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
            self._process.wait()

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode(errors="surrogateescape"))
        self._process.stdin.flush()


@cache
def reaper() -> Reaper:
    """Return the reaper of this process; started with the first call."""
    started = Reaper()
    atexit.register(started.close)
    return started


def family(pid: int) -> list[int]:
    """Return the ids of a process's children and its own; empty if it has ended. Linux only."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return [*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()), pid]
    return []


def main(lines: Iterable[bytes]) -> None:
    """Read what to watch until the owner ends; then kill and remove everything still watched."""
    pids: dict[str, None] = {}
    folders: dict[str, None] = {}
    for line in lines:
        verb, _, name = line.decode(errors="surrogateescape").rstrip("\n").partition(" ")
        watched = pids if verb.endswith("pid") else folders
        if verb.startswith("+"):
            watched[name] = None
        else:
            watched.pop(name, None)
    for pid in map(int, pids):
        # Children first listed, then killed: PostgreSQL's are in groups apart and may be stopped (SIGSTOP).
        for each in family(pid):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(each, signal.SIGKILL)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.stdin.buffer)
