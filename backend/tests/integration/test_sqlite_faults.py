"""Test failing storage with open rooms: no acknowledged entry is lost, and no other is delivered (S3, S7)."""

import asyncio
import resource
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from alcove.limits import Retention
from alcove.storage.base import LogUnavailableError, RoomReadMark
from alcove.storage.sqlite import connection as sqlite_connection
from alcove.storage.sqlite.log import SqliteLog
from tests.support.drafts import append, message, read_bodies
from tests.support.http import http
from tests.support.room_client import RoomClient, read_log, send
from tests.support.servers import ON_ONE_CARRIER, TIMEOUT_S, Server, Start, start_alcove


@pytest.fixture(autouse=True)
def short_lock_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the time that this process waits for SQLite's lock."""
    monkeypatch.setattr(sqlite_connection, "_BUSY_S", 0.05)


@contextmanager
def full_disk(server: Server) -> Iterator[None]:
    """Limit the server's file sizes to one byte: writing fails, as on a full disk."""
    _, hard = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (hard, hard))


@ON_ONE_CARRIER
async def test_s7_sends_are_unavailable_on_a_full_disk_and_continue_afterwards(serve: Start) -> None:
    server = serve(ALCOVE_SENDS_PER_S="0")
    async with await RoomClient.join(server, "foo") as ada, await RoomClient.join(server, "foo", name="Bob") as bob:
        await ada.send_messages("before")
        sends = [send(f"during {n}") for n in range(50)]
        with full_disk(server):
            lines = await ada.request_all(*sends)
            assert {(line["type"], line["code"]) for line in lines} == {("error", "unavailable")}
            assert all(line["retry_ms"] > 0 for line in lines)
            await bob.lines_until_pong()
            assert bob.bodies == ["before"]
            # Reading needs no space on the disk, so connections are admitted.
            async with await RoomClient.join(server, "foo", name="Cyd") as cyd:
                assert [entry["body"] for entry in await cyd.wait_for_seq(1)] == ["before"]

        lines = await ada.request_all(*sends)
        assert [(line["seq"], line["duplicate"]) for line in lines] == [(2 + n, False) for n in range(50)]
        assert [entry["body"] for entry in await bob.wait_for_seq(51)] == [
            "before",
            *(f"during {n}" for n in range(50)),
        ]


@ON_ONE_CARRIER
async def test_w7_x8_readyz_is_503_on_a_full_disk_without_sends(serve: Start) -> None:
    server = serve()
    async with http(server) as client:
        assert (await client.get("/readyz")).status_code == 200
        with full_disk(server):
            async with asyncio.timeout(TIMEOUT_S):
                while (response := await client.get("/readyz")).status_code == 200:
                    pass
            assert response.json() == {"status": "unavailable", "storage": False, "bus": True}
            assert "alcove_storage_up 0.0" in (await client.get("/metrics")).text
        assert (await client.get("/readyz")).status_code == 200


@ON_ONE_CARRIER
async def test_s3_s7_temporarily_full_disk_loses_and_repeats_no_entry(serve: Start) -> None:
    server = serve(ALCOVE_SENDS_PER_S="0")
    async with await RoomClient.join(server, "foo") as ada, http(server) as client:
        open_sends = [send(f"{n}") for n in range(300)]
        acked: dict[str, int] = {}
        for round_ in range(20):
            batch = open_sends[:40]
            await ada.send_lines(*batch)
            if round_ % 2:
                with full_disk(server):
                    outcomes = [await ada.wait_for_outcome(line["id"]) for line in batch]
            else:
                outcomes = [await ada.wait_for_outcome(line["id"]) for line in batch]
            acked |= {line["id"]: line["seq"] for line in outcomes if line["type"] == "ack"}
            open_sends = [line for line in open_sends if line["id"] not in acked]
        stored = await read_log(client, "foo")

    assert open_sends == []
    assert {entry["id"]: entry["seq"] for entry in stored} == acked
    assert len(stored) == 300


