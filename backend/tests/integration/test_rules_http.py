"""Test rooms over HTTP: history, sending, the list of items, errors (W)."""

import httpx
import pytest

from tests.support.credentials import token
from tests.support.http import http
from tests.support.room_client import RoomClient, read_page
from tests.support.servers import ON_ONE_CARRIER, Server


async def fill(server: Server, item: str, count: int) -> str:
    """Send the numbers from 1 to `count`, and return the log's id."""
    async with await RoomClient.join(server, item) as room:
        await room.send_messages(*range(1, count + 1))
        return str(room.hello["log"])


@ON_ONE_CARRIER
@pytest.mark.parametrize(
    ("bounds", "seqs"),
    [
        ({}, range(51, 101)),
        ({"limit": 3}, range(98, 101)),
        ({"limit": 500}, range(1, 101)),
        ({"before": 11}, range(1, 11)),
        ({"before": 91, "limit": 5}, range(86, 91)),
        ({"before": 1000, "limit": 1}, range(100, 101)),
        ({"before": 1}, range(0)),
        ({"before": 0}, range(0)),
        ({"after": 0, "limit": 5}, range(1, 6)),
        ({"after": 90}, range(91, 101)),
        ({"after": 99}, range(100, 101)),
        ({"after": 100}, range(0)),
        ({"after": 1000}, range(0)),
    ],
)
async def test_w1_page_is_ascending_between_exclusive_bounds(
    unlimited_server: Server, item: str, bounds: dict[str, int], seqs: range
) -> None:
    log = await fill(unlimited_server, item, 100)
    async with http(unlimited_server) as client:
        result = await read_page(client, item, **bounds)

    assert [entry["seq"] for entry in result["entries"]] == [*seqs]
    assert (result["head"], result["oldest"], result["log"]) == (100, 1, log)
    assert result.keys() == {"entries", "head", "oldest", "log"}


@ON_ONE_CARRIER
async def test_w1_item_never_written_to_is_empty(server: Server, item: str) -> None:
    async with http(server) as client:
        result = await read_page(client, item)

    assert (result["entries"], result["head"], result["oldest"]) == ([], 0, 1)


@ON_ONE_CARRIER
@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=501",
        "limit=x",
        "limit=",
        "before=-1",
        "after=-1",
        "after=1.5",
        "after=1&before=9",
        f"after={2**53}",
    ],
)
async def test_w1_w6_invalid_parameter_is_refused_with_422(server: Server, item: str, query: str) -> None:
    async with http(server) as client:
        response = await client.get(f"/api/items/{item}/entries?{query}")

    assert response.status_code == 422
    assert_problem(response, query.split("=", maxsplit=1)[0])


async def test_w1_cursor_of_the_http_api_is_valid_on_a_socket(unlimited_server: Server, item: str) -> None:
    log = await fill(unlimited_server, item, 20)
    async with http(unlimited_server) as client:
        result = await read_page(client, item, after=0, limit=12)
    last = result["entries"][-1]["seq"]
    async with await RoomClient.join(unlimited_server, item, after=last, log=result["log"]) as room:
        await room.wait_for_seq(20)

    assert result["log"] == log
    assert [entry["seq"] for entry in result["entries"] + room.entries] == [*range(1, 21)]


@ON_ONE_CARRIER
async def test_w2_send_returns_201_and_a_repeated_send_200(server: Server, item: str) -> None:
    async with http(server) as client, await RoomClient.join(server, item) as room:
        first = await client.post(f"/api/items/{item}/entries", json={"id": "a", "body": {"k": ["v"]}})
        repeated = await client.post(f"/api/items/{item}/entries", json={"id": "a", "body": "not looked at"})
        await room.wait_for_seq(1)
        ack = await room.request({"type": "send", "id": "a", "body": "x"})
        stored = await read_page(client, item)

    assert [first.status_code, repeated.status_code] == [201, 200]
    assert [first.json()] == room.entries == stored["entries"]
    assert first.json() == repeated.json()
    assert (ack["seq"], ack["duplicate"]) == (1, True), "a member is one sender, by socket and by HTTP"


@ON_ONE_CARRIER
async def test_w2_idempotency_key_header_is_used_as_the_id(server: Server, item: str) -> None:
    async with http(server) as client:
        responses = [
            await client.post(f"/api/items/{item}/entries", json={"body": n}, headers={"Idempotency-Key": "key"})
            for n in range(2)
        ]
        without_header = [await client.post(f"/api/items/{item}/entries", json={"body": n}) for n in range(2)]

    assert [response.status_code for response in responses] == [201, 200]
    assert responses[0].json()["id"] == "key"
    assert [response.status_code for response in without_header] == [201, 201]
    assert len({response.json()["id"] for response in without_header}) == 2


@ON_ONE_CARRIER
@pytest.mark.parametrize("body", [None, False, 0, "", [], {}, "two\nlines", 1.5])
async def test_w2_any_json_is_a_body(server: Server, item: str, body: object) -> None:
    async with http(server) as client, await RoomClient.join(server, item) as room:
        # Line breaks between the tokens, which JSON allows.
        text = httpx.Response(200, json={"body": body}).text.replace(",", ",\n").replace(":", ":\n ")
        response = await client.post(f"/api/items/{item}/entries", content=text)
        await room.wait_for_seq(1)

    assert response.status_code == 201, response.text
    assert response.json()["body"] == body
    assert room.bodies == [body]


