"""Test the list of the connections to a room over HTTP, with the cursor of each (W8)."""

import time

from tests.support.http import http
from tests.support.room_client import RoomClient
from tests.support.servers import ON_ONE_CARRIER, Server


async def test_w8_every_connection_is_listed_with_its_cursor(server: Server, item: str) -> None:
    before = time.time_ns() // 1_000_000
    async with (
        await RoomClient.join(server, item, name="Ada") as ada,
        await RoomClient.join(server, item, name="Bob"),
        http(server) as client,
    ):
        await ada.send_messages("one", "two")
        response = await client.get(f"/api/items/{item}/connections")
    result = response.json()

    assert result["head"] == 2
    assert sorted(line["name"] for line in result["connections"]) == ["Ada", "Bob"]
    for line in result["connections"]:
        assert line.keys() == {"member", "name", "process", "cursor", "lag", "state", "buffered", "since"}
        assert (line["cursor"], line["lag"], line["state"], line["buffered"]) == (2, 0, "in_step", 0)
        assert before <= line["since"] <= time.time_ns() // 1_000_000
        assert str(server.pid) in line["process"]
    assert ada.member_id in [line["member"] for line in result["connections"]]


@ON_ONE_CARRIER
async def test_w8_room_without_connections_lists_none(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item) as room:
        await room.send_messages("one", "two", "three")
    async with http(server) as client:
        result = (await client.get(f"/api/items/{item}/connections")).json()

    assert result == {"head": 3, "connections": []}
