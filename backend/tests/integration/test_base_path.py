"""Test that everything is served below a base path, whether or not a proxy removes the path (B1)."""

import re
from collections.abc import Iterator

import pytest

from alcove import Client, Member
from alcove.app import create_app
from alcove.settings import Settings
from tests.support.clients import connect, receive
from tests.support.credentials import SECRET, token
from tests.support.event_streams import next_entry, open_event_stream
from tests.support.http import blocking_http, http
from tests.support.list_clients import follow_list
from tests.support.room_client import RoomClient
from tests.support.running_host import CARRIERS, Host, run_host
from tests.support.servers import ON_ONE_CARRIER, Server, Start

#: The base path in the requests of a proxy: unchanged, or removed.
PATHS_BY_PROXY = {"not stripped": "/chat", "stripped": ""}
HTTPS_HEADERS = {"X-Forwarded-Proto": "https", "Origin": "https://rooms.example", "Host": "rooms.example"}


@pytest.fixture(scope="module")
def base_path_server(start: Start) -> Server:
    """Start `alcove serve` below `/chat`."""
    return start(ALCOVE_BASE_PATH="/chat")


@pytest.fixture(params=PATHS_BY_PROXY)
def server(request: pytest.FixtureRequest, base_path_server: Server) -> Host:
    """Return the address of the server for each kind of proxy."""
    return Host(base_path_server.port, PATHS_BY_PROXY[request.param])


@pytest.fixture(scope="module", params=CARRIERS)
def prefixed_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """Start a server without ALCOVE_BASE_PATH, whose `root_path` uvicorn sets."""
    app = create_app(Settings(database_url=f"sqlite:///{tmp_path_factory.mktemp('server')}/alcove.db"))
    with run_host(app, request.param, root_path="/chat") as host:
        yield host


async def assert_is_served(server: Host, item: str) -> None:
    """Check one request of each kind."""
    async with await RoomClient.join(server, item) as room, http(server) as client:
        await room.send_messages("over a socket")
        send_response = await client.post(f"/api/items/{item}/entries", json={"body": "over HTTP"})
        history = await client.get(f"/api/items/{item}/entries")
        bodies = [entry["body"] for entry in history.json()["entries"]]
        query_response = await client.get(f"/api/items/{item}/entries?nonsense=1")
        patch_response = await client.patch("/api/session")

        assert (send_response.status_code, bodies) == (201, ["over a socket", "over HTTP"])
        assert query_response.status_code == 422
        assert (patch_response.status_code, patch_response.headers["allow"]) == (405, "DELETE, GET, POST")
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        assert "alcove_connections" in (await client.get("/metrics")).text
    async with open_event_stream(server, item, **{"Last-Event-ID": "0"}) as stream:
        assert '"over a socket"' in (await next_entry(stream))["data"]


async def assert_tutorial_is_served(server: Host) -> None:
    """Check the three sockets of the tutorial."""
    async with await connect(server, "/ws") as echo:
        await echo.send("hello")
        assert await receive(echo, 1) == ["Message text was: hello"]
    async with await connect(server, "/items/foo/ws?token=some-key-token") as item:
        await item.send("hello")
        assert (await receive(item, 2))[1] == "Message text was: hello, for item ID: foo"
    async with await connect(server, "/ws/7") as chat:
        await chat.send("hello")
        assert await receive(chat, 2) == ["You wrote: hello", "Client #7 says: hello"]


async def test_b1_every_socket_stream_and_route_is_served_below_the_base_path(server: Host, item: str) -> None:
    await assert_is_served(server, item)
    await assert_tutorial_is_served(server)
    async with follow_list(server) as rooms:
        assert item in await rooms.wait_for_ready()


@pytest.mark.parametrize("proxy", PATHS_BY_PROXY)
async def test_b1_every_socket_stream_and_route_is_served_below_a_root_path(
    prefixed_server: Host, proxy: str, item: str
) -> None:
    await assert_is_served(prefixed_server.at_prefix(PATHS_BY_PROXY[proxy]), item)
    await assert_tutorial_is_served(prefixed_server.at_prefix(PATHS_BY_PROXY[proxy]))


