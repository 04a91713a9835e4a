"""Test which credentials are accepted, what each right allows, and where a cookie counts (A1, A3, A5, W5)."""

import re
import socket
import time
from collections.abc import Callable

import pytest

from tests.support import endpoints
from tests.support.clients import TIMEOUT_S, connect, wait_for_close_code
from tests.support.credentials import EC_KEY, ED25519_KEY, RSA_KEY, claims, raw_token, token
from tests.support.endpoints import ACCEPTED, Credential, bearer, cookie, query
from tests.support.http import blocking_http, http
from tests.support.room_client import RoomClient, expect_refusal
from tests.support.servers import ON_ONE_CARRIER, Server

#: Valid credentials, by what is special about each.
VALID_CREDENTIALS: dict[str, Callable[[], Credential]] = {
    "in the query": lambda: query(token()),
    "in the header": lambda: bearer(token()),
    "in the header, the scheme in small letters": lambda: Credential({}, {"Authorization": f"bearer {token()}"}),
    "in the cookie": lambda: cookie(token()),
    "in the cookie beside others": lambda: Credential({}, {"Cookie": f"session=b; alcove_session={token()}; c=d"}),
    "in the cookie, from a configured origin": lambda: cookie(token(), "https://app.example"),
    "in the query, from any origin": lambda: Credential({"token": token()}, {"Origin": "https://evil.example"}),
    "in the header, from any origin": lambda: Credential({}, bearer(token()).headers | {"Origin": "null"}),
    "of EdDSA": lambda: query(token(key=ED25519_KEY, algorithm="EdDSA", headers={"kid": "ed"})),
    "of RS256": lambda: query(token(key=RSA_KEY, algorithm="RS256", headers={"kid": "rsa"})),
    "of ES256": lambda: query(token(key=EC_KEY, algorithm="ES256", headers={"kid": "ec"})),
    "of a secret, with a kid": lambda: query(token(headers={"kid": "anything"})),
    "without iat": lambda: query(token(iat=...)),
    "whose exp has a fraction": lambda: query(token(exp=time.time() + 60.5)),
    "that expired within the leeway": lambda: query(token(exp=int(time.time()))),
    "made within the leeway": lambda: query(token(iat=int(time.time()) + 1)),
    "with an audience": lambda: query(token(aud="alcove", iss="https://app.example", jti="1")),
    "with claims of others": lambda: query(token(role="admin", email="ada@example.com")),
    "without typ": lambda: query(raw_token({"alg": "HS256"}, claims())),
    "whose sub is of any script": lambda: query(token(sub="عائشة 👩‍🚀")),
    "whose name is null": lambda: query(token(name=None)),
    "for every item": lambda: query(token(items={"*": "r"})),
    "for a pattern": lambda: query(token(items={"order-*": "r"}), item="order-17"),
    "for a pattern, with nothing behind it": lambda: query(token(items={"order-*": "r"}), item="order-"),
    "for the longest of patterns": lambda: query(token(items={"*": "", "o*": "", "order-*": "r"}), item="order-17"),
    "for the name itself": lambda: query(token(items={"*": "", "foo*": "", "foo": "r"})),
    "for an item of any script": lambda: query(token(items={"писмо-ñ.日本:1@a_b": "r"}), item="писмо-ñ.日本:1@a_b"),
    "with rights to moderate": lambda: query(token(items={"foo": "rwm"})),
    "with a letter twice": lambda: query(token(items={"foo": "rrw"})),
    "in the query, beside a bad cookie": lambda: Credential({"token": token()}, cookie("gone-by-now").headers),
    "in the header, beside a bad cookie": lambda: Credential(
        {}, cookie("gone-by-now").headers | bearer(token()).headers
    ),
    "in the query, beside a cookie from another site": lambda: Credential(
        {"token": token()}, cookie(token(), "https://evil.example").headers
    ),
    "in the header, beside a bad one in the query": lambda: Credential({"token": "gone"}, bearer(token()).headers),
    "in the query, beside an empty cookie": lambda: Credential({"token": token()}, cookie("").headers),
    "in the query, beside another scheme": lambda: Credential({"token": token()}, {"Authorization": "Basic eDp5"}),
}
#: The rights on the item that each endpoint requires.
ENDPOINT_RIGHTS = endpoints.ENDPOINT_RIGHTS | {"item socket": (endpoints.item_socket, "rw")}
#: Endpoints that require a valid credential and no right.
ENDPOINTS_FOR_ANY_MEMBER = endpoints.ENDPOINTS_WITHOUT_RIGHTS | {
    "echo": endpoints.echo_socket,
    "chat": endpoints.chat_socket,
}
#: Endpoints without a credential: they sign in or out, or return nothing about rooms.
PATHS_WITHOUT_CREDENTIAL = {"/api/mode", "/api/session", "/healthz", "/readyz", "/metrics"}
#: Origins other than the server's own, some of which look similar.
OTHER_ORIGINS = ["https://evil.example", "null", "", "http://[", "file://", "http://127.0.0.1", "http://127.0.0.1:1"]


