"""Test that one process serves a log, unless all of them share a bus (X6, X7)."""

import asyncio
import re
import signal
from collections.abc import Awaitable, Iterator
from contextlib import ExitStack
from pathlib import Path

import asyncpg  # type: ignore[import-untyped] # it ships no types
import pytest

from alcove.storage.base import LockMode, Log, LogUnavailableError, LogUnusableError
from alcove.storage.open import open_log
from alcove.storage.postgres import lock as postgres_lock
from alcove.storage.postgres.lock import _LOCK_KEY
from alcove.storage.sqlite import lock as sqlite_lock
from deploy.ports import free_port
from tests.support.clients import TIMEOUT_S
from tests.support.credentials import SECRET, token
from tests.support.drafts import append, message
from tests.support.room_client import RoomClient
from tests.support.servers import ALCOVE, BIN, Process, start_alcove, start_fastapi_dev, without_problems

IN_USE_ERROR = "in use by another Alcove process.*stop that process first"
NO_BUS_ERROR = "another Alcove process uses this log.*stop it first, or set ALCOVE_BUS_URL"


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Provide a stack of servers, which end after the test."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def short_lock_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the time that a process waits for the lock."""
    monkeypatch.setattr(sqlite_lock, "_WAIT_S", 0.05)
    monkeypatch.setattr(postgres_lock, "_WAIT_S", 0.05)


async def failing_output(command: list[str | Path], cwd: Path, **env: str) -> list[str]:
    """Return the output of a command that must fail."""
    process = Process(command, cwd=cwd, env=env)
    try:
        assert await asyncio.to_thread(process.wait_for_exit) != 0, process.output
    finally:
        process.end(signal.SIGKILL)
    return process.lines


def alcove_line(lines: list[str]) -> str:
    """Return the only line of the output that Alcove printed."""
    (line,) = [line for line in lines if "alcove: " in line]
    assert not any("Traceback" in line for line in lines), lines
    return line


@pytest.mark.parametrize("storage", ["sqlite", "postgresql"])
async def test_x7_second_server_without_a_bus_fails_to_start_with_one_line(
    storage: str, tmp_path: Path, stack: ExitStack, request: pytest.FixtureRequest
) -> None:
    env, reason = {}, IN_USE_ERROR
    if storage == "postgresql":
        env, reason = {"ALCOVE_DATABASE_URL": request.getfixturevalue("postgres_url")}, NO_BUS_ERROR
    stack.enter_context(without_problems(start_alcove(cwd=tmp_path, env=env)))

    (line,), uvicorn_lines = await asyncio.gather(  # both wait for the lock, for seconds
        failing_output([ALCOVE, "serve", "--port", "0"], tmp_path, **env),
        failing_output([BIN / "uvicorn", "alcove.main:app", "--port", "0"], tmp_path, **env),
    )
    assert re.search(f"^alcove: .*{reason}", line)
    assert re.search(f"alcove: .*{reason}", alcove_line(uvicorn_lines))


async def test_x7_another_path_to_the_same_file_is_the_same_log(tmp_path: Path, stack: ExitStack) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "linked").symlink_to(folder)
    (tmp_path / "other.db").symlink_to(folder / "alcove.db")
    stack.enter_context(without_problems(start_alcove(cwd=folder)))

    paths = ("folder/alcove.db", "linked/alcove.db", "other.db", f"/{folder}/alcove.db")
    outputs = await asyncio.gather(
        *(
            failing_output([ALCOVE, "serve", "--port", "0"], tmp_path, ALCOVE_DATABASE_URL=f"sqlite:///{path}")
            for path in paths
        )
    )
    for (line,) in outputs:
        assert re.search(IN_USE_ERROR, line)


def test_x7_only_one_of_two_uvicorn_workers_starts(tmp_path: Path) -> None:
    command: list[str | Path] = [BIN / "uvicorn", "alcove.main:app", "--workers", "2", "--port", str(free_port())]
    workers = Process(command, cwd=tmp_path, env={})
    try:
        workers.wait_for_line("Application startup complete")
        workers.wait_for_line(f"alcove: .*{IN_USE_ERROR}")
        assert sum("Application startup complete" in line for line in workers.lines) == 1
        assert "Traceback" not in workers.output
    finally:
        workers.end()