@ON_ONE_CARRIER
def test_b1_documents_and_page_use_addresses_below_the_base_path(server: Host) -> None:
    with blocking_http(server) as client:
        openapi, asyncapi = client.get("/openapi.json").json(), client.get("/asyncapi.json").json()
        pages = [client.get(path, headers={"Accept": "text/html"}) for path in ("/", "", "/items/foo", "/embed/foo")]

    assert openapi["servers"] == [{"url": "/chat"}]
    assert [channel["address"] for channel in asyncapi["channels"].values()] == [
        "/chat/items/{item_id}/ws",
        "/chat/api/items/ws",
    ]
    for page in pages:
        assert page.text.startswith("<!DOCTYPE html>")
        assert not re.search(r'(src|href)="/(?!chat/)', page.text)
    frame_ancestors = [page.headers["content-security-policy"].split("frame-ancestors ")[1] for page in pages]
    assert frame_ancestors == ["'none'", "'none'", "'none'", "'self'"]


@ON_ONE_CARRIER
def test_b1_login_cookie_has_the_base_path_and_over_https_a_prefix(server: Host) -> None:
    with blocking_http(server, token=None) as client:
        plain = client.post("/api/session", json={"name": "Ada"})
        secure = client.post("/api/session", json={"name": "Ada"}, headers=HTTPS_HEADERS)
        cookie = secure.headers.get_list("set-cookie")[0].split(";")[0]
        session = client.get("/api/session", headers=HTTPS_HEADERS | {"Cookie": cookie})
        logout = client.delete("/api/session", headers=HTTPS_HEADERS | {"Cookie": cookie})

    plain_cookie = plain.headers.get_list("set-cookie")[0]
    assert plain_cookie.startswith("alcove_session=")
    assert plain_cookie.count("Path=/chat;") == 1
    assert cookie.startswith("__Secure-alcove_session=")
    assert {"Path=/chat", "Secure", "HttpOnly"} <= set(secure.headers.get_list("set-cookie")[0].split("; "))
    assert session.json()["you"]["name"] == "Ada"
    assert logout.headers["set-cookie"].startswith('__Secure-alcove_session="";')
    assert "Path=/chat;" in logout.headers["set-cookie"]


@ON_ONE_CARRIER
async def test_b1_login_cookie_with_the_longest_path_takes_precedence(server: Host, item: str) -> None:
    """Another deployment at the root of the host has a cookie of the same name; browsers send the longer path first."""
    with blocking_http(server, token=None) as client:
        ada, bob = [
            client.post("/api/session", json={"name": name}).headers.get_list("set-cookie")[0].split(";")[0]
            for name in ("Ada", "Bob")
        ]
        client.cookies.clear()
        login = client.get("/api/session", headers={"Cookie": f"{ada}; theme=dark; {bob}"})
    headers = {"Cookie": f"{bob}; {ada}", "Origin": f"http://127.0.0.1:{server.port}"}
    async with await RoomClient.join(server, item, token=None, headers=headers) as room:
        assert room.hello["you"]["name"] == "Bob"

    assert login.json()["you"]["name"] == "Ada"


@ON_ONE_CARRIER
def test_b1_server_does_not_clear_a_cookie_of_an_earlier_version(server: Host) -> None:
    with blocking_http(server, token=None) as client:
        response = client.get("/", headers={"Accept": "text/html", "Cookie": "session=open.QWRh.abc"})

    assert "set-cookie" not in response.headers


@ON_ONE_CARRIER
def test_b1_client_accepts_a_url_with_a_path(serve: Start) -> None:
    server = serve(ALCOVE_BASE_PATH="/apps/chat", ALCOVE_SECRET=SECRET)
    with Client(f"{server.url}/apps/chat", SECRET) as client:
        client.send("order-1", "hello", by=Member("shop", "The shop"))
        assert [entry.body for entry in client.entries("order-1")] == ["hello"]
    with blocking_http(server, token(items={"order-1": "r"})) as http:
        assert http.get("/apps/chat/api/items/order-1/entries").json()["head"] == 1
