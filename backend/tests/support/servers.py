"""Start servers as separate processes on free ports of this machine; every line that they print is kept."""

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
#: What can carry the sockets of `alcove serve`.
CARRIERS = ["detached", "asgi"]
#: Marks a test in which nothing hangs on what carries a socket: it runs on one of them.
ON_ONE_CARRIER = pytest.mark.parametrize("carrier", CARRIERS[:1], indirect=True, scope="session")
#: Seconds that a server has to start, or to print an awaited line.
TIMEOUT_S = 60.0
#: What no server prints while all goes well.
PROBLEM = re.compile(r"Traceback|\bERROR\b|\bCRITICAL\b|never retrieved|never awaited")


class Process:
    """A running command. A thread reads its output, so that tests can wait for a line."""

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
            env: Environment variables that differ from those of this process.
            pass_fds: File descriptors that stay open in the command.
            forked: Run `alcove` in a fork (ForkedCommand) if the platform allows; False: in a new interpreter.

        """
        self.lines: list[str] = []
        self._news = threading.Condition()
        arguments = [str(part) for part in command]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1", **(env or {})}
        reading, writing = os.pipe()
        self._stdout = os.fdopen(reading, errors="replace")
        self._process: subprocess.Popen[bytes] | ForkedCommand
        try:
            if forked and command[0] == ALCOVE and sys.platform == "linux":
                self._process = ForkedCommand(arguments[1:], cwd=cwd, env=environment, output=writing)
            else:
                self._process = subprocess.Popen(  # noqa: S603 - the tests' own commands
                    arguments,
                    cwd=cwd,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=writing,
                    stderr=writing,
                    start_new_session=True,
                    pass_fds=pass_fds,
                )
        except BaseException:
            self._stdout.close()
            raise
        finally:
            os.close(writing)
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
        """The printed lines that report a problem, and that no test expects."""
        return [line for line in self.lines if PROBLEM.search(line)]

    def _read(self) -> None:
        with self._stdout as stdout:
            for line in stdout:
                with self._news:
                    self.lines.append(line.rstrip("\n"))
                    self._news.notify_all()
        with self._news:
            self._news.notify_all()

    def line(self, pattern: str, *, since: int = 0) -> re.Match[str]:
        """Wait for a line that matches `pattern`, among those from number `since` on.

        Raises AssertionError with the whole output if none comes.
        """
        deadline = time.monotonic() + TIMEOUT_S
        with self._news:
            while True:
                for line in self.lines[since:]:
                    if match := re.search(pattern, line):
                        return match
                remaining_s = deadline - time.monotonic()
                assert remaining_s > 0, f"{pattern!r} was not printed in {TIMEOUT_S} s:\n{self.output}"
                assert self._reader.is_alive(), f"ended before it printed {pattern!r}:\n{self.output}"
                self._news.wait(remaining_s)

    def end(self, how: signal.Signals = signal.SIGTERM) -> float:
        """Send a signal to the process group, as a terminal does; return the seconds until it has ended.

        Raises AssertionError if that takes longer than TIMEOUT_S; then the group is killed.
        """
        start = time.monotonic()
        if self._process.poll() is None:
            os.killpg(self.pid, how)
        try:
            self._process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()
            raise AssertionError(f"did not end in {TIMEOUT_S} s:\n{self.output}") from None
        elapsed_s = time.monotonic() - start
        self._ended()
        return elapsed_s

    def exit_code(self) -> int:
        """Wait until the command ends by itself, and return its exit code."""
        code = self._process.wait(TIMEOUT_S)
        self._ended()
        return code

    def _ended(self) -> None:
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

    #: Every one of these tests; what they print is looked through in the end (A6).
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
            Address.__init__(self, int(self.line(ready)["port"]))
        except BaseException:
            self.end(signal.SIGKILL)
            raise


def alcove(
    *, port: int = 0, carrier: str = "detached", cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Server:
    """Start `alcove serve`, by default on a port that the kernel chooses."""
    return Server([ALCOVE, "serve", "--port", str(port)], cwd=cwd, env={"ALCOVE_CARRIER": carrier, **(env or {})})


def fastapi_dev(folder: Path, *app: str, env: Mapping[str, str] | None = None) -> Server:
    """Start `fastapi dev` in `folder`, which reloads when a file changes; `app`: the file of the application."""
    server = Server([BIN / "fastapi", "dev", *app, "--port", str(free_port())], cwd=folder, env=env)
    server.line("Application startup complete")
    # It listens only after that line, so a client that connects at once may still be refused.
    listening(server.port)
    return server


def listening(port: int) -> None:
    """Wait until a process listens on the port, checking every 10 ms, because no line of output says so."""
    deadline = time.monotonic() + TIMEOUT_S
    never = threading.Event()
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, f"nobody listens on port {port}"
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