def test_x7_reload_waits_for_the_end_of_the_previous_process(tmp_path: Path, stack: ExitStack) -> None:
    app = tmp_path / "app.py"
    app.write_text("from alcove.main import app as app\n")
    server = stack.enter_context(without_problems(start_fastapi_dev(tmp_path, str(app))))
    line_count = len(server.lines)

    app.write_text("from alcove.main import app as app  # changed\n")

    server.wait_for_line("Application startup complete", since=line_count)


@pytest.mark.parametrize("stop_signal", [signal.SIGTERM, signal.SIGKILL])
def test_x7_lock_ends_with_its_process(tmp_path: Path, stack: ExitStack, stop_signal: signal.Signals) -> None:
    start_alcove(cwd=tmp_path).end(stop_signal)

    assert stack.enter_context(without_problems(start_alcove(cwd=tmp_path)))


async def test_x7_revoke_command_works_beside_a_running_server(tmp_path: Path, stack: ExitStack) -> None:
    env = {"ALCOVE_SECRET": SECRET}
    server = stack.enter_context(without_problems(start_alcove(cwd=tmp_path, env=env)))
    async with await RoomClient.join(server, "foo", token=token(sub="walter")) as walter:
        command: list[str | Path] = [ALCOVE, "revoke", "--sub", "walter", "--url", server.url]
        assert await asyncio.to_thread(Process(command, cwd=tmp_path, env=env).wait_for_exit) == 0

        assert await walter.wait_for_close() == 4403


@pytest.mark.usefixtures("short_lock_timeout")
async def test_x7_only_processes_with_a_bus_share_a_log(postgres_url: str) -> None:
    def open_with_lock(mode: LockMode) -> Awaitable[Log]:
        return open_log(postgres_url, lock_mode=mode)

    first, second = await open_with_lock("shared"), await open_with_lock("shared")
    with pytest.raises(LogUnusableError, match=NO_BUS_ERROR):
        await open_with_lock("exclusive")
    await first.close()
    with pytest.raises(LogUnusableError, match=NO_BUS_ERROR):
        await open_with_lock("exclusive")
    await second.close()
    exclusive_log = await open_with_lock("exclusive")
    with pytest.raises(LogUnusableError, match="an Alcove process with ALCOVE_BUS_URL=memory:// uses this log"):
        await open_with_lock("shared")
    shared_log = await open_log(postgres_url)
    await shared_log.close()
    await exclusive_log.close()


async def end_sessions(url: str) -> None:
    """End the database sessions that hold the lock, as a failing database does."""
    operator = await asyncpg.connect(url)
    await operator.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'alcove lock' AND datname = current_database()"
    )
    await operator.close()


@pytest.mark.usefixtures("short_lock_timeout")
async def test_x7_lock_is_acquired_again_after_its_session_is_lost(postgres_url: str) -> None:
    log = await open_log(postgres_url, lock_mode="exclusive")
    lock = log._connections._lock  # type: ignore[attr-defined]
    lost = lock._lost
    await end_sessions(postgres_url)
    async with asyncio.timeout(TIMEOUT_S):
        await lost.wait()
        await lock._acquired.wait()

    assert await append(log, message("a")) == [(1, False)]
    with pytest.raises(LogUnusableError, match=NO_BUS_ERROR):
        await open_log(postgres_url, lock_mode="exclusive")
    await log.close()


async def test_x7_process_without_the_lock_neither_reads_nor_writes(postgres_url: str) -> None:
    log = await open_log(postgres_url, lock_mode="exclusive")
    lock = log._connections._lock  # type: ignore[attr-defined]
    other_process = await asyncpg.connect(postgres_url)
    lock_task = asyncio.create_task(other_process.execute("SELECT pg_advisory_lock($1)", _LOCK_KEY))
    await end_sessions(postgres_url)
    async with asyncio.timeout(TIMEOUT_S):
        await lock_task
        await lock._lost.wait()

    with pytest.raises(LogUnavailableError, match="lost the lock"):
        await append(log, message("a"))
    with pytest.raises(LogUnavailableError, match="lost the lock"):
        await log.read("foo", limit=1)
    await other_process.close()
    async with asyncio.timeout(TIMEOUT_S):
        await lock._acquired.wait()
    assert await append(log, message("a")) == [(1, False)]
    await log.close()
