"""Test that bans take the right to write, or all rights, on one item or on all, until they end (A8, W15)."""

import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.support import endpoints
from tests.support.credentials import SECRET, token
from tests.support.endpoints import ACCEPTED, query
from tests.support.http import http
from tests.support.list_clients import follow_list
from tests.support.room_client import RoomClient, send
from tests.support.servers import ON_ONE_CARRIER, Server, Start

ROOT = {"Authorization": f"Bearer {token(sub='root', items={'*': 'rwm'})}"}


@pytest.fixture
async def moderator(secured_server: Server) -> AsyncIterator[httpx.AsyncClient]:
    """Return an HTTP client that may moderate everything."""
    async with http(secured_server, headers=ROOT) as client:
        yield client


async def ban(client: httpx.AsyncClient, path: str, **body: Any) -> None:
    """Ban a member over HTTP."""
    response = await client.put(path, json=body)
    assert (response.status_code, {key: value for key, value in response.json().items() if value is not None}) == (
        200,
        body,
    )


async def test_w15_a8_write_ban_allows_reading_and_outlasts_new_tokens(
    secured_server: Server, moderator: httpx.AsyncClient, item: str
) -> None:
    ada = token(items={item: "rw"})
    path = f"/api/items/{item}/bans/ada"
    async with await RoomClient.join(secured_server, item, token=ada) as room:
        await ban(moderator, path, right="write", reason="spam")
        assert (await room.wait_for("access"))["can"] == ["read"]
        assert (await room.request(send("no")))["code"] == "forbidden"
        await room.send_lines({"type": "auth", "token": token(items={item: "rw"}, jti="new")})
        assert (await room.wait_for("access"))["can"] == ["read"]
        assert (await endpoints.send(secured_server, query(token(items={item: "rw"}, jti="2"), item=item))).code == 403
        assert (await endpoints.history(secured_server, query(ada, item=item))).code == ACCEPTED
        assert (
            await endpoints.send(secured_server, query(token(items={"other": "rw"}), item="other"))
        ).code == ACCEPTED
        assert (await moderator.get(path)).json() == {"right": "write", "until": None, "reason": "spam"}

        assert (await moderator.delete(path)).status_code == 204
        assert (await room.wait_for("access"))["can"] == ["read", "write"]
        assert await room.send_messages("yes") == [1]
    assert (await moderator.get(path)).status_code == 404


async def test_w15_a8_full_ban_closes_connections_and_refuses_new_ones(
    secured_server: Server, moderator: httpx.AsyncClient, item: str
) -> None:
    sub = f"mallory-{item}"
    token_of_banned = token(sub=sub, items={item: "rwm", f"{item}-2": "rw"})
    async with (
        await RoomClient.join(secured_server, item, token=token_of_banned) as room,
        await RoomClient.join(secured_server, f"{item}-2", token=token_of_banned) as second_room,
    ):
        await moderator.post(f"/api/items/{item}/entries", json={"body": "hello"})
        await ban(moderator, f"/api/items/{item}/bans/{sub}", right="all", reason="abuse")
        error = await room.wait_for("error")
        assert (error["code"], error["reason"]) == ("forbidden", "banned")
        assert "abuse" in error["message"]
        assert await room.wait_for_close() == 4403
        assert await second_room.send_messages("still here") == [1]

    for endpoint in (endpoints.room, endpoints.history, endpoints.send, endpoints.unread, endpoints.edit_message):
        assert (await endpoint(secured_server, query(token_of_banned, item=item))).code in {403, 4403}
    async with follow_list(secured_server, token=token_of_banned, prefix=item) as room_list:
        assert await room_list.wait_for_ready() == [f"{item}-2"]
        assert (await moderator.delete(f"/api/items/{item}/bans/{sub}")).status_code == 204
        await room_list.wait_for(item=item)
    assert (await endpoints.room(secured_server, query(token_of_banned, item=item))).code == ACCEPTED


