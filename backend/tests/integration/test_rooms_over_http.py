"""Test read marks, members and the deletion of a room over HTTP (W11)."""

import httpx
import pytest

from tests.support.credentials import auth_headers, token
from tests.support.http import http
from tests.support.list_clients import follow_list
from tests.support.room_client import RoomClient, read_page
from tests.support.servers import ON_ONE_CARRIER, Server


async def send_messages(client: httpx.AsyncClient, item: str, *bodies: str) -> None:
    """Send messages to the room as Eve."""
    for body in bodies:
        response = await client.post(
            f"/api/items/{item}/entries", json={"body": body}, headers=auth_headers(item, "w", "eve")
        )
        assert response.status_code == 201


async def test_w11_p5_read_mark_only_moves_forward_and_is_sent_to_the_room(secured_server: Server, item: str) -> None:
    async with http(secured_server) as client:
        client.headers.update(auth_headers(item, "r"))
        await send_messages(client, item, "one", "two", "three")
        bob = token(sub="bob", items={item: "r"})
        async with await RoomClient.join(secured_server, item, token=bob) as room:
            path = f"/api/items/{item}/read"
            marks = [(await client.put(path, json={"seq": seq})).json()["seq"] for seq in (2, 1, 99)]
            await room.wait_for("read", by="ada", seq=3)
        unread = (await client.get("/api/unread", params={"item": item})).json()["items"][0]["unread"]

    assert (marks, unread) == ([2, 2, 3], 0)


@ON_ONE_CARRIER
@pytest.mark.parametrize("body", ["", "{}", '{"seq":-1}', '{"seq":"1"}', '{"seq":1.5}'])
async def test_w11_malformed_read_mark_is_refused_with_422(secured_server: Server, item: str, body: str) -> None:
    async with http(secured_server) as client:
        response = await client.put(f"/api/items/{item}/read", content=body, headers=auth_headers(item, "r"))

    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")


async def test_w11_p1_members_lists_each_connected_member_once(secured_server: Server, item: str) -> None:
    ada, bob = (token(sub=sub, name=sub.title(), items={item: "r"}) for sub in ("ada", "bob"))
    async with http(secured_server) as client:
        client.headers.update(auth_headers(item, "r"))
        empty = (await client.get(f"/api/items/{item}/members")).json()
        async with (
            await RoomClient.join(secured_server, item, token=ada),
            await RoomClient.join(secured_server, item, token=ada),
            await RoomClient.join(secured_server, item, token=bob),
        ):
            result = (await client.get(f"/api/items/{item}/members")).json()

    assert empty == {"members": [], "count": 0}
    assert result == {"members": [{"id": "ada", "name": "Ada"}, {"id": "bob", "name": "Bob"}], "count": 2}


async def test_w11_r5_deleting_a_room_closes_its_connections_and_starts_a_new_log(
    secured_server: Server, item: str
) -> None:
    reader = token(sub="bob", items={item: "r"})
    async with http(secured_server) as client, follow_list(secured_server, token=reader) as room_list:
        await room_list.wait_for_ready()
        await send_messages(client, item, "one", "two")
        client.headers.update(auth_headers(item, "rm"))
        await room_list.wait_for(item=item, head=2)
        async with await RoomClient.join(secured_server, item, token=reader) as room:
            assert (await client.delete(f"/api/items/{item}")).status_code == 204
            assert await room.wait_for_close() == 1012
            assert room.received[-1]["type"] == "bye"
        # The list shows the room as empty.
        assert {"head": 0, "last": None, "unread": 0}.items() <= (await room_list.wait_for(item=item, head=0)).items()
        # A resume is answered with a reset and the new log.
        resume = {"after": room.hello["head"], "log": room.hello["log"]}
        async with await RoomClient.join(secured_server, item, token=reader, **resume) as rejoined:
            assert (rejoined.hello["reset"], rejoined.hello["head"]) == (True, 0)
            assert room.hello["log"] != rejoined.hello["log"]
            await send_messages(client, item, "new")
            assert [entry["body"] for entry in await rejoined.wait_for_seq(1)] == ["new"]
        # The history contains only the entries of the new log.
        result = await read_page(client, item)

    assert ([entry["body"] for entry in result["entries"]], result["head"], result["log"]) == (
        ["new"],
        1,
        rejoined.hello["log"],
    )


@ON_ONE_CARRIER
async def test_w11_deleting_a_room_twice_or_an_unknown_room_succeeds(secured_server: Server, item: str) -> None:
    async with http(secured_server) as client:
        client.headers.update(auth_headers(item, "m"))
        assert [(await client.delete(f"/api/items/{item}")).status_code for _ in range(2)] == [204, 204]


@ON_ONE_CARRIER
async def test_w11_a2_room_cannot_be_deleted_in_open_mode(server: Server, item: str) -> None:
    async with http(server) as client:
        await client.post(f"/api/items/{item}/entries", json={"body": "kept"})
        assert (await client.delete(f"/api/items/{item}")).status_code == 403
        assert (await read_page(client, item))["head"] == 1
