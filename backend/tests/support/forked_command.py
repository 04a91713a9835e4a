"""Run the command `alcove` in a fork of a process that has already imported it.

An interpreter needs about a second until `alcove serve` listens, nearly all of it for imports, and the tests start
hundreds of servers; a fork needs a fifteenth of that. Nothing else differs: the fork has its own process group, working
directory, environment and output, and calls what the installed script calls.
"""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from multiprocessing.context import ForkServerContext
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Protocol

#: The modules to import before the forks: those that take time, but not `alcove.main`, which reads the environment.
_PRELOADED_MODULES = [
    "alcove.app",
    "alcove.bus.postgres",
    "alcove.bus.redis",
    "alcove.cli",
    "alcove.server.command",
    "alcove.storage.postgres.log",
    "alcove.storage.sqlite.log",
    "httptools",
    "uvicorn.lifespan.on",
    "uvicorn.logging",
    "uvicorn.loops.uvloop",
    "websockets.legacy",
]


class _DuplicatedDescriptor(Protocol):
    def detach(self) -> int:
        """Return the descriptor in the fork."""
        ...


class _Output:
    """A file descriptor that is pickled as its duplicate for the fork."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __reduce__(
        self,
    ) -> tuple[Callable[[_DuplicatedDescriptor], _DuplicatedDescriptor], tuple[_DuplicatedDescriptor]]:
        return _unpickle, (DupFd(self._descriptor),)


def _unpickle(descriptor: _DuplicatedDescriptor) -> _DuplicatedDescriptor:
    return descriptor


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED_MODULES)
    return context


def _run(arguments: Sequence[str], cwd: Path | None, env: Mapping[str, str], output: _DuplicatedDescriptor) -> None:
    """Run the command in the fork, with its own process group, folder, environment and output."""
    os.setsid()
    descriptor = output.detach()
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr] # both are files, as in every interpreter
    if cwd is not None:
        os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["alcove", *arguments]
    from alcove.cli import main  # noqa: PLC0415 - only the fork needs it

    main()


class ForkedCommand:
    """A running `alcove`, with the methods of `subprocess.Popen` that the tests use."""

    def __init__(self, arguments: Sequence[str], *, cwd: Path | None, env: Mapping[str, str], output: int) -> None:
        """Start the command; stdout and stderr go to the file descriptor `output`."""
        self._process = _context().Process(target=_run, args=(arguments, cwd, env, _Output(output)), daemon=True)
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """Return the exit code; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end, and return the exit code. Raises subprocess.TimeoutExpired."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("alcove", timeout or 0.0)
        return self._process.exitcode