@pytest.mark.parametrize("endpoint", ["room", "history", "events"])
@pytest.mark.parametrize("kind", VALID_CREDENTIALS)
async def test_a1_a3_valid_credential_is_accepted(secured_server: Server, kind: str, endpoint: str) -> None:
    call, _ = endpoints.ENDPOINT_RIGHTS[endpoint]
    assert await call(secured_server, VALID_CREDENTIALS[kind]()) == endpoints.Outcome(ACCEPTED)


@pytest.mark.parametrize("rights", ["", "r", "w", "m", "rw", "rm", "wm", "rwm"])
@pytest.mark.parametrize("endpoint", ENDPOINT_RIGHTS)
async def test_a3_each_endpoint_requires_exactly_its_rights(secured_server: Server, endpoint: str, rights: str) -> None:
    call, required_rights = ENDPOINT_RIGHTS[endpoint]
    outcome = await call(secured_server, query(token(items={"foo": rights})))

    assert (outcome.code == ACCEPTED) == (set(required_rights) <= set(rights))
    assert outcome.code in {ACCEPTED, 403, 4403}


@ON_ONE_CARRIER
def test_a3_endpoint_tables_cover_every_route_of_the_openapi_document(secured_server: Server) -> None:
    with blocking_http(secured_server, token=None) as client:
        paths = client.get("/openapi.json").json()["paths"]
    missing_routes = [
        f"{method} {path}"
        for path, methods in paths.items()
        for method in methods
        if path not in PATHS_WITHOUT_CREDENTIAL and not is_in_a_table(method, path)
    ]

    assert len(paths) > 15
    assert missing_routes == []


def is_in_a_table(method: str, path: str) -> bool:
    """Return whether one of the tables has an endpoint for this route."""
    route = re.compile(re.sub(r"\{\w+\}", "[^/]+", path))
    all_endpoints = [function for function, _ in ENDPOINT_RIGHTS.values()]
    all_endpoints += [*endpoints.MODERATE_ALL_ENDPOINTS.values(), *ENDPOINTS_FOR_ANY_MEMBER.values()]
    return any(
        endpoint.method == method.upper() and route.fullmatch(endpoint.template.partition("?")[0])
        for endpoint in all_endpoints
        if isinstance(endpoint, endpoints.HttpEndpoint)
    )


