"""Test that a server without free file descriptors still stores sends (S7, L3)."""

import contextlib
import resource
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clients import eventually
from tests.support.room_client import RoomClient
from tests.support.servers import ALCOVE, CARRIERS, Server
from tests.support.storage import execute

#: Few enough for a test to use all of them.
DESCRIPTOR_LIMIT = 128


def start_limited(folder: Path, hard: int, *, soft: int | None = None, carrier: str = "detached", **env: str) -> Server:
    """Start `alcove serve` in a process whose limits of open files are `soft` and `hard`."""
    limits = f'ulimit -Sn {soft or hard}; ulimit -Hn {hard}; exec "$@"'
    command = ["bash", "-c", limits, "bash", str(ALCOVE), "serve", "--port", "0"]
    return Server(command, cwd=folder, env={"ALCOVE_CARRIER": carrier, **env})


@pytest.fixture(params=CARRIERS)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """Start a server with few file descriptors."""
    limited_server = start_limited(tmp_path, DESCRIPTOR_LIMIT, carrier=request.param)
    yield limited_server
    limited_server.end()


def count_open_files(server: Server) -> int:
    """Return the number of files that the server has open."""
    return len(list(Path(f"/proc/{server.pid}/fd").iterdir()))


async def use_all_descriptors(server: Server, stack: contextlib.ExitStack) -> None:
    """Open more connections than the server has descriptors for, and wait until it has none left."""
    for _ in range(2 * DESCRIPTOR_LIMIT):
        stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
    await eventually(lambda: count_open_files(server) >= DESCRIPTOR_LIMIT - 1)


async def test_s7_server_without_free_descriptors_stores_sends(server: Server) -> None:
    async with await RoomClient.join(server, "foo") as ada:
        with contextlib.ExitStack() as stack:
            await use_all_descriptors(server, stack)
            assert await ada.send_messages("first") == [1]
            assert await ada.send_messages("second", "third") == [2, 3]
        assert await ada.send_messages("fourth") == [4]
    # The server accepts new connections again.
    async with await RoomClient.join(server, "foo", name="Bob") as bob:
        assert len(await bob.wait_for_seq(4)) == 4
    assert sum("out of file descriptors" in line for line in server.lines) <= 2, server.output
    assert server.problems == []


async def test_s7_server_without_free_descriptors_reopens_its_database(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "alcove.db"
    async with await RoomClient.join(server, "foo") as ada:
        await ada.send_messages("first")
        with contextlib.ExitStack() as stack:
            await use_all_descriptors(server, stack)
            # The server opens the file again when another file has replaced it.
            copy = path.with_name("copy.db")
            await execute(f"sqlite:///{path}", f"VACUUM INTO '{copy}'")
            copy.rename(path)
            for name in ("alcove.db-wal", "alcove.db-shm"):
                path.with_name(name).unlink()
            assert await ada.send_messages("second") == [2]


def test_soft_limit_is_raised_to_the_hard_one(tmp_path: Path) -> None:
    server = start_limited(tmp_path, DESCRIPTOR_LIMIT, soft=100, ALCOVE_CONNECTIONS="10")
    try:
        assert resource.prlimit(server.pid, resource.RLIMIT_NOFILE) == (DESCRIPTOR_LIMIT, DESCRIPTOR_LIMIT)
    finally:
        server.end()


def test_descriptor_limit_below_the_settings_is_logged_at_the_start(tmp_path: Path) -> None:
    server = start_limited(tmp_path, DESCRIPTOR_LIMIT)
    server.end()
    (line,) = [line for line in server.lines if "ALCOVE_CONNECTIONS" in line]

    assert f"may open {DESCRIPTOR_LIMIT} files" in line
    # ALCOVE_CONNECTIONS is 20000 by default, and a process needs 200 other descriptors.
    assert "to 20200" in line
