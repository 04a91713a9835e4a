"""The load generator as the bench sees it: a process that is given a plan, and answers step by step."""

import subprocess
import sys
import threading
from collections.abc import Callable
from typing import IO

import msgspec

from bench.peers.base import BACKEND
from bench.plan import Answer, Failure, Plan, Result, Step

#: Seconds that a generator has besides those it measures: opening, draining, closing.
_PATIENCE_S = 120.0


class LoadError(Exception):
    """A run came to nothing."""


def generate(plan: Plan, stepped: Callable[[str], None]) -> Result:
    """Carry out the plan in a process of its own; `stepped` hears how far it is. Raises LoadError."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.load"],
        cwd=BACKEND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    limit = threading.Timer(_PATIENCE_S + 2 * plan.seconds, process.kill)
    limit.start()
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        return _follow(plan, process.stdin, process.stdout, stepped)
    finally:
        limit.cancel()
        process.kill()
        process.communicate()


def _follow(plan: Plan, to: IO[str], answers: IO[str], stepped: Callable[[str], None]) -> Result:
    _say(to, msgspec.json.encode(plan).decode())
    for line in answers:
        match msgspec.json.decode(line, type=Answer):
            case Step() as step:
                stepped(step.name)
                if step.wait:
                    _say(to, "")
            case Result() as result:
                return result
            case Failure(message=message):
                raise LoadError(message)
    raise LoadError("the generator ended, or was ended because it took too long")


def _say(to: IO[str], line: str) -> None:
    to.write(line + "\n")
    to.flush()
