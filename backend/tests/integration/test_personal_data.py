"""Test exports of rooms and members, and the erasure of a member (W14)."""

import json
from typing import Any

import httpx
import pytest

from tests.support.credentials import SECRET, token
from tests.support.http import http
from tests.support.room_client import RoomClient, read_page
from tests.support.servers import ON_ONE_CARRIER, Server, Start
from tests.support.storage_search import find_words, wait_until_erased

ROOT_HEADERS = {"Authorization": f"Bearer {token(sub='root', items={'*': 'rwm'})}"}
ERASED_TEXT = "xylophone-serenade"
NAME = "Mallory Zweigelt"


def token_of_mallory(*items: str) -> str:
    """Sign a token of the member who is erased."""
    return token(
        sub="mallory", name=NAME, picture="https://pictures.example/zweigelt.png", items=dict.fromkeys(items, "rw")
    )


async def read_export(client: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    """Read an export, and decode its lines."""
    response = await client.get(path, headers=ROOT_HEADERS)
    assert (response.status_code, response.headers["content-type"].split(";")[0]) == (200, "application/x-ndjson")
    return [json.loads(line) for line in response.text.splitlines()]


async def send_message(client: httpx.AsyncClient, item: str, body: str, sender: str) -> None:
    """Send a message over HTTP."""
    headers = {"Authorization": f"Bearer {sender}"}
    assert (await client.post(f"/api/items/{item}/entries", json={"body": body}, headers=headers)).status_code == 201


async def test_w14_export_of_a_room_is_complete(secured_server: Server, item: str) -> None:
    ada = token(items={item: "rw"})
    async with http(secured_server) as client, await RoomClient.join(secured_server, item, token=ada) as room:
        for start in range(0, 600, 60):
            await room.send_messages(*range(start, start + 50))
        await client.put(f"/api/items/{item}/read", json={"seq": 7}, headers={"Authorization": f"Bearer {ada}"})
        exported = await read_export(client, f"/api/items/{item}/export")

    assert exported[0] == {"type": "room", "item": item, "log": room.hello["log"], "head": 500, "oldest": 1}
    assert [entry["seq"] for entry in exported[1:-1]] == list(range(1, 501))
    assert exported[-1] == {"type": "read", "by": "ada", "seq": 7}


async def erase_while_ada_reads(server: Server, item: str) -> list[dict[str, Any]]:
    """Erase Mallory, who sent messages, while Ada is connected; return the entries that Ada can read then."""
    second_item = f"{item}-2"
    ada = token(items={item: "rw", second_item: "r"})
    async with http(server) as client, await RoomClient.join(server, item, token=ada) as room:
        await send_message(client, item, f"{ERASED_TEXT} 1", token_of_mallory(item))
        await send_message(client, item, "kept", ada)
        await send_message(client, second_item, f"{ERASED_TEXT} 2", token_of_mallory(second_item))
        exported = await read_export(client, "/api/members/mallory")
        assert {line["item"] for line in exported if line["type"] == "room"} == {item, second_item}
        assert {line["body"] for line in exported if line["type"] == "entry"} == {
            f"{ERASED_TEXT} 1",
            f"{ERASED_TEXT} 2",
        }
        assert (await client.delete("/api/members/mallory", headers=ROOT_HEADERS)).status_code == 204
        delete_entry = await room.wait_for("entry", kind="delete")
        assert (delete_entry["target"], delete_entry["by"]["id"]) == (1, "root")
        client.headers["Authorization"] = f"Bearer {ada}"
        entries: list[dict[str, Any]] = (await read_page(client, item))["entries"]
        async with await RoomClient.join(server, item, token=ada) as rejoined:
            live = await rejoined.wait_for_seq(3)
        assert entries == live
        after = await read_export(client, "/api/members/mallory")
    assert ERASED_TEXT not in str(after)
    assert NAME not in str(after) + str(live)
    return entries


async def test_w14_erasure_removes_a_member_from_every_file_and_table(serve: Start, item: str, storage: str) -> None:
    server = serve(ALCOVE_SECRET=SECRET, ALCOVE_DATABASE_URL=storage)
    first, second, _ = await erase_while_ada_reads(server, item)

    assert (second["body"], "deleted" in first) == ("kept", True)
    await wait_until_erased(storage, [ERASED_TEXT, "Zweigelt", "zweigelt"])
    assert await find_words(storage, ["kept"]) != []


async def test_s9_w11_deletion_removes_content_from_every_file_and_table(serve: Start, item: str, storage: str) -> None:
    server = serve(ALCOVE_SECRET=SECRET, ALCOVE_DATABASE_URL=storage)
    room, deleted_room = f"/api/items/{item}", f"/api/items/{item}-2"
    async with http(server, headers=ROOT_HEADERS) as client:
        for path in (room, deleted_room):
            await client.post(f"{path}/entries", json={"body": "kept"})
            await client.post(f"{path}/entries", json={"body": f"{ERASED_TEXT} 1"})
            assert (await client.patch(f"{path}/entries/2", json={"body": f"{ERASED_TEXT} 2"})).status_code == 201
        body = {"text": f"{ERASED_TEXT} 3", "data": {ERASED_TEXT: 4}}
        assert (await client.post(f"{deleted_room}/entries", json={"kind": "event", "body": body})).status_code == 201
        assert await find_words(storage, [ERASED_TEXT]) != []

        assert (await client.delete(f"{room}/entries/2")).status_code == 201
        assert (await client.delete(deleted_room)).status_code == 204
        await wait_until_erased(storage, [ERASED_TEXT])
        assert [entry.get("body") for entry in (await read_page(client, item))["entries"]] == ["kept", None, None, None]
        assert (await read_page(client, f"{item}-2"))["head"] == 0


@ON_ONE_CARRIER
@pytest.mark.parametrize("items", [{"*": "rw"}, {"foo": "rwm"}, {}])
async def test_w14_export_and_erasure_require_moderating_all_items(
    secured_server: Server, items: dict[str, str]
) -> None:
    headers = {"Authorization": f"Bearer {token(items=items)}"}
    async with http(secured_server) as client:
        assert [
            (await client.request(method, "/api/members/nobody", headers=headers)).status_code
            for method in ("GET", "DELETE")
        ] == [403, 403]


@ON_ONE_CARRIER
async def test_w14_unknown_member_has_an_empty_export_and_can_be_erased(secured_server: Server) -> None:
    async with http(secured_server) as client:
        assert await read_export(client, "/api/members/https://login.example/nobody") == []
        assert (await client.delete("/api/members/nobody", headers=ROOT_HEADERS)).status_code == 204
