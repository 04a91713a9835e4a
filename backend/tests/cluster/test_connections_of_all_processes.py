"""Test that any process lists the connections to a room on all processes (W8)."""

import os
import signal

from tests.support.http import http
from tests.support.room_client import RoomClient
from tests.support.servers import Server, Start


async def test_w8_each_process_lists_the_connections_of_all(pair: tuple[Server, Server], item: str) -> None:
    first_server, second_server = pair
    async with (
        await RoomClient.join(first_server, item, name="Ada") as ada,
        await RoomClient.join(second_server, item, name="Bob") as bob,
    ):
        await ada.send_messages("one", "two")
        await bob.wait_for_seq(2)
        for server in pair:
            async with http(server) as client:
                connection_list = (await client.get(f"/api/items/{item}/connections")).json()

            assert set(connection_list) == {"head", "connections"}
            assert connection_list["head"] == 2
            by_name = {line["name"]: line for line in connection_list["connections"]}
            assert {name: line["member"] for name, line in by_name.items()} == {
                "Ada": ada.member_id,
                "Bob": bob.member_id,
            }
            assert by_name["Ada"]["process"].endswith(f":{first_server.pid}")
            assert by_name["Bob"]["process"].endswith(f":{second_server.pid}")
            assert {(line["cursor"], line["lag"], line["state"]) for line in by_name.values()} == {(2, 0, "in_step")}


async def test_w8_process_without_connections_lists_those_of_the_others(pair: tuple[Server, Server], item: str) -> None:
    first_server, second_server = pair
    async with await RoomClient.join(second_server, item, name="Bob") as bob, http(first_server) as client:
        await bob.send_messages("hello")
        connection_list = (await client.get(f"/api/items/{item}/connections")).json()

    assert [(line["name"], line["cursor"], line["lag"]) for line in connection_list["connections"]] == [("Bob", 1, 0)]


async def test_w8_unresponsive_process_is_listed_as_unanswered(join: Start, item: str) -> None:
    first_server, second_server = join(), join()
    async with (
        await RoomClient.join(first_server, item, name="Ada"),
        await RoomClient.join(second_server, item, name="Bob"),
        http(first_server) as client,
    ):
        os.kill(second_server.pid, signal.SIGSTOP)
        try:
            connection_list = (await client.get(f"/api/items/{item}/connections")).json()
        finally:
            os.kill(second_server.pid, signal.SIGCONT)

    assert [line["name"] for line in connection_list["connections"]] == ["Ada"]
    (unanswered,) = connection_list["unanswered"]
    assert unanswered.endswith(f":{second_server.pid}")
