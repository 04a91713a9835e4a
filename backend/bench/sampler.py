"""Run a server and sample the processor time of its main thread: `sampler.py OUT PROGRAM ARGUMENT...`.

SIGUSR1 starts, SIGUSR2 stops and writes OUT. The weight of a sample is the processor time that the main thread has used
since the previous one, so time of other threads and waiting do not count. C code counts for the line that called it.
The event loop's C code has no caller: its samples arrive at the first instruction of the next Python function, and are
named `(loop)`.
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
#: The opcode at which a Python function starts or resumes.
_RESUME = 151
_LOOPS = ("/asyncio/runners.py", "/asyncio/base_events.py", "/uvicorn/")


class Sampler:
    """Collects seconds by stack, innermost frame first; those of the garbage collector are counted separately."""

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
        """Start sampling (SIGUSR1)."""
        self.stacks.clear()
        gc.callbacks.append(self.collect)
        self._threads, self._wall, self._seen = _threads(), time.monotonic(), time.thread_time()
        signal.setitimer(signal.ITIMER_PROF, _EVERY_S, _EVERY_S)

    def end(self, number: int, frame: FrameType | None) -> None:
        """Take the last sample, stop, and write the results (SIGUSR2)."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        self.sample(number, frame)
        gc.callbacks.remove(self.collect)
        threads = {name: used - self._threads.get(name, 0) for name, used in _threads().items()}
        results = {
            "stacks": self.stacks,
            "threads": threads,
            "wall_s": time.monotonic() - self._wall,
            "collected_s": self.collected_s,
            "collections": self.collections,
        }
        written = self.out.with_suffix(".part")
        written.write_text(json.dumps(results))
        written.rename(self.out)

    def collect(self, phase: str, _about: dict[str, int]) -> None:
        """Count the time of a garbage collection, in any thread (gc.callbacks)."""
        if phase == "start":
            self._collecting = time.thread_time()
            return
        elapsed_s = time.thread_time() - self._collecting
        self.collected_s += elapsed_s
        self.collections += 1
        if threading.current_thread() is threading.main_thread():
            self._uncounted_s += elapsed_s

    def sample(self, _signal: int, frame: FrameType | None) -> None:
        """Count the time since the last sample for the main thread's stack (SIGPROF)."""
        now = time.thread_time()
        weight, self._seen = now - self._seen - self._uncounted_s, now
        self._uncounted_s = 0.0
        names: list[str] = []
        if frame is not None and _starts(frame) and _is_loop(frame.f_back):
            names.append("(loop)")
        while frame is not None:
            code = frame.f_code
            names.append(f"{code.co_filename}:{frame.f_lineno}:{code.co_qualname}")
            frame = frame.f_back
        self.stacks[";".join(names)] += weight  # type: ignore[assignment] # a Counter counts seconds as well


def _starts(frame: FrameType) -> bool:
    return frame.f_lasti < 0 or frame.f_code.co_code[frame.f_lasti] == _RESUME


def _is_loop(frame: FrameType | None) -> bool:
    return frame is None or any(name in frame.f_code.co_filename for name in _LOOPS)


def _threads() -> dict[str, float]:
    """Return the processor time in seconds of each thread, by its name."""
    return {
        thread.name: time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
        for thread in threading.enumerate()
        if thread.ident is not None
    }


if __name__ == "__main__":
    Sampler(Path(os.path.realpath(sys.argv[1])))
    sys.argv = sys.argv[2:]
    runpy.run_path(sys.argv[0], run_name="__main__")
