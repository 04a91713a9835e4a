"""Test which cookies authenticate a request that also has cookies of other applications (A1, T2, W5)."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from alcove.access.open_mode import open_cookie
from tests.support import endpoints
from tests.support.clients import connect, receive
from tests.support.credentials import token
from tests.support.endpoints import ACCEPTED, Credential, Outcome, bearer, cookie, plain_cookie, query
from tests.support.host_applications import run_flask_app, run_starlette_app
from tests.support.http import blocking_http, http
from tests.support.room_client import RoomClient, expect_refusal
from tests.support.servers import ON_ONE_CARRIER, Server

#: Runs a host application, and yields its URL.
RunHostApp = Callable[[], AbstractContextManager[str]]
ACCEPT_HTML = {"Accept": "text/html,*/*;q=0.8"}


def cookies_after_login(host: RunHostApp, server: Server) -> str:
    """Return the cookies that a browser sends to Alcove after a login at the host application, on another port."""
    with host() as url, blocking_http(url, token=None) as browser:
        assert browser.get("/login").status_code == 200
        return browser.build_request("GET", f"{server.url}/").headers["cookie"]


@ON_ONE_CARRIER
@pytest.mark.parametrize("host", [run_flask_app, run_starlette_app])
async def test_a1_cookie_of_the_host_application_does_not_hide_a_valid_token(
    secured_server: Server, item: str, host: RunHostApp
) -> None:
    host_cookies = cookies_after_login(host, secured_server)
    assert host_cookies.startswith("session=")
    valid_token = token(items={item: "rw"})
    login = f"{host_cookies}; alcove_session={valid_token}"

    for headers, query_token in (
        ({}, valid_token),
        ({"Authorization": f"Bearer {valid_token}"}, ""),
        ({"Cookie": login}, ""),
    ):
        credential = Credential({"token": query_token} if query_token else {}, {"Cookie": host_cookies} | headers, item)
        for endpoint in (
            endpoints.room,
            endpoints.history,
            endpoints.events,
            endpoints.send,
            endpoints.list_items,
            endpoints.list_socket,
            endpoints.list_events,
            endpoints.unread,
            endpoints.session,
            endpoints.echo_socket,
        ):
            assert await endpoint(secured_server, credential) == Outcome(ACCEPTED)
    async with await connect(
        secured_server, f"/items/{item}/ws?token={valid_token}", headers={"Cookie": host_cookies}
    ) as client:
        await client.send("hello")
        assert (await receive(client, 2))[0] == f"Session cookie or query token value is: {valid_token}"
    # The cookie of the host application alone is refused.
    assert (await endpoints.room(secured_server, Credential({}, {"Cookie": host_cookies}, item))).code == 4401
    assert (await endpoints.item_socket(secured_server, Credential({}, {"Cookie": host_cookies}, item))).code == 403


@ON_ONE_CARRIER
@pytest.mark.parametrize("host", [run_flask_app, run_starlette_app])
async def test_a1_cookie_of_the_host_application_does_not_hide_an_open_login(
    server: Server, item: str, host: RunHostApp
) -> None:
    host_cookies = cookies_after_login(host, server)
    login = f"alcove_session={open_cookie('Ada', 'salt')}"

    async with (
        await RoomClient.join(server, item, token=None, headers={"Cookie": f"{host_cookies}; {login}"}) as room,
        await RoomClient.join(server, item, token=None, headers={"Cookie": login}) as without_host_cookie,
    ):
        assert room.hello["you"]["name"] == "Ada"
        assert room.member_id == without_host_cookie.member_id


@pytest.mark.parametrize(
    ("cookie_name", "query_token", "echoed"),
    [
        ("session", "", "cookie"),
        ("session", "query", "cookie"),
        ("none", "query", "query"),
        ("session=of-another-framework", "query", "query"),
        ("alcove_session", "query", "query"),
    ],
)
async def test_t2_foreign_cookie_is_ignored_and_the_own_cookie_is_masked(
    secured_server: Server, item: str, cookie_name: str, query_token: str, echoed: str
) -> None:
    token_of_ada, token_of_eve = token(sub="ada", items={item: "rw"}), token(sub="eve", items={item: "rw"})
    sent_headers = {"none": {}, "session=of-another-framework": {"Cookie": cookie_name}}.get(
        cookie_name, {"Cookie": f"{cookie_name}={token_of_ada}"}
    )
    path = f"/items/{item}/ws" + (f"?token={token_of_eve}" if query_token else "")
    async with await connect(secured_server, path, headers=sent_headers) as client:
        await client.send("hello")
        line, _ = await receive(client, 2)

    expected = f"{token_of_ada[:8]}…" if echoed == "cookie" else token_of_eve
    assert line == f"Session cookie or query token value is: {expected}"


@ON_ONE_CARRIER
@pytest.mark.parametrize("create_credential", [query, bearer, cookie])
async def test_w5_logout_ends_the_credential_in_all_its_forms(
    secured_server: Server, item: str, create_credential: Callable[..., Credential]
) -> None:
    valid_token = token(items={item: "rw"}, jti=f"{item}-{create_credential.__name__}")
    credential = create_credential(valid_token, item=item)
    async with http(secured_server, token=None) as client:
        response = await client.delete("/api/session", params=credential.query, headers=credential.headers)

    assert response.status_code == 204
    assert (create_credential is cookie) == ("set-cookie" in response.headers)
    for ended in (query(valid_token, item=item), bearer(valid_token, item=item), cookie(valid_token, item=item)):
        assert (await endpoints.room(secured_server, ended)).code == 4401
        assert (await endpoints.list_socket(secured_server, ended)).code == 4401
        for endpoint in (endpoints.history, endpoints.list_events, endpoints.unread):
            assert (await endpoint(secured_server, ended)).code == 401
    assert (await endpoints.item_socket(secured_server, plain_cookie(valid_token, item=item))).code == 403


@ON_ONE_CARRIER
async def test_a5_w5_logout_of_a_token_keeps_the_cookie_of_the_request(secured_server: Server, item: str) -> None:
    ended, login = (token(items={item: "rw"}, jti=f"{item}-{n}") for n in range(2))
    headers = bearer(ended).headers | cookie(login, "https://else.example").headers
    async with http(secured_server, token=None) as client:
        response = await client.delete("/api/session", headers=headers)

    assert response.status_code == 204
    assert "set-cookie" not in response.headers
    assert (await endpoints.room(secured_server, bearer(ended, item=item))).code == 4401
    assert (await endpoints.room(secured_server, cookie(login, item=item))).code == ACCEPTED


@ON_ONE_CARRIER
async def test_a1_w5_login_over_https_uses_only_a_host_prefixed_cookie(secured_server: Server) -> None:
    https = {"X-Forwarded-Proto": "https"}
    valid_token = token()
    async with http(secured_server, token=None) as client:
        signed_in = await client.post("/api/session", json={"token": valid_token}, headers=https)
        client.cookies.clear()
        statuses = {
            name: (await client.get("/api/session", headers=https | {"Cookie": f"{name}={valid_token}"})).status_code
            for name in ("__Host-alcove_session", "alcove_session", "session")
        }
        logout = await client.delete("/api/session", headers=https | {"Cookie": f"__Host-alcove_session={valid_token}"})

    name, *attributes = signed_in.headers.get_list("set-cookie")[0].split("; ")
    assert name == f"__Host-alcove_session={valid_token}"
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Secure"} <= set(attributes)
    assert not [attribute for attribute in attributes if attribute.lower().startswith("domain")]
    assert statuses == {"__Host-alcove_session": 200, "alcove_session": 401, "session": 401}
    deleted, mark = logout.headers.get_list("set-cookie")
    assert deleted.startswith('__Host-alcove_session="";')
    assert mark.startswith('alcove_member="";')


@ON_ONE_CARRIER
async def test_a1_w5_opening_the_page_converts_a_login_of_an_earlier_version(
    secured_server: Server, server: Server
) -> None:
    for tested_server, earlier_login, expected in (
        (secured_server, token(), 200),
        (server, open_cookie("Ada", "salt"), 200),
        (secured_server, "of-another-framework", 401),
        (secured_server, token(exp=1), 401),
        (server, "of-another-framework", 401),
    ):
        async with http(tested_server, token=None) as browser:
            browser.cookies.set("session", earlier_login, domain="127.0.0.1")
            assert (await browser.get("/api/session", headers=ACCEPT_HTML)).status_code == 401, "the API never reads it"
            page = await browser.get("/items/foo", headers=ACCEPT_HTML)
            assert page.status_code == 200
            assert (await browser.get("/api/session")).status_code == expected
            reloaded = await browser.get("/items/foo", headers=ACCEPT_HTML)
            assert "set-cookie" not in reloaded.headers or expected == 401


@ON_ONE_CARRIER
async def test_w5_logout_also_ends_a_login_of_an_earlier_version(secured_server: Server, server: Server) -> None:
    for tested_server, earlier_login in (
        (secured_server, token(jti="earlier")),
        (server, open_cookie("Ada", "other salt")),
    ):
        async with http(tested_server, token=None) as browser:
            browser.cookies.set("session", earlier_login, domain="127.0.0.1")
            await browser.get("/", headers=ACCEPT_HTML)
            assert (await browser.get("/api/session")).status_code == 200
            assert (await browser.delete("/api/session", headers={"Origin": tested_server.url})).status_code == 204
            await browser.get("/", headers=ACCEPT_HTML)
            assert (await browser.get("/api/session")).status_code == 401


@ON_ONE_CARRIER
async def test_page_from_before_an_upgrade_is_told_to_reload(secured_server: Server, item: str) -> None:
    """The old page has no text for this refusal, so it shows the message of the server."""
    error, code, reason = await expect_refusal(
        secured_server, item, token=None, headers={"Cookie": f"session={token(items={item: 'rw'})}"}
    )

    assert (error["code"], code) == ("unauthenticated", 4401)
    assert error["message"].startswith("Reload this page: the server was upgraded")
    assert reason.startswith("Reload this page")
    async with http(secured_server, token=None) as client:
        assert "Reload" not in (await client.get("/api/items")).json()["detail"]
