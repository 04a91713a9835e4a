"""Show the time of a send in the main thread by stage, and in the thread that executes SQL."""

import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bench.generator import LoadError, generate
from bench.machine import cores
from bench.peers.alcove import Alcove
from bench.peers.base import BACKEND
from bench.plan import Result
from bench.scenarios import Scenario
from bench.server import Server, run_server

#: Rules of a part of the file's path, the beginning of the function's name and the stage. The innermost frame that
#: matches a rule decides, by the first rule that it matches.
_STAGES = [
    ("/alcove/protocol.py", "decode", "decode"),
    ("/alcove/protocol.py", "encode", "encode"),
    ("/alcove/rooms/outcome_lines.py", "on_outcomes", "acknowledge"),
    ("/alcove/rooms/outcome_lines.py", "", "acknowledge"),
    ("/alcove/rooms/session.py", "", "checks"),
    ("/alcove/limits.py", "", "checks"),
    ("/alcove/storage/committer.py", "", "queue"),
    ("/alcove/storage/", "", "hand-over to SQL"),
    ("/concurrent/futures/", "", "hand-over to SQL"),
    ("/alcove/rooms/readers.py", "_offer", "write"),
    ("/alcove/rooms/", "", "deliver"),
    ("/alcove/wire/", "write", "write"),
    ("/alcove/wire/", "try_write", "write"),
    ("/alcove/wire/connection.py", "", "write"),
    ("/alcove/wire/writer.py", "", "write"),
    ("/alcove/wire/", "", "read"),
    ("/websockets_sansio_impl.py", "send", "write"),
    ("/starlette/", "send", "write"),
    ("/starlette/", "receive", "read"),
    ("/uvicorn/", "", "read"),
]
_REST = "everything else"
#: Innermost frames of the event loop's C code.
_LOOP_FRAMES = ("(loop)", "/asyncio/runners.py")
_LOOP_STAGE = "event loop and sockets, in C"
_HOT_LINES = 12


class _SamplerSignals:
    """A sender of signals to the sampler in the server when the measured seconds begin and end."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def on_step(self, step: str) -> None:
        """Send the signal of the step, if it has one."""
        number = {"measuring": signal.SIGUSR1, "measured": signal.SIGUSR2}.get(step)
        if number is not None:
            os.kill(self.server.pid, number)


def run(scenarios: Sequence[Scenario], peers: Sequence[Alcove], out: Path, seconds: float) -> int:
    """Profile each scenario on each peer, and print the profiles; return the exit code."""
    for scenario in scenarios:
        if scenario.kind not in {"window", "paced"}:
            raise ValueError(
                f"expected a scenario that can be profiled (`window` or `paced`), got {scenario.name} ({scenario.kind})"
            )
        for peer in peers:
            peer.prepare()
            profile_path = out / f"profile-{peer.name}-{scenario.name}.json"
            profile_path.unlink(missing_ok=True)
            prefix = [sys.executable, str(BACKEND / "bench" / "sampler.py"), str(profile_path), peer.command(0, out)[0]]
            server_core, generator_core = cores()
            with run_server(peer, out, server_core, prefix) as server:
                signals = _SamplerSignals(server)
                result = generate(scenario.plan(server.port, peer.dialect, seconds, generator_core), signals.on_step)
                _wait_for(profile_path)
            print(format_profile(f"{peer.name}, {scenario.title}", json.loads(profile_path.read_text()), result))
    return 0


def _wait_for(path: Path) -> None:
    """Wait until the sampler has written its file. Raises LoadError after 10 s."""
    deadline = time.monotonic() + 10
    while not path.exists():
        if time.monotonic() > deadline:
            raise LoadError(f"the sampler has not written {path} after 10 s")
        time.sleep(0.02)


def find_stage(stack: str) -> str:
    """Return the stage of a stack of frames, innermost first."""
    frames = stack.split(";")
    if any(name in frames[0] for name in _LOOP_FRAMES):
        return _LOOP_STAGE
    for frame in frames:
        path, _, function = frame.rpartition(":")
        for path_part, function_start, stage in _STAGES:
            if path_part in path + function and function.rpartition(".")[2].startswith(function_start):
                return stage
    return _REST


def format_profile(title: str, profile: dict[str, dict[str, float]], result: Result) -> str:
    """Format a profile as the microseconds of a send by stage, and the lines that took most time."""
    sends = max(1, result.sends)
    wall_s, collected_s = float(profile["wall_s"]), float(profile["collected_s"])  # type: ignore[arg-type] # JSON: two plain figures
    stages: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    for stack, spent_s in profile["stacks"].items():
        stages[find_stage(stack)] += spent_s  # type: ignore[assignment] # a Counter counts seconds as well
        lines[stack.split(";")[0]] += spent_s  # type: ignore[assignment] # the same
    stages["garbage collector"] = collected_s  # type: ignore[assignment] # the same
    main_thread_s = sum(stages.values())

    def row(name: str, spent_s: float) -> str:
        return f"  {name:<32} {spent_s / sends * 1e6:8.2f} µs {spent_s / main_thread_s:6.1%}"

    other_threads = [
        row(f"thread {name}", spent_s)
        for name, spent_s in profile["threads"].items()
        if name != "MainThread" and spent_s
    ]
    return "\n".join(
        [
            f"{title}: {result.sends_per_s:,.0f} sends/s, {wall_s / sends * 1e6:.1f} µs each",
            *(row(name, spent_s) for name, spent_s in stages.most_common()),
            row("main thread", main_thread_s),
            *other_threads,
            row("main thread waits", max(0.0, wall_s - main_thread_s)),
            "  hottest lines of the main thread:",
            *(row(_shorten(line), spent_s) for line, spent_s in lines.most_common(_HOT_LINES)),
            "",
        ]
    )


def _shorten(frame: str) -> str:
    """Shorten a frame to the form `room.py:153 deliver`."""
    if ":" not in frame:
        return frame
    path, line, function = frame.rsplit(":", 2)
    return f"{Path(path).name}:{line} {function.rpartition('.')[2]}"[:32]
