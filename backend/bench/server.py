"""Run a server under test in a child process, on a free port and pinned to a processor."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.machine import pinned
from bench.peers.base import Peer
from deploy.ports import free_port

#: Seconds that a server has to start, and to end.
_START_S, _END_S = 30.0, 10.0


class ServerError(Exception):
    """A server did not start."""


class Server(NamedTuple):
    """A server that accepts connections."""

    pid: int
    port: int
    folder: Path


@contextlib.contextmanager
def run_server(peer: Peer, out: Path, core: int | None, prefix: Sequence[str] = ()) -> Iterator[Server]:
    """Run a peer's server.

    Args:
        peer: The peer.
        out: The folder in which the server gets a new folder.
        core: The processor to which it is pinned; None: the system chooses.
        prefix: The words that replace the program in the peer's command; empty: nothing is replaced.

    Raises:
        ServerError: The server does not start.

    """
    folder = Path(tempfile.mkdtemp(prefix=f"{peer.name}-", dir=out))
    port = free_port()
    command = list(peer.command(port, folder))
    with (folder / "output.txt").open("wb") as output, pinned(core):
        process = subprocess.Popen(  # noqa: S603 - the peers' own commands
            [*prefix, *command[1:]] if prefix else command,
            cwd=folder,
            env={**os.environ, **peer.env(folder)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_listening(process, port, folder)
        yield Server(process.pid, port, folder)
    finally:
        _end(process)
        shutil.rmtree(folder)


def _wait_until_listening(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    """Wait until the port accepts connections. Raises ServerError."""
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise ServerError(f"the server did not start: {(folder / 'output.txt').read_text(errors='replace')[-1000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Terminate the process; if it does not end in time, kill its process group."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