async def test_w15_a8_full_ban_on_all_items_applies_to_every_endpoint(
    secured_server: Server, moderator: httpx.AsyncClient, item: str
) -> None:
    sub = f"https://login.example/users/{item}"
    token_of_banned = token(sub=sub, items={"*": "rw"})
    path = f"/api/bans/{sub}"
    async with (
        await RoomClient.join(secured_server, item, token=token_of_banned) as room,
        follow_list(secured_server, token=token_of_banned) as room_list,
    ):
        await room_list.wait_for_ready()
        await ban(moderator, path, right="all")
        assert await room.wait_for_close() == 4403
        assert (await room_list.wait_for_close())[0] == 4403
    for endpoint in (endpoints.room, endpoints.history, endpoints.list_items, endpoints.session, endpoints.echo_socket):
        assert (await endpoint(secured_server, query(token_of_banned, item=item))).code in {403, 4403}
    assert (await moderator.delete(path)).status_code == 204
    assert (await endpoints.session(secured_server, query(token_of_banned))).code == ACCEPTED


async def test_w15_connection_regains_its_rights_when_a_ban_expires(
    secured_server: Server, moderator: httpx.AsyncClient, item: str
) -> None:
    async with await RoomClient.join(secured_server, item, token=token(items={item: "rw"})) as room:
        await ban(moderator, f"/api/items/{item}/bans/ada", right="write", until=int(time.time() * 1000) + 2000)
        assert (await room.wait_for("access"))["can"] == ["read"]
        assert (await room.wait_for("access"))["can"] == ["read", "write"]
        assert await room.send_messages("again") == [1]
    assert (await moderator.get(f"/api/items/{item}/bans/ada")).status_code == 404


@ON_ONE_CARRIER
async def test_w15_x3_bans_survive_a_restart(serve: Start, item: str) -> None:
    server = serve(ALCOVE_SECRET=SECRET)
    async with http(server) as client:
        client.headers.update(ROOT)
        for n in range(3):
            await ban(client, f"/api/items/{item}/bans/member-{n}", right="all")
        await client.delete(f"/api/items/{item}/bans/member-1")
    server.end()
    server = serve(ALCOVE_SECRET=SECRET)

    responses = [
        (await endpoints.history(server, query(token(sub=f"member-{n}", items={item: "r"}), item=item))).code
        for n in range(3)
    ]
    assert responses == [403, ACCEPTED, 403]


@ON_ONE_CARRIER
@pytest.mark.parametrize(
    "body",
    ["", "{}", '{"right":"read"}', '{"right":"all","until":"soon"}', '{"right":"all","reason":""}', '{"right":null}'],
)
async def test_w15_invalid_ban_is_refused_with_422(moderator: httpx.AsyncClient, item: str, body: str) -> None:
    response = await moderator.put(f"/api/items/{item}/bans/ada", content=body)

    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")


@ON_ONE_CARRIER
async def test_w15_ban_beyond_the_limit_is_refused_with_503(serve: Start, item: str) -> None:
    server = serve(ALCOVE_SECRET=SECRET, ALCOVE_BANS="1")
    async with http(server, headers=ROOT) as client:
        await ban(client, f"/api/items/{item}/bans/ada", right="all")
        response = await client.put("/api/bans/bob", json={"right": "all"})
        assert (response.status_code, response.json()["code"]) == (503, "overloaded")
        assert "ALCOVE_BANS" in response.json()["detail"]
        assert 'alcove_limits_reached_total{limit="bans"} 1.0' in (await client.get("/metrics")).text
        await ban(client, f"/api/items/{item}/bans/ada", right="write")
        assert (await client.delete(f"/api/items/{item}/bans/ada")).status_code == 204
        await ban(client, "/api/bans/bob", right="all")


@ON_ONE_CARRIER
@pytest.mark.parametrize("member", ["a/b", "%0A7", "a%0Ab", "7%0A"])
async def test_w15_member_id_may_contain_slashes_and_newlines(
    moderator: httpx.AsyncClient, item: str, member: str
) -> None:
    for path in (f"/api/items/{item}/bans/{member}", f"/api/bans/{item}{member}"):
        await ban(moderator, path, right="write")
        assert (await moderator.get(path)).status_code == 200
        assert (await moderator.delete(path)).status_code == 204
        assert (await moderator.get(path)).status_code == 404
