"""Test that the live list reports changes on other processes, also while the bus is down (W10, X1, X2, X5)."""

import asyncpg  # type: ignore[import-untyped] # it ships no types
import pytest

from deploy.engines import Redis
from tests.support.clusters import Engines
from tests.support.credentials import token
from tests.support.http import http
from tests.support.list_clients import follow_list
from tests.support.room_client import RoomClient
from tests.support.servers import Server, Start

Pair = tuple[Server, Server]


async def test_w10_x1_list_reports_a_room_written_to_on_another_process(pair: Pair, item: str) -> None:
    first_server, second_server = pair
    async with http(first_server) as client, follow_list(second_server, prefix=item) as room_list:
        assert await room_list.wait_for_ready() == []
        for n in (1, 2):
            await client.post(f"/api/items/{item}/entries", json={"body": f"hello {n}"})
            line = await room_list.wait_for(item=item, head=n)
            assert line["last"]["body"] == f"hello {n}"


async def test_w10_x1_p5_list_reports_a_read_mark_moved_on_another_process(secured_pair: Pair, item: str) -> None:
    first_server, second_server = secured_pair
    ada, bob = (token(sub=sub, items={item: "rw"}) for sub in ("ada", "bob"))
    async with (
        await RoomClient.join(first_server, item, token=ada) as room,
        follow_list(second_server, token=bob) as room_list,
    ):
        await room_list.wait_for_ready()
        await room.send_messages("one", "two")
        await room_list.wait_for(item=item, head=2, unread=2)
        async with await RoomClient.join(first_server, item, token=bob) as room_of_bob:
            await room_of_bob.send_lines({"type": "read", "seq": 1})
            await room_list.wait_for(item=item, unread=1)


async def test_w10_x5_entries_sent_by_sql_are_listed_on_every_process(pair: Pair, item: str, pair_url: str) -> None:
    host = await asyncpg.connect(pair_url)
    first_server, second_server = pair
    async with (
        follow_list(first_server, prefix=item) as first_list,
        follow_list(second_server, prefix=item) as second_list,
    ):
        await first_list.wait_for_ready()
        await second_list.wait_for_ready()
        await host.execute("SELECT alcove_send($1, 'b', 'shop', 'Shop', 'shipped')", item)
        for room_list in (first_list, second_list):
            assert (await room_list.wait_for(item=item, head=1))["last"]["body"] == "shipped"
    await host.close()


@pytest.mark.parametrize("engines", ["redis"], indirect=True)
async def test_w10_x2_list_reports_rooms_while_the_bus_is_down(engines: Engines, join: Start, item: str) -> None:
    redis = engines.bus
    assert isinstance(redis, Redis)
    first_server, second_server = join(), join()
    async with http(first_server) as client, follow_list(second_server, prefix=item) as room_list:
        await room_list.wait_for_ready()
        redis.end()
        await client.post(f"/api/items/{item}/entries", json={"body": "while the bus is away"})
        await room_list.wait_for(item=item, head=1)
        redis.start()
        await client.post(f"/api/items/{item}/entries", json={"body": "and again"})
        await room_list.wait_for(item=item, head=2)


async def test_w10_a7_revocation_on_one_process_ends_the_list_on_another(secured_pair: Pair, item: str) -> None:
    first_server, second_server = secured_pair
    admin = {"Authorization": f"Bearer {token(sub='root', items={'*': 'rwm'})}"}
    async with (
        http(first_server) as client,
        follow_list(second_server, token=token(sub=item, items={"*": "r"})) as room_list,
    ):
        await room_list.wait_for_ready()
        (await client.post("/api/revoke", json={"sub": item}, headers=admin)).raise_for_status()
        code, last = await room_list.wait_for_close()
        assert (code, last and last["reason"]) == (4403, "revoked")
