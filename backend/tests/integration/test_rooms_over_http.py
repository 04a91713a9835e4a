"""W11: read marks, members and the deletion of a room over HTTP."""

import httpx
import pytest

from tests.support.credentials import token
from tests.support.list_clients import follow
from tests.support.room_client import RoomClient, http, page
from tests.support.servers import ONCE, Server


def rights(item: str, letters: str, sub: str = "ada") -> dict[str, str]:
    """Return the header of a member with these rights on the item."""
    return {"Authorization": f"Bearer {token(sub=sub, items={item: letters})}"}


async def write(client: httpx.AsyncClient, item: str, *bodies: str) -> None:
    """Write messages."""
    for body in bodies:
        sent = await client.post(f"/api/items/{item}/entries", json={"body": body}, headers=rights(item, "w", "eve"))
        assert 201 == sent.status_code


async def test_w11_p5_a_read_mark_moves_forward_and_reaches_the_room(guarded: Server, item: str) -> None:
    async with http(guarded) as client:
        client.headers.update(rights(item, "r"))
        await write(client, item, "one", "two", "three")
        bob = token(sub="bob", items={item: "r"})
        async with await RoomClient.join(guarded, item, token=bob) as room:
            path = f"/api/items/{item}/read"
            marks = [(await client.put(path, json={"seq": seq})).json()["seq"] for seq in (2, 1, 99)]
            await room.until("read", by="ada", seq=3)
        unread = (await client.get("/api/unread", params={"item": item})).json()["items"][0]["unread"]

    assert ([2, 2, 3], 0) == (marks, unread)


@ONCE
@pytest.mark.parametrize("body", ["", "{}", '{"seq":-1}', '{"seq":"1"}', '{"seq":1.5}'])
async def test_w11_a_read_mark_out_of_shape_is_refused(guarded: Server, item: str, body: str) -> None:
    async with http(guarded) as client:
        answer = await client.put(f"/api/items/{item}/read", content=body, headers=rights(item, "r"))

    assert (422, "application/problem+json") == (answer.status_code, answer.headers["content-type"])


async def test_w11_p1_members_are_those_connected_each_once(guarded: Server, item: str) -> None:
    ada, bob = (token(sub=sub, name=sub.title(), items={item: "r"}) for sub in ("ada", "bob"))
    async with http(guarded) as client:
        client.headers.update(rights(item, "r"))
        empty = (await client.get(f"/api/items/{item}/members")).json()
        async with (
            await RoomClient.join(guarded, item, token=ada),
            await RoomClient.join(guarded, item, token=ada),
            await RoomClient.join(guarded, item, token=bob),
        ):
            found = (await client.get(f"/api/items/{item}/members")).json()

    assert {"members": [], "count": 0} == empty
    assert {"members": [{"id": "ada", "name": "Ada"}, {"id": "bob", "name": "Bob"}], "count": 2} == found


async def test_w11_r5_a_deleted_room_restarts_its_readers_with_a_new_log(guarded: Server, item: str) -> None:
    reader = token(sub="bob", items={item: "r"})
    async with http(guarded) as client, follow(guarded, token=reader) as listed:
        await listed.ready()
        await write(client, item, "secret", "more")
        client.headers.update(rights(item, "rm"))
        await listed.until(item=item, head=2)
        async with await RoomClient.join(guarded, item, token=reader) as room:
            assert 204 == (await client.delete(f"/api/items/{item}")).status_code
            assert 1012 == await room.closed()
            assert "bye" == room.heard[-1]["type"]
        assert {"head": 0, "last": None, "unread": 0}.items() <= (await listed.until(item=item, head=0)).items()
        where = {"after": room.hello["head"], "log": room.hello["log"]}
        async with await RoomClient.join(guarded, item, token=reader, **where) as again:
            assert (True, 0) == (again.hello["reset"], again.hello["head"])
            assert room.hello["log"] != again.hello["log"]
            await write(client, item, "new")
            assert ["new"] == [entry["body"] for entry in await again.until_seq(1)]
        found = await page(client, item)

    assert (["new"], 1, again.hello["log"]) == ([one["body"] for one in found["entries"]], found["head"], found["log"])


@ONCE
async def test_w11_a_room_that_is_deleted_twice_or_never_was_is_deleted(guarded: Server, item: str) -> None:
    async with http(guarded) as client:
        client.headers.update(rights(item, "m"))
        assert [204, 204] == [(await client.delete(f"/api/items/{item}")).status_code for _ in range(2)]


@ONCE
async def test_w11_a2_nobody_deletes_a_room_in_open_mode(server: Server, item: str) -> None:
    async with http(server) as client:
        await client.post(f"/api/items/{item}/entries", json={"body": "kept"})
        assert 403 == (await client.delete(f"/api/items/{item}")).status_code
        assert 1 == (await page(client, item))["head"]
