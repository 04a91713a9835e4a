"""Run the load generator in a child process, which executes a plan and reports its steps."""

import subprocess
import sys
import threading
from collections.abc import Callable
from typing import IO

import msgspec

from bench.peers.base import BACKEND
from bench.plan import Answer, Failure, Plan, Result, Step

#: Seconds that a generator has in addition to the measured ones, to open, drain and close connections.
_TIMEOUT_S = 120.0


class LoadError(Exception):
    """A run failed."""


def generate(plan: Plan, on_step: Callable[[str], None]) -> Result:
    """Execute the plan in a child process; call `on_step` with the name of each step. Raises LoadError."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.load"],
        cwd=BACKEND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    time_limit = threading.Timer(_TIMEOUT_S + 2 * plan.seconds, process.kill)
    time_limit.start()
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        return _run_plan(plan, process.stdin, process.stdout, on_step)
    finally:
        time_limit.cancel()
        process.kill()
        process.communicate()


def _run_plan(plan: Plan, stdin: IO[str], stdout: IO[str], on_step: Callable[[str], None]) -> Result:
    """Send the plan to the generator, and read its answers up to the result."""
    _write_line(stdin, msgspec.json.encode(plan).decode())
    for line in stdout:
        match msgspec.json.decode(line, type=Answer):
            case Step() as step:
                on_step(step.name)
                if step.wait:
                    _write_line(stdin, "")
            case Result() as result:
                return result
            case Failure(message=message):
                raise LoadError(message)
    raise LoadError("the generator ended without a result, or was killed because it took too long")


def _write_line(stdin: IO[str], line: str) -> None:
    stdin.write(line + "\n")
    stdin.flush()
