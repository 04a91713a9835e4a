"""Runs a server and samples where its main thread's processor time goes: `sampler.py OUT PROGRAM ARGUMENT...`.

SIGUSR1 begins, SIGUSR2 ends and writes OUT. A sample weighs what the main thread has used since the one before, so
time of other threads and waiting do not count. What runs in C is found in the line that called it; the event loop's
own C, which nobody calls, in whatever Python runs next, at its first instruction: such samples are named `(loop)`.
"""

import gc
import json
import os
import runpy
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType

_EVERY_S = 0.001
#: The instruction at which a Python function begins, or goes on.
_RESUME = 151
_LOOPS = ("/asyncio/runners.py", "/asyncio/base_events.py", "/uvicorn/")


class Sampler:
    """Samples by stack, innermost frame first, in seconds; what the garbage collector took is kept apart."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.stacks: Counter[str] = Counter()
        self.collected_s = 0.0
        self.collections = 0
        self._uncounted_s = 0.0
        self._collecting = 0.0
        self._seen = 0.0
        self._threads: dict[str, float] = {}
        self._wall = 0.0
        signal.signal(signal.SIGUSR1, self.begin)
        signal.signal(signal.SIGUSR2, self.end)
        signal.signal(signal.SIGPROF, self.sample)

    def begin(self, _signal: int, _frame: FrameType | None) -> None:
        """Forget everything and begin."""
        self.stacks.clear()
        gc.callbacks.append(self.collect)
        self._threads, self._wall, self._seen = _threads(), time.monotonic(), time.thread_time()
        signal.setitimer(signal.ITIMER_PROF, _EVERY_S, _EVERY_S)

    def end(self, number: int, frame: FrameType | None) -> None:
        """Take what was used since the last sample, stop, and write what was found."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        self.sample(number, frame)
        gc.callbacks.remove(self.collect)
        threads = {name: used - self._threads.get(name, 0) for name, used in _threads().items()}
        found = {
            "stacks": self.stacks,
            "threads": threads,
            "wall_s": time.monotonic() - self._wall,
            "collected_s": self.collected_s,
            "collections": self.collections,
        }
        written = self.out.with_suffix(".part")
        written.write_text(json.dumps(found))
        written.rename(self.out)

    def collect(self, phase: str, _about: dict[str, int]) -> None:
        """The garbage collector begins or ends, in whichever thread."""
        if phase == "start":
            self._collecting = time.thread_time()
            return
        took = time.thread_time() - self._collecting
        self.collected_s += took
        self.collections += 1
        if threading.current_thread() is threading.main_thread():
            self._uncounted_s += took

    def sample(self, _signal: int, frame: FrameType | None) -> None:
        """Note where the main thread is."""
        now = time.thread_time()
        weight, self._seen = now - self._seen - self._uncounted_s, now
        self._uncounted_s = 0.0
        names: list[str] = []
        if frame is not None and _begins(frame) and _is_loop(frame.f_back):
            names.append("(loop)")
        while frame is not None:
            code = frame.f_code
            names.append(f"{code.co_filename}:{frame.f_lineno}:{code.co_qualname}")
            frame = frame.f_back
        self.stacks[";".join(names)] += weight  # type: ignore[assignment] # a Counter counts seconds as well


def _begins(frame: FrameType) -> bool:
    return frame.f_lasti < 0 or frame.f_code.co_code[frame.f_lasti] == _RESUME


def _is_loop(frame: FrameType | None) -> bool:
    return frame is None or any(name in frame.f_code.co_filename for name in _LOOPS)


def _threads() -> dict[str, float]:
    """Seconds of processor that each thread has used."""
    return {
        thread.name: time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
        for thread in threading.enumerate()
        if thread.ident is not None
    }


if __name__ == "__main__":
    Sampler(Path(os.path.realpath(sys.argv[1])))
    sys.argv = sys.argv[2:]
    runpy.run_path(sys.argv[0], run_name="__main__")
