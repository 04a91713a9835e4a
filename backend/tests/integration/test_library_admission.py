"""Test that the host application's dependency admits members: sockets, event streams, HTTP (A1, A5, H4, A4, A7)."""

import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, WebSocket

from alcove import Member, SettingsError
from alcove.library.admission import HostAdmission
from tests.support.clients import TIMEOUT_S, connect, pause_briefly
from tests.support.host_shop import CLOSE_CODE_BY_STATUS, Shop, current_user
from tests.support.http import http
from tests.support.item_ids import INVALID_IDS, VALID_IDS
from tests.support.room_client import PROTOCOL, RoomClient, expect_refusal
from tests.support.running_host import CARRIERS, Host, run_host

#: Items for which the dependency raises, or returns something other than a valid member.
FAULTY_ITEMS = ("crash", "nobody", "invalid", "expires", "altered")
CLOSE_CODES = CLOSE_CODE_BY_STATUS | {"303": 4401} | dict.fromkeys(FAULTY_ITEMS, 1011)
EXPIRED_REASON = "your access expired; sign in again"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module", params=CARRIERS)
def host(request: pytest.FixtureRequest, shop: Shop) -> Iterator[Host]:
    with run_host(shop.app, request.param, "/rooms") as host:
        yield host


async def test_a1_query_token_reaches_the_dependency_as_a_bearer_token(host: Host) -> None:
    async with await RoomClient.join(host, "order-1", token="ada") as room:
        assert room.hello["you"] == {"id": "ada", "name": "Ada", "can": ["read", "write"]}
        assert room.hello["expires"] is None


@pytest.mark.parametrize(
    "headers", [{"Authorization": "Bearer bob"}, {"Cookie": "user=bob"}], ids=["a header", "a cookie"]
)
async def test_a1_dependency_reads_headers_and_cookies_of_sockets_and_http(host: Host, headers: dict[str, str]) -> None:
    async with await RoomClient.join(host, "order-1", token=None, headers=headers) as room:
        assert room.member_id == "bob"
    async with http(host) as client:
        client.headers = httpx.Headers(headers)
        response = await client.post("/api/items/order-http/entries", json={"body": "hello"})
    assert (response.status_code, response.json()["by"]["id"]) == (201, "bob")


async def test_dependency_receives_the_request_and_application_of_the_host(shop: Shop, host: Host) -> None:
    shop.calls.clear()
    async with await RoomClient.join(host, "order-1", token="ada"), http(host) as client:
        await client.post("/api/items/order-1/entries", json={"body": 1})

    assert shop.calls == [
        ("order-1", "GET", "/rooms/items/order-1/ws", True),
        ("order-1", "POST", "/rooms/api/items/order-1/entries", True),
    ]


async def test_yield_dependency_is_closed_before_the_connection_is_served(shop: Shop, host: Host) -> None:
    async with await RoomClient.join(host, "order-1", token="ada"):
        assert shop.open_sessions == 0


@pytest.mark.parametrize(("item", "code"), CLOSE_CODES.items())
async def test_h4_error_of_the_dependency_closes_the_socket_with_a_reason(
    host: Host, item: str, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.CRITICAL):
        error, closed, reason = await expect_refusal(host, item, token="ada")

    assert code == closed
    assert error["message"] == reason
    if item in CLOSE_CODE_BY_STATUS:
        assert f"refused with {item}" == reason
    if item in FAULTY_ITEMS:
        assert reason == "the application failed to decide who you are; its log says why"
    assert (3000 if item == "429" else None) == error.get("retry_ms")


@pytest.mark.parametrize(
    ("item", "status"),
    [*((status, int(status)) for status in CLOSE_CODE_BY_STATUS), *((item, 500) for item in FAULTY_ITEMS)],
)
@pytest.mark.parametrize("path", ["entries", "events"])
async def test_w6_error_of_the_dependency_keeps_its_status_over_http(
    host: Host, item: str, status: int, path: str
) -> None:
    async with http(host) as client:
        response = await client.get(f"/api/items/{item}/{path}")

    assert (status, "application/problem+json") == (response.status_code, response.headers["content-type"])


async def test_h4_401_of_the_dependency_closes_with_4401(host: Host) -> None:
    error, code, _ = await expect_refusal(host, "order-1", token=None)

    assert (error["message"], code) == ("sign in first", 4401)


