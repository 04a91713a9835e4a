"""Test the application on other servers: their stop (Z1), and a Unix socket in open mode (A2)."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deploy.ports import free_port
from tests.support.clients import connect, wait_for_close_code
from tests.support.http import blocking_http
from tests.support.room_client import RoomClient
from tests.support.servers import BIN, Process, Server


@pytest.fixture(params=["0", "1"], ids=["in its own process", "in a worker"])
def hypercorn(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """Run hypercorn, which cancels the tasks of connections before it ends the application."""
    port = free_port()
    command = [BIN / "hypercorn", "alcove.main:app", "-b", f"127.0.0.1:{port}", "-w", request.param]
    server = Server(command, ready=rf"Running on http://127\.0\.0\.1:(?P<port>{port})", cwd=tmp_path)
    yield server
    server.end(signal.SIGKILL)


async def test_z1_stopping_hypercorn_sends_bye_and_1012(hypercorn: Server) -> None:
    room = await RoomClient.join(hypercorn, "foo")
    echo = await connect(hypercorn, "/ws")
    os.kill(hypercorn.pid, signal.SIGTERM)

    assert (await room.wait_for("bye"))["reason"] == "restart"
    assert [await room.wait_for_close(), await wait_for_close_code(echo)] == [1012, 1012]
    await asyncio.to_thread(hypercorn.wait_for_exit)
    # asyncio itself prints the tasks that hypercorn ends; none of them may be a task of Alcove.
    assert "alcove/" not in hypercorn.output


@pytest.fixture(params=["--uds", "--fd"])
def unix_socket(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """Run uvicorn in open mode on a Unix socket, given by its path or as a file descriptor."""
    path = tmp_path / "alcove.sock"
    command: list[str | Path] = [sys.executable, "-m", "uvicorn", "alcove.main:app"]
    with socket.socket(socket.AF_UNIX) as listener:
        if request.param == "--uds":
            process = Process([*command, "--uds", path], cwd=tmp_path)
        else:
            listener.bind(str(path))
            listener.set_inheritable(True)
            process = Process([*command, "--fd", str(listener.fileno())], cwd=tmp_path, pass_fds=[listener.fileno()])
        process.wait_for_line("running on")
    yield path
    process.end()


def test_a2_open_mode_accepts_clients_of_a_unix_socket(unix_socket: Path) -> None:
    transport = httpx.HTTPTransport(uds=str(unix_socket))
    with blocking_http("http://alcove", transport=transport) as client:
        response = client.get("/api/items")

    assert response.status_code == 200, response.text
