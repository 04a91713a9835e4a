"""Test backup and restore as docs/operating.md describes: clients that had read more start over (R5, X8)."""

import asyncio
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import asyncpg  # type: ignore[import-untyped] # it ships no types
import pytest

from alcove.storage.open import open_log
from tests.support.http import http
from tests.support.room_client import RoomClient, send
from tests.support.servers import TIMEOUT_S, Server, start_alcove, without_problems
from tests.support.storage import execute, lose_tail

GUIDE = (Path(__file__).parents[2] / "docs/operating.md").read_text()


def guide_statement(prefix: str) -> str:
    """Return the only statement of the guide that begins with `prefix`."""
    (statement,) = re.findall(rf"^{prefix}.*;$", GUIDE, re.MULTILINE)
    return str(statement)


async def count_rooms_in_memory(server: Server) -> float:
    """Return the number of rooms that the server process has in memory."""
    async with http(server) as client:
        return float(re.findall(r"^alcove_rooms (\S+)$", (await client.get("/metrics")).text, re.MULTILINE)[0])


async def test_r5_restored_backup_with_a_new_id_resets_its_readers(tmp_path: Path) -> None:
    database, copy = tmp_path / "alcove.db", tmp_path / "copy.db"
    lost_send = send("after the backup")
    with without_problems(start_alcove(cwd=tmp_path)) as server:
        async with await RoomClient.join(server, "foo") as ada:
            await ada.send_messages("a", "b")
            with closing(sqlite3.connect(database)) as connection:
                connection.execute(guide_statement("VACUUM INTO").replace("/backup/alcove.db", str(copy)))
            await ada.request(lost_send)
            await ada.wait_for_seq(3)
    copy.replace(database)
    for name in ("alcove.db-wal", "alcove.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    with closing(sqlite3.connect(database)) as restored, restored:
        restored.execute(guide_statement("UPDATE meta"))

    with without_problems(start_alcove(cwd=tmp_path)) as server:
        async with await RoomClient.join(server, "foo", after=2, log=ada.hello["log"]) as rejoined:
            assert rejoined.hello["reset"]
            assert {"seq": 3, "duplicate": False}.items() <= (await rejoined.request(lost_send)).items()
            assert [entry["body"] for entry in await rejoined.wait_for_seq(3)] == ["a", "b", "after the backup"]


async def test_r5_postgresql_log_gets_a_new_id(postgres_url: str) -> None:
    ids = []
    for _ in range(2):
        log = await open_log(postgres_url)
        ids.append(log.id)
        await log.close()
        operator = await asyncpg.connect(postgres_url)
        await operator.execute(guide_statement("UPDATE alcove.meta"))
        await operator.close()

    assert ids[0] != ids[1]


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_r5_x8_inactive_room_gets_a_new_history_automatically(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    sqlite = f"sqlite:///{tmp_path / 'alcove.db'}"
    url = sqlite if engine == "sqlite" else str(request.getfixturevalue("postgres_url"))
    with without_problems(start_alcove(cwd=tmp_path, env={"ALCOVE_DATABASE_URL": url})) as server:
        before = await count_rooms_in_memory(server)
        async with await RoomClient.join(server, "closed") as ada:
            await ada.send_messages("kept", "lost", "lost, too")
        async with asyncio.timeout(TIMEOUT_S):
            while await count_rooms_in_memory(server) > before:
                pass
        await lose_tail(url, "closed", 1)
        async with http(server) as client:
            for n in range(2):
                await client.post(
                    "/api/items/closed/entries", json={"body": f"new {n}"}, headers={"authorization": "Bearer x"}
                )
        async with await RoomClient.join(server, "closed", after=3, log=ada.hello["log"]) as rejoined:
            assert rejoined.hello["reset"]
            assert rejoined.hello["log"] != ada.hello["log"]
            assert [entry["body"] for entry in await rejoined.wait_for_seq(3)] == ["kept", "new 0", "new 1"]


async def test_r5_x8_statement_of_the_guide_renews_every_history_at_runtime(postgres_url: str, tmp_path: Path) -> None:
    with without_problems(start_alcove(cwd=tmp_path, env={"ALCOVE_DATABASE_URL": postgres_url})) as server:
        before = await count_rooms_in_memory(server)
        async with await RoomClient.join(server, "closed") as ada:
            await ada.send_messages("kept", "lost")
        async with asyncio.timeout(TIMEOUT_S):
            while await count_rooms_in_memory(server) > before:
                pass
        async with await RoomClient.join(server, "open") as bob:
            await bob.send_messages("kept")
            await lose_tail(postgres_url, "closed", 1)
            await execute(postgres_url, guide_statement("UPDATE alcove.rooms SET log = replace"))
            async with await RoomClient.join(server, "closed") as eve:
                await eve.send_messages("new")
            async with await RoomClient.join(server, "closed", after=2, log=ada.hello["log"]) as rejoined:
                assert rejoined.hello["reset"]
                assert [entry["body"] for entry in await rejoined.wait_for_seq(2)] == ["kept", "new"]
            await bob.send_lines(send("the next use"))
            assert await bob.wait_for_close() == 1012