async def test_h2_invalid_query_parameter_of_the_dependency_closes_with_4400(host: Host) -> None:
    error, code, _ = await expect_refusal(host, "order-1", token="ada", ttl="-1")

    assert code == 4400
    assert "query.ttl" in error["message"]


async def test_w3_dependency_admits_an_event_stream(host: Host) -> None:
    async with http(host) as client, client.stream("GET", "/api/items/order-sse/events?token=eve") as stream:
        async for line in stream.aiter_lines():
            if line.startswith("data: "):
                assert json.loads(line[6:])["you"]["id"] == "t"  # the header wins over the query (A1)
                break


@pytest.mark.parametrize(
    ("origin", "code"),
    [("https://shop.example", None), ("http://127.0.0.1:{port}", None), ("https://evil.example", 4403), ("null", 4403)],
)
async def test_a5_handshake_with_a_cookie_requires_an_allowed_origin(
    shop: Shop, host: Host, origin: str, code: int | None
) -> None:
    headers = {"Cookie": "other=1; user=ada", "Origin": origin.format(port=host.port)}
    shop.calls.clear()
    if code is None:
        async with await RoomClient.join(host, "order-1", token=None, headers=headers) as room:
            assert room.member_id == "ada"
    else:
        assert code == (await expect_refusal(host, "order-1", token="bob", headers=headers))[1]
        assert shop.calls == []  # the dependency was not called


async def test_a5_token_without_a_cookie_is_accepted_from_any_origin(host: Host) -> None:
    headers = {"Origin": "https://evil.example"}
    async with await RoomClient.join(host, "order-1", token="ada", headers=headers) as room:
        assert room.member_id == "ada"


async def test_a5_write_with_a_cookie_from_another_origin_is_refused(host: Host) -> None:
    async with http(host) as client:
        client.headers = httpx.Headers({"Cookie": "user=ada", "Origin": "https://evil.example"})
        responses = [
            await client.post("/api/items/order-1/entries", json={"body": 1}),
            await client.get("/api/items/order-1/entries"),
        ]
    assert [response.status_code for response in responses] == [403, 200]


async def test_dependency_overrides_of_the_application_are_used(shop: Shop, host: Host) -> None:
    async def tester() -> str:
        return "tester"

    shop.app.dependency_overrides[current_user] = tester
    try:
        async with await RoomClient.join(host, "order-1", token=None) as room:
            assert room.member_id == "tester"
    finally:
        shop.app.dependency_overrides = {}
    assert (await expect_refusal(host, "order-1", token=None))[1] == 4401


async def test_parameters_of_the_prefix_reach_the_dependency(host: Host) -> None:
    async with await RoomClient.join(host.at_prefix("/of/acme/rooms"), "order-1", token=None) as room:
        assert room.hello["you"]["name"] == "Ada of acme"


async def test_a4_connection_ends_when_the_member_expires(host: Host) -> None:
    async with await RoomClient.join(host, "order-1", token="ada", ttl="1.2") as room:
        assert isinstance(room.hello["expires"], int)
        assert await room.wait_for_close() == 4401
        assert (room.socket.close_reason, room.received[-1]["reason"]) == (EXPIRED_REASON, "expired")


async def test_a4_expired_member_is_refused_by_every_route(host: Host) -> None:
    async with http(host, token="gone") as client:
        paths = (await client.get("/openapi.json")).json()["paths"]
        routes = [(method, path) for path, methods in paths.items() for method in methods]
        responses = {
            (method, path): await client.request(method, path.replace("{item_id}", "order-1"), json={"body": 1})
            for method, path in routes
        }

    admitted = {route for route, response in responses.items() if response.status_code != 401}
    # Clients request it before they have a credential.
    assert admitted == {("get", "/api/mode")}
    problems = [response.json() for response in responses.values() if response.is_error]
    assert {(problem["reason"], problem["detail"]) for problem in problems} == {("expired", EXPIRED_REASON)}


@pytest.mark.parametrize("path", ["/items/order-1/ws", "/api/items/ws"])
async def test_a4_expired_member_is_refused_by_every_socket(host: Host, path: str) -> None:
    socket = await connect(host, f"{path}?token=gone", subprotocols=[PROTOCOL])
    async with asyncio.timeout(TIMEOUT_S), socket:
        assert json.loads(await socket.recv())["reason"] == "expired"
        await socket.wait_closed()

    assert (socket.close_code, socket.close_reason) == (4401, EXPIRED_REASON)


