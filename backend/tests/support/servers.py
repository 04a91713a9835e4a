"""Start servers as separate processes on free ports of this machine, and record their output."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import pytest

from deploy.ports import free_port
from deploy.reaper import reaper
from tests.support.forked_command import ForkedCommand

BIN = Path(sys.executable).parent
ALCOVE = BIN / "alcove"
#: The carriers (WebSocket implementations) of `alcove serve`: its own on the transport, or that of the ASGI server.
CARRIERS = ["detached", "asgi"]
#: Marks a test whose result does not depend on the carrier, so that it runs on one only.
ON_ONE_CARRIER = pytest.mark.parametrize("carrier", CARRIERS[:1], indirect=True, scope="session")
#: Seconds that a server has to start, to print an awaited line, or to end.
TIMEOUT_S = 60.0
#: A part of a printed line that reports a problem.
PROBLEM = re.compile(r"Traceback|\bERROR\b|\bCRITICAL\b|never retrieved|never awaited")


class Process:
    """A running command, whose output a thread reads so that tests can wait for a line."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
        forked: bool = True,
    ) -> None:
        """Start the command.

        Args:
            command: The program and its arguments.
            cwd: The working directory.
            env: Environment variables in addition to those of this process.
            pass_fds: File descriptors that stay open in the command.
            forked: Whether to run `alcove` in a fork (ForkedCommand) if the platform allows it.

        """
        self.lines: list[str] = []
        self._lines_changed = threading.Condition()
        arguments = [str(part) for part in command]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1", **(env or {})}
        read_fd, write_fd = os.pipe()
        self._stdout = os.fdopen(read_fd, errors="replace")
        self._process: subprocess.Popen[bytes] | ForkedCommand
        try:
            if forked and command[0] == ALCOVE and sys.platform == "linux":
                self._process = ForkedCommand(arguments[1:], cwd=cwd, env=environment, output=write_fd)
            else:
                self._process = subprocess.Popen(  # noqa: S603 - the tests' own commands
                    arguments,
                    cwd=cwd,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=write_fd,
                    stderr=write_fd,
                    start_new_session=True,
                    pass_fds=pass_fds,
                )
        except BaseException:
            self._stdout.close()
            raise
        finally:
            os.close(write_fd)
        reaper().watch_process(self.pid)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The id of the process, which is also the id of its process group."""
        return self._process.pid

    @property
    def output(self) -> str:
        """Everything that was printed so far."""
        return "\n".join(self.lines)

    @property
    def problems(self) -> list[str]:
        """The printed lines that report a problem."""
        return [line for line in self.lines if PROBLEM.search(line)]

    def _read(self) -> None:
        with self._stdout as stdout:
            for line in stdout:
                with self._lines_changed:
                    self.lines.append(line.rstrip("\n"))
                    self._lines_changed.notify_all()
        with self._lines_changed:
            self._lines_changed.notify_all()

    def wait_for_line(self, pattern: str, *, since: int = 0) -> re.Match[str]:
        """Wait for a line that matches `pattern`, at the index `since` of `lines` or later.

        Raises AssertionError with the whole output if there is none after TIMEOUT_S, or if the command ends before.
        """
        deadline = time.monotonic() + TIMEOUT_S
        with self._lines_changed:
            while True:
                for line in self.lines[since:]:
                    if match := re.search(pattern, line):
                        return match
                remaining_s = deadline - time.monotonic()
                assert remaining_s > 0, f"{pattern!r} was not printed in {TIMEOUT_S} s:\n{self.output}"
                assert self._reader.is_alive(), f"ended before it printed {pattern!r}:\n{self.output}"
                self._lines_changed.wait(remaining_s)

    def end(self, signal_number: signal.Signals = signal.SIGTERM) -> float:
        """Send a signal to the process group, as a terminal does; return the seconds until the command has ended.

        If that takes longer than TIMEOUT_S, kill the group and raise AssertionError.
        """
        start = time.monotonic()
        if self._process.poll() is None:
            os.killpg(self.pid, signal_number)
        try:
            self._process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()
            raise AssertionError(f"did not end in {TIMEOUT_S} s:\n{self.output}") from None
        elapsed_s = time.monotonic() - start
        self._on_exit()
        return elapsed_s

    def wait_for_exit(self) -> int:
        """Wait until the command ends without a signal from here, and return its exit code."""
        code = self._process.wait(TIMEOUT_S)
        self._on_exit()
        return code

    def _on_exit(self) -> None:
        """Tell the reaper, because the id may be reused, and wait until the whole output is read."""
        reaper().forget_process(self.pid)
        self._reader.join(TIMEOUT_S)


class Address:
    """The address at which a server listens."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.ws = f"ws://127.0.0.1:{port}"


class Server(Process, Address):
    """A process that serves Alcove; it listens when the constructor returns."""

    #: All servers of this test run, whose output is searched for credentials at the end (A6).
    started: ClassVar[list["Server"]] = []

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        ready: str = r"Uvicorn running on http://127\.0\.0\.1:(?P<port>\d+)",
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        forked: bool = True,
    ) -> None:
        Process.__init__(self, command, cwd=cwd, env=env, forked=forked)
        self.started.append(self)
        try:
            Address.__init__(self, int(self.wait_for_line(ready)["port"]))
        except BaseException:
            self.end(signal.SIGKILL)
            raise


def start_alcove(
    *, port: int = 0, carrier: str = "detached", cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Server:
    """Start `alcove serve`, by default on a port that the kernel chooses."""
    return Server([ALCOVE, "serve", "--port", str(port)], cwd=cwd, env={"ALCOVE_CARRIER": carrier, **(env or {})})


def start_fastapi_dev(folder: Path, *app: str, env: Mapping[str, str] | None = None) -> Server:
    """Start `fastapi dev` in `folder`, which reloads when a file changes; `app` is the file of the application."""
    server = Server([BIN / "fastapi", "dev", *app, "--port", str(free_port())], cwd=folder, env=env)
    server.wait_for_line("Application startup complete")
    # The server listens only after that line.
    wait_until_listening(server.port)
    return server


def wait_until_listening(port: int) -> None:
    """Wait until a process listens on the port; connect every 10 ms, because no line of output reports it."""
    deadline = time.monotonic() + TIMEOUT_S
    never = threading.Event()
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, f"no process listens on port {port} after {TIMEOUT_S} s"
            never.wait(0.01)
        else:
            return


#: Starts a server with these settings, in the environment's form.
Start = Callable[..., Server]


@contextmanager
def without_problems(server: Server) -> Iterator[Server]:
    """End the server after the block, and check that it logged no warning or error."""
    try:
        yield server
    finally:
        server.end()
    assert server.problems == [], server.output