@ON_ONE_CARRIER
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        b"[]",
        b"{}",
        b'{"id":"a"}',
        b'{"id":"","body":1}',
        b'{"id":1,"body":1}',
        b'{"body":\xff}',
        b'{"body":"\xff"}',
        b'{"id":"' + b"x" * 65 + b'","body":1}',
        b'{"body":' + b"[" * 20_000,
        b'{"body":1}x',
        b'{"body":-1e999}',
        b'{"body":[' + b"9" * 5000 + b"]}",
    ],
)
async def test_w2_w6_invalid_entry_is_422_and_stores_nothing(server: Server, item: str, content: bytes) -> None:
    async with http(server) as client:
        response = await client.post(f"/api/items/{item}/entries", content=content)
        assert (await read_page(client, item))["head"] == 0

    assert response.status_code == 422
    assert_problem(response, "body")


@ON_ONE_CARRIER
async def test_w4_readable_items_are_listed_latest_first(server: Server, item: str) -> None:
    names = [f"{item}-{letter}" for letter in "abc"]
    async with await RoomClient.join(server, names[0], name="Ada") as ada:
        await ada.send_messages("a1", "a2")
    async with await RoomClient.join(server, names[1], name="Ada") as ada:
        await ada.send_messages("b1", "b2", "b3")
    async with await RoomClient.join(server, names[2], name="Bob") as bob:
        await bob.send_messages("c1")
    async with await RoomClient.join(server, names[0], name="Bob") as bob:
        await bob.send_messages("a3")
    async with await RoomClient.join(server, names[1], name="Bob") as bob:
        await bob.send_lines({"type": "read", "seq": 1})
        await bob.wait_for("read")
    async with http(server) as client:
        listed = (await client.get("/api/items", params={"name": "Bob"})).json()["items"]
        first = (await client.get("/api/items", params={"name": "Bob", "limit": 1})).json()["items"]
        by_prefix = {"name": "Bob", "prefix": f"{item}-a"}
        with_prefix = (await client.get("/api/items", params=by_prefix)).json()["items"]
        wildcard_response = await client.get("/api/items", params={"prefix": "*"})
    matching = [room for room in listed if room["item"].startswith(item)]

    assert [room["item"] for room in matching] == [names[0], names[2], names[1]]
    assert [room["head"] for room in matching] == [3, 1, 3]
    assert [room["last"]["body"] for room in matching] == ["a3", "c1", "b3"]
    assert [room["unread"] for room in matching] == [2, 0, 2], "own messages are never unread"
    assert listed[:1] == first
    assert [room["item"] for room in with_prefix] == [names[0]]
    assert wildcard_response.status_code == 422


def assert_problem(response: httpx.Response, detail: str = "") -> None:
    """Assert that the response is a problem document (RFC 9457) whose detail contains `detail`."""
    assert response.headers["content-type"] == "application/problem+json"
    document = response.json()
    assert response.status_code == document["status"]
    assert document["type"]
    assert document["title"]
    assert detail in document["detail"]


@ON_ONE_CARRIER
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nowhere", 404),
        ("PUT", "/api/items/foo/entries", 405),
        ("DELETE", "/api/items", 405),
        ("GET", "/api/items/a%20b/entries", 422),
        ("GET", "/api/items/a%20b/connections", 422),
        ("GET", "/api/items?limit=0", 422),
    ],
)
async def test_w6_every_error_is_a_problem_document(server: Server, method: str, path: str, status: int) -> None:
    async with http(server) as client:
        response = await client.request(method, path)

    assert response.status_code == status
    assert_problem(response)


@ON_ONE_CARRIER
@pytest.mark.parametrize("path", ["/api/items", "/api/items/foo/entries", "/api/items/foo/connections"])
async def test_w6_a1_request_without_a_credential_is_refused_with_401(server: Server, path: str) -> None:
    async with http(server, token=None) as client:
        response = await client.get(path)

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert_problem(response, "credential")


@ON_ONE_CARRIER
@pytest.mark.parametrize("path", ["/api/session", "/api/revoke"])
async def test_w6_l1_request_above_the_limit_is_refused_on_every_path(secured_server: Server, path: str) -> None:
    admin = {"Authorization": f"Bearer {token(items={'*': 'rwm'})}"}
    async with http(secured_server) as client:
        response = await client.post(path, content=b" " * (32 * 1024 + 1), headers=admin)

    assert response.status_code == 413
    assert_problem(response, "32768 bytes")


@ON_ONE_CARRIER
async def test_w6_body_over_the_limit_is_413(server: Server, item: str) -> None:
    async with http(server) as client:
        response = await client.post(f"/api/items/{item}/entries", content=b" " * (1024 * 1024 + 1))

    assert response.status_code == 413
    assert_problem(response)


@ON_ONE_CARRIER
async def test_a5_cookie_authenticates_only_requests_from_the_own_origin(server: Server, item: str) -> None:
    path = f"/api/items/{item}/entries"
    cookie = {"Cookie": "alcove_session=c"}
    async with http(server, token=None) as client:
        own_origin = await client.post(path, json={"body": 1}, headers=cookie | {"Origin": server.url})
        no_origin = await client.post(path, json={"body": 2}, headers=cookie)
        other_origin = await client.post(path, json={"body": 3}, headers=cookie | {"Origin": "https://evil.example"})
        with_token = await client.post(
            path, json={"body": 4}, headers={"Authorization": "Bearer b", "Origin": "https://else.example"}
        )

    assert [response.status_code for response in (own_origin, no_origin, other_origin, with_token)] == [
        201,
        201,
        403,
        201,
    ]
    assert_problem(other_origin, "origin")
