"""Run the load generator: a process that gets a plan and reports its steps."""

import subprocess
import sys
import threading
from collections.abc import Callable
from typing import IO

import msgspec

from bench.peers.base import BACKEND
from bench.plan import Answer, Failure, Plan, Result, Step

#: Seconds that a generator has beyond the measured ones: to open, drain and close connections.
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
    limit = threading.Timer(_TIMEOUT_S + 2 * plan.seconds, process.kill)
    limit.start()
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        return _follow(plan, process.stdin, process.stdout, on_step)
    finally:
        limit.cancel()
        process.kill()
        process.communicate()


def _follow(plan: Plan, to: IO[str], answers: IO[str], on_step: Callable[[str], None]) -> Result:
    _write_line(to, msgspec.json.encode(plan).decode())
    for line in answers:
        match msgspec.json.decode(line, type=Answer):
            case Step() as step:
                on_step(step.name)
                if step.wait:
                    _write_line(to, "")
            case Result() as result:
                return result
            case Failure(message=message):
                raise LoadError(message)
    raise LoadError("the generator ended without a result, or was killed because it took too long")


def _write_line(to: IO[str], line: str) -> None:
    to.write(line + "\n")
    to.flush()
