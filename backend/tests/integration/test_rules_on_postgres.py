"""Test the rules of bans, details, events, the list, HTTP and exports on PostgreSQL, on every carrier.

The carrier is the implementation of WebSockets: `detached` or `asgi`.

On SQLite each rule has its own module of tests; `tests/cluster` tests them across processes.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from deploy.engines import database
from tests.support import endpoints
from tests.support.credentials import SECRET, token
from tests.support.endpoints import ACCEPTED, query
from tests.support.http import http
from tests.support.list_clients import TRANSPORTS, Transport, follow_list
from tests.support.room_client import RoomClient, read_page, send
from tests.support.servers import Server, start_alcove, without_problems

PICTURE = "https://pictures.example/ada.png"


@pytest.fixture(scope="module")
def postgres_server(carrier: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server with a secret on PostgreSQL."""
    folder: Path = tmp_path_factory.mktemp("stored")
    with database(postgres_server) as url:
        env = {"ALCOVE_SECRET": SECRET, "ALCOVE_DATABASE_URL": url, "ALCOVE_SENDS_PER_S": "0"}
        with without_problems(start_alcove(carrier=carrier, cwd=folder, env=env)) as server:
            yield server


@pytest.fixture
async def moderator(postgres_server: Server) -> AsyncIterator[httpx.AsyncClient]:
    """Open an HTTP client whose token may moderate all items."""
    headers = {"Authorization": f"Bearer {token(sub='root', items={'*': 'rwm'})}"}
    async with http(postgres_server, headers=headers) as client:
        yield client


async def test_w15_a8_ban_applies_to_connections_and_tokens_until_lifted(
    postgres_server: Server, moderator: httpx.AsyncClient, item: str
) -> None:
    path = f"/api/items/{item}/bans/ada"
    async with await RoomClient.join(postgres_server, item, token=token(items={item: "rw"})) as room:
        assert (await moderator.put(path, json={"right": "write"})).status_code == 200
        assert (await room.wait_for("access"))["can"] == ["read"]
        assert (await room.request(send("no")))["code"] == "forbidden"
        assert (await moderator.put(path, json={"right": "all"})).status_code == 200
        assert await room.wait_for_close() == 4403
    new_token = query(token(items={item: "rw"}, jti="new"), item=item)
    assert (await endpoints.room(postgres_server, new_token)).code == 4403
    assert (await moderator.delete(path)).status_code == 204
    assert (await endpoints.room(postgres_server, new_token)).code == ACCEPTED


async def test_a9_picture_and_role_are_in_you_and_in_stored_entries(postgres_server: Server, item: str) -> None:
    ada = {"id": "ada", "name": "Ada", "picture": PICTURE, "role": "Support"}
    token_of_ada = token(name="Ada", picture=PICTURE, role="Support", items={item: "rw"})
    async with await RoomClient.join(postgres_server, item, token=token_of_ada) as room:
        assert room.hello["you"] == ada | {"can": ["read", "write"]}
        await room.send_messages("hello")
    async with http(postgres_server, token_of_ada) as client:
        assert (await read_page(client, item))["entries"][0]["by"] == ada


async def test_s14_event_is_stored_once_and_delivered_and_cannot_be_edited(
    postgres_server: Server, moderator: httpx.AsyncClient, item: str
) -> None:
    path = f"/api/items/{item}/entries"
    event = {"kind": "event", "body": {"text": "shipped", "data": 7}}
    async with await RoomClient.join(postgres_server, item, token=token(items={item: "rw"})) as room:
        responses = [await moderator.post(path, json=event, headers={"Idempotency-Key": "a"}) for _ in range(2)]
        assert [response.status_code for response in responses] == [201, 200]
        assert (await room.wait_for("entry", kind="event"))["body"] == event["body"]
        assert (await room.request({"type": "edit", "id": "e", "target": 1, "body": "x"}))["code"] == "invalid"
    assert (await endpoints.event(postgres_server, query(token(items={item: "rw"}), item=item))).code == 403


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_w10_list_reports_changed_rooms_with_unread_counts(
    postgres_server: Server, moderator: httpx.AsyncClient, item: str, transport: Transport
) -> None:
    ada = token(items={item: "r"})
    async with follow_list(postgres_server, transport, token=ada, prefix=item) as room_list:
        assert await room_list.wait_for_ready() == []
        await moderator.post(f"/api/items/{item}/entries", json={"body": "hello"})
        assert (await room_list.wait_for(item=item))["unread"] == 1
    async with http(postgres_server, ada) as client:
        assert (await client.get("/api/unread", params={"item": item})).json()["items"] == [
            {"item": item, "head": 1, "unread": 1}
        ]


async def test_w11_room_is_written_read_and_deleted_over_http(
    postgres_server: Server, moderator: httpx.AsyncClient, item: str
) -> None:
    path = f"/api/items/{item}"
    async with await RoomClient.join(postgres_server, item, token=token(items={item: "r"})) as room:
        assert (await moderator.post(f"{path}/entries", json={"body": 1})).status_code == 201
        statuses = [
            (await moderator.patch(f"{path}/entries/1", json={"body": 2}, headers={"Idempotency-Key": "e"})).status_code
            for _ in range(2)
        ]
        assert statuses == [201, 200]
        assert (await moderator.put(f"{path}/read", json={"seq": 9})).json() == {"seq": 2}
        assert [member["id"] for member in (await moderator.get(f"{path}/members")).json()["members"]] == ["ada"]
        assert (await moderator.delete(f"{path}/entries/1")).status_code == 201
        assert (await moderator.delete(f"{path}/entries/99")).status_code == 422
        assert [entry["kind"] for entry in await room.wait_for_seq(3)] == ["message", "edit", "delete"]
        assert (await moderator.delete(path)).status_code == 204
        assert await room.wait_for_close() == 1012
    assert (await read_page(moderator, item))["head"] == 0


async def test_w14_room_and_member_are_exported_and_the_member_is_erased(
    postgres_server: Server, moderator: httpx.AsyncClient, item: str
) -> None:
    member = f"eve-{item}"
    async with http(postgres_server, token(sub=member, name="Eve", items={item: "rw"})) as client:
        await client.post(f"/api/items/{item}/entries", json={"body": "hello"})
        await client.put(f"/api/items/{item}/read", json={"seq": 1})
    exported = [(await moderator.get(path)).text for path in (f"/api/items/{item}/export", f"/api/members/{member}")]
    assert ["hello" in text for text in exported] == [True, True]
    assert (await moderator.delete(f"/api/members/{member}")).status_code == 204
    after = (await moderator.get(f"/api/items/{item}/export")).text
    assert ("hello" in after, "Eve" in after, '"type":"read"' in after) == (False, False, False)
