"""Run a server and sample the processor time of its main thread: `sampler.py OUT PROGRAM ARGUMENT...`.

SIGUSR1 starts the sampling; SIGUSR2 stops it and writes OUT. The weight of a sample is the processor time that the main
thread has used since the previous one, so other threads and waiting do not count. C code counts for the line that
called it. The event loop's C code has no caller, so its samples arrive at the first instruction of the next Python
function; they are named `(loop)`.
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

_INTERVAL_S = 0.001
#: The opcode at which a Python function starts or resumes.
_RESUME = 151
#: Parts of the paths of files that run the event loop.
_LOOP_FILES = ("/asyncio/runners.py", "/asyncio/base_events.py", "/uvicorn/")


class Sampler:
    """A sampler of the seconds of each stack, innermost frame first, without those of the garbage collector."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.stacks: Counter[str] = Counter()
        #: The processor time of the garbage collector, and the number of its runs.
        self.collected_s = 0.0
        self.collections = 0
        #: The processor time of the garbage collector in the main thread since the last sample.
        self._uncounted_s = 0.0
        #: The thread's processor time at the start of the current collection.
        self._collection_start_s = 0.0
        #: The main thread's processor time at the last sample.
        self._last_sample_s = 0.0
        #: The processor time of each thread, and the monotonic clock, at the start.
        self._start_thread_times_s: dict[str, float] = {}
        self._start_s = 0.0
        signal.signal(signal.SIGUSR1, self.begin)
        signal.signal(signal.SIGUSR2, self.end)
        signal.signal(signal.SIGPROF, self.sample)

    def begin(self, _signal: int, _frame: FrameType | None) -> None:
        """Start sampling (SIGUSR1)."""
        self.stacks.clear()
        gc.callbacks.append(self.collect)
        self._start_thread_times_s = _thread_times_s()
        self._start_s = time.monotonic()
        self._last_sample_s = time.thread_time()
        signal.setitimer(signal.ITIMER_PROF, _INTERVAL_S, _INTERVAL_S)

    def end(self, number: int, frame: FrameType | None) -> None:
        """Take the last sample, stop, and write the results (SIGUSR2)."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        self.sample(number, frame)
        gc.callbacks.remove(self.collect)
        threads = {name: time_s - self._start_thread_times_s.get(name, 0) for name, time_s in _thread_times_s().items()}
        results = {
            "stacks": self.stacks,
            "threads": threads,
            "wall_s": time.monotonic() - self._start_s,
            "collected_s": self.collected_s,
            "collections": self.collections,
        }
        # A reader that waits for the file must not read a part of it.
        part = self.out.with_suffix(".part")
        part.write_text(json.dumps(results))
        part.rename(self.out)

    def collect(self, phase: str, _info: dict[str, int]) -> None:
        """Count the time of a garbage collection, in any thread (gc.callbacks)."""
        if phase == "start":
            self._collection_start_s = time.thread_time()
            return
        elapsed_s = time.thread_time() - self._collection_start_s
        self.collected_s += elapsed_s
        self.collections += 1
        if threading.current_thread() is threading.main_thread():
            self._uncounted_s += elapsed_s

    def sample(self, _signal: int, frame: FrameType | None) -> None:
        """Count the time since the last sample for the main thread's stack (SIGPROF)."""
        now = time.thread_time()
        weight_s = now - self._last_sample_s - self._uncounted_s
        self._last_sample_s = now
        self._uncounted_s = 0.0
        names: list[str] = []
        if frame is not None and _has_just_started(frame) and _is_loop(frame.f_back):
            names.append("(loop)")
        while frame is not None:
            code = frame.f_code
            names.append(f"{code.co_filename}:{frame.f_lineno}:{code.co_qualname}")
            frame = frame.f_back
        self.stacks[";".join(names)] += weight_s  # type: ignore[assignment] # a Counter counts seconds as well


def _has_just_started(frame: FrameType) -> bool:
    return frame.f_lasti < 0 or frame.f_code.co_code[frame.f_lasti] == _RESUME


def _is_loop(frame: FrameType | None) -> bool:
    return frame is None or any(name in frame.f_code.co_filename for name in _LOOP_FILES)


def _thread_times_s() -> dict[str, float]:
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
