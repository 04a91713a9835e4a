"""Test that any process lists the connections to a room on all processes (W8)."""

import os
import signal

from tests.support.http import http
from tests.support.room_client import RoomClient
from tests.support.servers import Server, Start


async def test_w8_each_process_tells_of_the_connections_to_all(pair: tuple[Server, Server], item: str) -> None:
    one, two = pair
    async with await RoomClient.join(one, item, name="Ada") as ada, await RoomClient.join(two, item, name="Bob") as bob:
        await ada.send_messages("one", "two")
        await bob.wait_for_seq(2)
        for server in pair:
            async with http(server) as client:
                found = (await client.get(f"/api/items/{item}/connections")).json()

            assert set(found) == {"head", "connections"}
            assert found["head"] == 2
            told = {line["name"]: line for line in found["connections"]}
            assert {name: line["member"] for name, line in told.items()} == {"Ada": ada.member_id, "Bob": bob.member_id}
            assert told["Ada"]["process"].endswith(f":{one.pid}")
            assert told["Bob"]["process"].endswith(f":{two.pid}")
            assert {(line["cursor"], line["lag"], line["state"]) for line in told.values()} == {(2, 0, "in_step")}


async def test_w8_a_process_where_nobody_is_tells_of_the_others(pair: tuple[Server, Server], item: str) -> None:
    one, two = pair
    async with await RoomClient.join(two, item, name="Bob") as bob, http(one) as client:
        await bob.send_messages("hello")
        found = (await client.get(f"/api/items/{item}/connections")).json()

    assert [(line["name"], line["cursor"], line["lag"]) for line in found["connections"]] == [("Bob", 1, 0)]


async def test_w8_a_process_that_does_not_answer_is_named(join: Start, item: str) -> None:
    one, two = join(), join()
    async with (
        await RoomClient.join(one, item, name="Ada"),
        await RoomClient.join(two, item, name="Bob"),
        http(one) as client,
    ):
        os.kill(two.pid, signal.SIGSTOP)
        try:
            found = (await client.get(f"/api/items/{item}/connections")).json()
        finally:
            os.kill(two.pid, signal.SIGCONT)

    assert [line["name"] for line in found["connections"]] == ["Ada"]
    (silent,) = found["unanswered"]
    assert silent.endswith(f":{two.pid}")