async def test_s3_x3_acknowledged_sends_survive_a_kill(tmp_path: Path) -> None:
    server = start_alcove(cwd=tmp_path, env={"ALCOVE_SENDS_PER_S": "0"})
    acked: list[str] = []
    async with await RoomClient.join(server, "foo") as ada:
        for n in range(20):
            lines = await ada.request_all(*(send(f"{n}-{part}") for part in range(10)))
            acked += [line["id"] for line in lines if line["type"] == "ack"]
        await ada.send_lines(*(send(f"late {n}") for n in range(100)))
        server.end(signal.SIGKILL)
    assert (tmp_path / "alcove.db-wal").stat().st_size > 0

    restarted = start_alcove(cwd=tmp_path)
    async with http(restarted) as client:
        stored = [entry["id"] for entry in await read_log(client, "foo")]
    restarted.end()
    assert stored[: len(acked)] == acked
    assert len(acked) == 200
    assert len(set(stored)) == len(stored)


async def test_s7_log_is_unavailable_while_another_program_locks_the_file(tmp_path: Path) -> None:
    path = tmp_path / "alcove.db"
    log = await SqliteLog.open(path, Retention())
    await append(log, message("a"))
    with closing(sqlite3.connect(path, isolation_level=None)) as other_connection:
        other_connection.execute("BEGIN IMMEDIATE")
        for write in (lambda: log.append([message("b")]), lambda: log.move_read_marks([RoomReadMark("foo", "ada", 1)])):
            with pytest.raises(LogUnavailableError, match="database is locked"):
                await write()
        assert await read_bodies(log) == {1: '"hello"'}

    assert await append(log, message("b")) == [(2, False)]
    await log.close()


async def test_s7_full_database_stores_all_of_a_batch_or_nothing(tmp_path: Path) -> None:
    log = await SqliteLog.open(tmp_path / "alcove.db", Retention())
    await append(log, message("a"))
    await log._writer.run(lambda store: store._db.execute("PRAGMA max_page_count = 1").fetchall())
    with pytest.raises(LogUnavailableError, match="full"):
        await log.append([message(str(n), "x" * 10_000) for n in range(10)])

    assert await read_bodies(log) == {1: '"hello"'}
    assert await append(log, message("a"), message("0")) == [(1, True), (2, False)]
    await log.close()


async def test_s7_deleted_file_is_not_replaced_by_an_empty_one(tmp_path: Path) -> None:
    path = tmp_path / "alcove.db"
    moved = tmp_path / "moved.db"
    log = await SqliteLog.open(path, Retention())
    path.rename(moved)
    with pytest.raises(LogUnavailableError, match="unable to open"):
        await log.append([message("a")])
    with pytest.raises(LogUnavailableError, match="unable to open"):
        await log.read("foo", limit=1)
    assert not path.exists()

    moved.rename(path)
    assert await append(log, message("a")) == [(1, False)]
    await log.close()


async def test_s7_corrupt_page_is_an_error_and_does_not_stop_the_server(tmp_path: Path) -> None:
    path = tmp_path / "alcove.db"
    log = await SqliteLog.open(path, Retention())
    await append(log, *(message(str(n), "x" * 3000) for n in range(200)))
    await log.close()
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = b"\xff" * (len(content) - len(content) // 2)
    path.write_bytes(content)

    log = await SqliteLog.open(path, Retention())
    with pytest.raises(LogUnavailableError, match=r"malformed|Could not decode"):
        await log.read("foo", after=0, limit=500, max_bytes=1 << 30)
    assert (await log.room_states(["foo"]))["foo"].head == 200
    await log.close()


async def test_s7_concurrent_calls_on_a_missing_file_are_all_refused(tmp_path: Path) -> None:
    path = tmp_path / "alcove.db"
    log = await SqliteLog.open(path, Retention())
    path.rename(tmp_path / "moved.db")
    outcomes = await asyncio.gather(*(log.append([message(str(n))]) for n in range(100)), return_exceptions=True)

    assert {type(outcome) for outcome in outcomes} == {LogUnavailableError}
    await log.close()