@pytest.mark.parametrize("endpoint", ENDPOINTS_FOR_ANY_MEMBER)
async def test_a3_endpoints_without_rights_require_any_valid_credential(secured_server: Server, endpoint: str) -> None:
    assert (await ENDPOINTS_FOR_ANY_MEMBER[endpoint](secured_server, query(token(items={})))).code == ACCEPTED
    assert (
        await ENDPOINTS_FOR_ANY_MEMBER[endpoint](secured_server, cookie(token(items={}), secured_server.url))
    ).code == ACCEPTED
    for invalid in (query("gone"), Credential(), query(token(exp=1)), query(token(key="k" * 40))):
        assert (await ENDPOINTS_FOR_ANY_MEMBER[endpoint](secured_server, invalid)).code in {401, 403, 4401}


@pytest.mark.parametrize("credential", [Credential(), query("gone-by-now"), query(token(items={"foo": "r"}))])
async def test_t2_tutorial_sockets_refuse_before_the_upgrade(secured_server: Server, credential: Credential) -> None:
    assert await endpoints.item_socket(secured_server, credential) == endpoints.Outcome(403)


@pytest.mark.parametrize("origin", OTHER_ORIGINS)
async def test_a5_cookie_is_ignored_for_pages_of_other_origins(secured_server: Server, origin: str) -> None:
    credential = cookie(token(items={"*": "rwm"}), origin)

    assert (await endpoints.room(secured_server, credential)).code == 4403
    assert (await endpoints.list_socket(secured_server, credential)).code == 4403
    assert (
        await endpoints.item_socket(secured_server, endpoints.plain_cookie(token(items={"*": "rw"}), origin))
    ).code == 403
    assert (await endpoints.echo_socket(secured_server, credential)).code == 403
    for endpoint in (
        endpoints.send,
        endpoints.event,
        endpoints.edit_message,
        endpoints.delete_message,
        endpoints.mark_read,
        endpoints.delete_room,
        endpoints.ban,
    ):
        assert (await endpoint(secured_server, credential)).code == 403
    assert (await endpoints.revoke(secured_server, credential)).code == 403
    # Reading changes nothing, and the browser does not show the response to the page.
    for endpoint in (endpoints.history, endpoints.list_items, endpoints.list_events, endpoints.unread):
        assert (await endpoint(secured_server, credential)).code == ACCEPTED


async def test_a5_http_page_is_another_origin_for_an_https_server(secured_server: Server) -> None:
    host = secured_server.url.removeprefix("http://")

    def credential(scheme: str, origin: str) -> Credential:
        name = "__Host-alcove_session" if scheme == "https" else "alcove_session"
        return Credential({}, {"Cookie": f"{name}={token()}", "Origin": origin, "X-Forwarded-Proto": scheme})

    for endpoint, refused in ((endpoints.room, 4403), (endpoints.list_socket, 4403), (endpoints.send, 403)):
        assert (await endpoint(secured_server, credential("https", f"http://{host}"))).code == refused
        assert (await endpoint(secured_server, credential("https", f"https://{host}"))).code == ACCEPTED
        # Behind a proxy that does not forward the scheme, a page of the server has this origin.
        assert (await endpoint(secured_server, credential("http", f"https://{host}"))).code == ACCEPTED


@pytest.mark.parametrize(
    ("head", "status"),
    [(b"HTTP/1.0\r\nOrigin: http://None", b" 403 "), (b"HTTP/1.1\r\nHost:\r\nOrigin: http://", b" 400 ")],
)
def test_a5_request_without_a_host_header_is_never_same_origin(
    secured_server: Server, head: bytes, status: bytes
) -> None:
    request = b"DELETE /api/session " + head + b"\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", secured_server.port), TIMEOUT_S) as peer:
        peer.sendall(request)

        assert status in peer.recv(65536).splitlines()[0]


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_a5_w5_pages_of_other_origins_cannot_sign_in_or_out(secured_server: Server, method: str) -> None:
    headers = {"Origin": "https://evil.example", "Cookie": f"alcove_session={token()}"}
    async with http(secured_server, token=None) as client:
        response = await client.request(method, "/api/session", json={"token": token()}, headers=headers)

    assert response.status_code == 403
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize("items", [{"*": "rw"}, {"foo": "rwm"}, {"f*": "rwm", "*": ""}, {}])
@pytest.mark.parametrize("endpoint", endpoints.MODERATE_ALL_ENDPOINTS)
async def test_a7_w14_w15_requests_for_all_items_require_moderating_all_items(
    secured_server: Server, items: object, endpoint: str
) -> None:
    call = endpoints.MODERATE_ALL_ENDPOINTS[endpoint]
    outcome = await call(secured_server, query(token(items=items)))

    assert outcome.code == 403
    assert "moderate *" in outcome.reason
    assert (await call(secured_server, query(token(items={"*": "m"})))).code == ACCEPTED


