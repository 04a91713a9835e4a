"""Test that deleting a room on one process restarts its connections on the other (W11)."""

import asyncio

from tests.support.clients import TIMEOUT_S, pause_briefly
from tests.support.credentials import token
from tests.support.http import http
from tests.support.list_clients import follow_list
from tests.support.room_client import RoomClient
from tests.support.servers import Server


async def test_w11_x1_r5_deleting_a_room_resets_it_on_the_other_process(
    secured_pair: tuple[Server, Server], item: str
) -> None:
    first_server, second_server = secured_pair
    reader = token(sub="bob", items={item: "rw"})
    headers = {"Authorization": f"Bearer {token(sub='root', items={item: 'rwm'})}"}
    async with http(first_server) as client, follow_list(second_server, token=reader) as room_list:
        await room_list.wait_for_ready()
        async with await RoomClient.join(second_server, item, token=reader) as room:
            await room.send_messages("one", "two")
            async with asyncio.timeout(TIMEOUT_S):  # presence reaches the other process with a delay
                while (page := (await client.get(f"/api/items/{item}/members", headers=headers)).json())["count"] < 1:
                    await pause_briefly()
            assert (page["members"], page["count"]) == ([{"id": "bob", "name": "bob"}], 1)
            await room_list.wait_for(item=item, head=2)
            assert (await client.delete(f"/api/items/{item}", headers=headers)).status_code == 204
            assert await room.wait_for_close() == 1012
        await room_list.wait_for(item=item, head=0)
        start = {"after": 2, "log": room.hello["log"]}
        async with await RoomClient.join(second_server, item, token=reader, **start) as rejoined:
            assert (rejoined.hello["reset"], rejoined.hello["head"]) == (True, 0)
            assert await rejoined.send_messages("new") == [1]
