"""Test logins: a token becomes a cookie, and the login ends (W5)."""

import time
from hashlib import sha256

import pytest

from tests.support import endpoints
from tests.support.credentials import EC_KEY, KEY_SET, SECRET, register_credential, token
from tests.support.endpoints import ACCEPTED, Outcome, bearer, cookie, query
from tests.support.http import http
from tests.support.refusal_reasons import ENDED
from tests.support.room_client import RoomClient
from tests.support.servers import ON_ONE_CARRIER, Server, Start


@ON_ONE_CARRIER
async def test_w5_login_sets_a_cookie_that_scripts_cannot_read(secured_server: Server) -> None:
    exp = int(time.time()) + 600
    async with http(secured_server, token=None) as client:
        response = await client.post("/api/session", json={"token": token(exp=exp)})
        session = await client.get("/api/session")

    assert response.status_code == 200
    _, *attributes = response.headers.get_list("set-cookie")[0].split("; ")
    assert set(attributes) - {attributes[1]} == {"HttpOnly", "Path=/", "SameSite=lax"}
    assert attributes[1].startswith("Max-Age=")
    # The second cookie tells a page whose login it is, and nothing else.
    mark, *mark_attributes = response.headers.get_list("set-cookie")[1].split("; ")
    assert mark == f"alcove_member={sha256(b'ada').hexdigest()[:32]}"
    assert mark_attributes == [attribute for attribute in attributes if attribute != "HttpOnly"]
    assert 590 < int(attributes[1].removeprefix("Max-Age=")) <= 600
    assert session.json() == {"you": {"id": "ada", "name": "ada"}, "expires": exp * 1000, "open": False}


@ON_ONE_CARRIER
async def test_w5_a2_mode_endpoint_reports_open_mode_to_anyone(secured_server: Server, server: Server) -> None:
    for tested_server, is_open in ((secured_server, False), (server, True)):
        async with http(tested_server, token=None) as client:
            assert (await client.get("/api/mode")).json() == {"open": is_open}


@ON_ONE_CARRIER
async def test_w5_cookie_is_secure_behind_a_trusted_https_proxy(secured_server: Server) -> None:
    async with http(secured_server, token=None) as client:
        response = await client.post("/api/session", json={"token": token()}, headers={"X-Forwarded-Proto": "https"})

    assert "Secure" in response.headers.get_list("set-cookie")[0].split("; ")


@ON_ONE_CARRIER
async def test_w5_forwarded_headers_from_untrusted_addresses_are_ignored(serve: Start) -> None:
    server = serve(ALCOVE_SECRET=SECRET, ALCOVE_TRUSTED_PROXIES="192.0.2.1")
    async with http(server, token=None) as client:
        response = await client.post("/api/session", json={"token": token()}, headers={"X-Forwarded-Proto": "https"})

    assert "Secure" not in response.headers.get_list("set-cookie")[0].split("; ")


@ON_ONE_CARRIER
@pytest.mark.parametrize("invalid_token", ["gone-by-now", "", "e" * 4100])
async def test_w5_invalid_token_sets_no_cookie(secured_server: Server, invalid_token: str) -> None:
    async with http(secured_server, token=None) as client:
        response = await client.post("/api/session", json={"token": invalid_token})

    assert response.status_code in {401, 422}
    assert "set-cookie" not in response.headers


async def test_w5_ended_login_is_refused_in_every_encoding_of_its_signature(secured_server: Server, item: str) -> None:
    valid_token = token(
        key=EC_KEY, algorithm="ES256", headers={"kid": KEY_SET["keys"][2]["kid"]}, items={item: "rw"}, jti=item
    )
    async with await RoomClient.join(secured_server, item, token=None, headers=cookie(valid_token).headers) as room:
        async with http(secured_server, token=None) as client:
            response = await client.delete("/api/session", headers=cookie(valid_token, secured_server.url).headers)
        assert response.status_code == 204
        assert response.headers["set-cookie"].startswith('alcove_session="";')
        assert await room.wait_for_close() == 4401
        assert room.socket.close_reason == ENDED

    for ended in (query(valid_token, item=item), bearer(valid_token, item=item), cookie(valid_token, item=item)):
        for endpoint in (endpoints.room, endpoints.list_socket):
            assert await endpoint(secured_server, ended) == Outcome(4401, ENDED)
        for endpoint in (
            endpoints.history,
            endpoints.events,
            endpoints.send,
            endpoints.session,
            endpoints.list_items,
            endpoints.list_events,
            endpoints.unread,
        ):
            assert await endpoint(secured_server, ended) == Outcome(401, ENDED)
    for endpoint in (endpoints.item_socket, endpoints.echo_socket, endpoints.chat_socket):
        assert await endpoint(secured_server, query(valid_token, item=item)) == Outcome(403)
    assert await endpoints.room(secured_server, query(register_credential(f"{valid_token}=="), item=item)) == Outcome(
        4401, ENDED
    )
    assert (await endpoints.room(secured_server, query(token(items={item: "rw"}), item=item))).code == ACCEPTED