@pytest.mark.parametrize(
    ("items", "code"),
    [
        ({"foo": "m"}, ACCEPTED),
        ({"f*": "rwm"}, ACCEPTED),
        ({"*": "m"}, ACCEPTED),
        ({"foo": "rw"}, 403),
        ({"*": "rwm", "foo": "rw"}, 403),
        ({"bar": "rwm"}, 403),
    ],
)
async def test_a7_revoking_on_an_item_requires_the_right_to_moderate_it(
    secured_server: Server, items: object, code: int
) -> None:
    outcome = await endpoints.revoke_on_foo(secured_server, query(token(items=items)))

    assert outcome.code == code
    assert outcome.code == ACCEPTED or "moderate foo" in outcome.reason


async def test_w4_list_contains_exactly_the_readable_items(secured_server: Server) -> None:
    author = query(token(sub="eve", items={"*": "rw"}))
    for item in ("list-1", "list-2", "lost-1"):
        assert (await endpoints.send(secured_server, Credential(author.query, item=item))).code == ACCEPTED
    async with http(secured_server, token=None) as client:
        reader = token(items={"list-*": "r", "list-2": "w", "lost-1": "m"})
        response = await client.get("/api/items", params={"token": reader})
        all_items = await client.get("/api/items", params={"token": token(items={"*": "r"}), "limit": 500})

    assert [item["item"] for item in response.json()["items"]] == ["list-1"]
    assert not [item for item in all_items.json()["items"] if item["item"].startswith("!")]


async def test_a3_reader_receives_entries_and_is_refused_a_send(secured_server: Server, item: str) -> None:
    async with await RoomClient.join(secured_server, item, token=token(items={item: "r"})) as room:
        refusal = await room.request({"type": "send", "id": "1", "body": "hello"})

    assert room.hello["you"] == {"id": "ada", "name": "ada", "can": ["read"]}
    assert refusal["code"] == "forbidden"


async def test_a3_hello_contains_name_and_expiry(secured_server: Server, item: str) -> None:
    exp = int(time.time()) + 60
    valid = token(name="Ada L.", exp=exp, items={item: "rw"})
    async with await RoomClient.join(secured_server, item, token=valid) as room:
        assert room.hello["you"] == {"id": "ada", "name": "Ada L.", "can": ["read", "write"]}
        assert room.hello["expires"] == exp * 1000


async def test_h4_refusal_selects_the_subprotocol_of_alcove(secured_server: Server) -> None:
    client = await connect(secured_server, "/ws?token=gone-by-now", subprotocols=["chat", "alcove.v1"])

    assert client.subprotocol == "alcove.v1"
    assert await wait_for_close_code(client) == 4401
    assert (await endpoints.plain_socket_endpoint("/ws")(secured_server, query("gone-by-now"))).code == 403


async def test_a2_signed_mode_ignores_a_name_in_the_query(secured_server: Server, item: str) -> None:
    async with await RoomClient.join(secured_server, item, token=token(items={item: "r"}), name="Eve") as room:
        assert room.hello["you"]["name"] == "ada"
    error, code, reason = await expect_refusal(secured_server, item, token="gone-by-now", name="Eve")
    assert (error["code"], code, reason) == ("unauthenticated", 4401, error["message"])