async def test_a4_auth_line_is_refused_by_an_embedded_alcove(host: Host) -> None:
    async with await RoomClient.join(host, "order-1", token="ada") as room:
        await room.send_lines({"type": "auth", "token": "bob"})

        assert (await room.wait_for("error"))["code"] == "invalid"
        assert room.member_id == "ada"


async def test_a7_revoke_closes_a_members_connections_and_allows_readmission(host: Host) -> None:
    rita, bob = [await RoomClient.join(host, "order-7", token=name) for name in ("rita", "bob")]
    async with http(host.at_prefix("")) as client:
        assert (await client.delete("/access/order-7/rita")).status_code == 204

    assert await rita.wait_for_close() == 4403
    assert rita.socket.close_reason == "your access on order-7 was revoked"
    assert not any(line["type"] == "error" for line in await bob.lines_until_pong())
    await bob.socket.close()
    # Revocations are stored in whole seconds, so the server refuses new connections until the next second.
    while True:
        room = await RoomClient.open(host, "order-7", token="rita")
        if (await room.read_line())["type"] == "hello":
            await room.socket.close()
            break
        assert await room.wait_for_close() == 4401
        assert 0 < room.received[0]["retry_ms"] <= 2000
        await pause_briefly()


async def test_h3_valid_item_ids_reach_the_dependency_unchanged(shop: Shop, host: Host) -> None:
    shop.calls.clear()
    for item_id in VALID_IDS:
        async with await RoomClient.join(host, item_id, token="ada") as room:
            assert item_id == room.hello["item"]

    assert [item for item, *_ in shop.calls] == VALID_IDS


def is_path_segment(text: str) -> bool:
    """Return whether the host routes the text as one segment of a path; it refuses other paths itself."""
    return text not in {"", ".."} and not {"/", "\n"} & set(text)


async def test_h3_invalid_item_ids_never_reach_the_dependency(shop: Shop, host: Host) -> None:
    shop.calls.clear()
    for invalid_id, normalized in INVALID_IDS:
        if is_path_segment(invalid_id):
            error, code, _ = await expect_refusal(host, invalid_id, token="ada")
            assert (code, normalized in error["message"]) == (4400, True), invalid_id

    assert shop.calls == []


async def test_w4_room_list_contains_the_items_of_the_admitted_member(host: Host) -> None:
    async with http(host) as client:
        for item in ("order-list", "other-list"):
            assert (await client.post(f"/api/items/{item}/entries", json={"body": 1})).status_code == 201
        listed = {item["item"] for item in (await client.get("/api/items")).json()["items"]}
        unread = (await client.get("/api/unread?item=other-list&item=order-list")).json()["items"]

    assert "order-list" in listed
    assert "other-list" not in listed
    assert [item["item"] for item in unread] == ["other-list", "order-list"]


async def test_w14_export_of_a_member_requires_moderating_all_items(host: Host) -> None:
    async with http(host) as client:
        statuses = [
            (await client.get("/api/members/ada", headers={"Authorization": f"Bearer {name}"})).status_code
            for name in ("ada", "boss")
        ]
    assert statuses == [403, 200]


async def test_login_and_operations_endpoints_are_not_served(host: Host) -> None:
    async with http(host) as client:
        assert {404} == {
            (await client.request(method, path)).status_code
            for method, path in [("GET", "/metrics"), ("GET", "/healthz"), ("GET", "/"), ("GET", "/nothing")]
        }
        assert (await client.post("/api/session", json={"token": "x"})).status_code == 405
        assert (await client.get("/api/session")).json()["you"] == {"id": "t", "name": "t"}


def test_dependency_with_a_websocket_parameter_raises_a_helpful_error() -> None:
    async def user(websocket: WebSocket) -> str:
        return websocket.cookies["user"]

    async def member(item_id: str, user: Annotated[str, Depends(user)]) -> Member:
        return Member(user, item_id)

    with pytest.raises(SettingsError, match=r"user takes a WebSocket.*take a Request"):
        HostAdmission(member)
