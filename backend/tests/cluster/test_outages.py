"""Test rooms on several processes while the database, the bus or a process fails (X2, X3, X4, P3)."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg  # type: ignore[import-untyped] # it ships no types
import pytest

from deploy.engines import Postgres, Redis
from tests.support.clusters import Engines
from tests.support.http import http
from tests.support.room_client import RoomClient, new_id, read_log, send
from tests.support.servers import Server, Start


@asynccontextmanager
async def join_readers(item: str, *servers: Server) -> AsyncIterator[list[RoomClient]]:
    """Join one client on each process, and let each read the first entry."""
    rooms = [await RoomClient.join(server, item, name=f"reader {n}") for n, server in enumerate(servers)]
    await rooms[0].send_messages("first")
    for room in rooms:
        await room.wait_for_seq(1)
    yield rooms
    for room in rooms:
        await room.socket.close()


async def send_until_stored(room: RoomClient, body: object) -> int:
    """Send a message, and repeat it while storage does not answer (S7); return its seq."""
    line = send(body, new_id())
    while (outcome := await room.request(line))["type"] == "error":
        assert outcome["code"] == "unavailable"
        assert outcome["retry_ms"] > 0
    return int(outcome["seq"])


async def assert_in_step(writer: RoomClient, reader: RoomClient, body: object) -> None:
    """Check that a message reaches the reader (X2); `make bench BENCH="cluster across"` measures the delay."""
    (seq,) = await writer.send_messages(body)
    await reader.wait_for_seq(seq)


@pytest.mark.parametrize("engines", ["redis"], indirect=True)
async def test_x2_readers_stay_in_step_during_failures_of_redis(engines: Engines, join: Start, item: str) -> None:
    redis = engines.bus
    assert isinstance(redis, Redis)
    async with join_readers(item, join(), join()) as (ada, bob):
        redis.end()
        for n in range(4):
            await assert_in_step(ada, bob, f"without {n}")
        redis.start()
        for n in range(4):
            await assert_in_step(bob, ada, f"again {n}")
        redis.hang()
        for n in range(4):
            await assert_in_step(ada, bob, f"hanging {n}")
        redis.go_on()
        await assert_in_step(bob, ada, "in the end")
        assert ada.entries == bob.entries


async def test_s7_x4_sends_resume_after_a_database_outage(engines: Engines, join: Start, item: str) -> None:
    postgres = engines.postgres
    assert isinstance(postgres, Postgres)
    async with join_readers(item, join(), join()) as (ada, bob):
        postgres.end()
        error = await ada.request(send("while away", "a"))
        assert (error["type"], error["code"]) == ("error", "unavailable")
        assert error["retry_ms"] > 0
        postgres.start()

        assert await send_until_stored(ada, "back") == 2
        assert await send_until_stored(bob, "here, too") == 3
        assert [entry["body"] for entry in await ada.wait_for_seq(3)] == ["first", "back", "here, too"]
        assert await bob.wait_for_seq(3) == ada.entries


async def test_x3_clients_of_a_killed_process_resume_on_another_without_loss(join: Start, item: str) -> None:
    first_server, second_server = join(), join()
    async with join_readers(item, first_server, second_server) as (ada, bob):
        acked: dict[str, int] = {}
        sent_ids: list[str] = []
        sends = [send(n) for n in range(300)]

        async def flood() -> None:
            for line in sends:
                sent_ids.append(line["id"])
                await ada.send_lines(line)

        flood_task = asyncio.create_task(flood())
        while len(acked) < 100:
            line = await ada.read_line()
            if line["type"] == "ack":
                acked[line["id"]] = line["seq"]
        first_server.end(signal.SIGKILL)
        await asyncio.gather(flood_task, return_exceptions=True)

        last = ada.entries[-1]["seq"]
        async with await RoomClient.join(
            second_server, item, name="reader 0", after=last, log=ada.hello["log"]
        ) as rejoined:
            assert not rejoined.hello["reset"]
            for outcome in await rejoined.request_all(*sends):
                assert acked.get(outcome["id"], outcome["seq"]) == outcome["seq"]
            async with http(second_server) as client:
                log = await read_log(client, item)
            assert sorted(entry["id"] for entry in log[1:]) == sorted(line["id"] for line in sends)
            assert await bob.wait_for_seq(301) == log
            assert last == 301 or await rejoined.wait_for_seq(301) == log[last:]


async def test_p3_members_of_a_killed_process_leave(join: Start, item: str) -> None:
    first_server, second_server = join(), join()
    async with join_readers(item, first_server, second_server) as (ada, bob):
        first_server.end(signal.SIGKILL)
        await bob.wait_for("presence", left=[ada.member_id], count=1)


async def test_p1_x1_members_of_a_stopped_process_leave(join: Start, item: str) -> None:
    first_server, second_server = join(), join()
    async with join_readers(item, first_server, second_server) as (ada, bob):
        first_server.end()
        await bob.wait_for("presence", left=[ada.member_id], count=1)


async def test_x5_sql_sends_are_delivered_after_a_database_outage(
    engines: Engines, join: Start, item: str, url: str
) -> None:
    async with join_readers(item, join(), join()) as (ada, bob):
        engines.postgres.end()
        engines.postgres.start()
        host = await asyncpg.connect(url)
        await host.execute("SELECT alcove_send($1, 'h', 'shop', 'Shop', 'shipped')", item)
        for room in (ada, bob):
            await room.wait_for_seq(2)
        await host.close()
