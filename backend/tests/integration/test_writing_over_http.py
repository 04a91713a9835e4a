"""Test editing and deleting messages and sending events over HTTP (W11, S14)."""

from typing import Any

import httpx
import pytest

from tests.support.credentials import auth_headers, token
from tests.support.http import http
from tests.support.room_client import RoomClient, read_page
from tests.support.servers import ON_ONE_CARRIER, Server


async def send_entry(client: httpx.AsyncClient, item: str, body: Any = "hello", **fields: Any) -> httpx.Response:
    """Send an entry over HTTP."""
    return await client.post(f"/api/items/{item}/entries", json={"body": body, **fields})


async def test_w11_s8_s9_edits_and_deletes_are_stored_and_delivered(secured_server: Server, item: str) -> None:
    async with (
        http(secured_server) as client,
        await RoomClient.join(secured_server, item, token=token(sub="bob", items={item: "r"})) as room,
    ):
        client.headers.update(auth_headers(item, "w"))
        assert (await send_entry(client, item, "helo")).status_code == 201
        edit = await client.patch(f"/api/items/{item}/entries/1", json={"body": "hello"})
        assert edit.status_code == 201
        assert {"kind": "edit", "seq": 2, "target": 1, "body": "hello"}.items() <= edit.json().items()
        deleted = await client.delete(f"/api/items/{item}/entries/1")
        assert deleted.status_code == 201
        assert {"kind": "delete", "seq": 3, "target": 1}.items() <= deleted.json().items()
        assert [entry["kind"] for entry in await room.wait_for_seq(3)] == ["message", "edit", "delete"]
        client.headers.update(auth_headers(item, "r"))
        first, second, _ = (await read_page(client, item))["entries"]

    assert {"deleted", "body"} & first.keys() == {"deleted"}
    assert "body" not in second


async def test_w11_s5_repeated_request_stores_one_entry_and_returns_200(secured_server: Server, item: str) -> None:
    key = {"Idempotency-Key": "again"}
    async with http(secured_server) as client:
        client.headers.update(auth_headers(item, "rw"))
        await send_entry(client, item)
        edits = [
            await client.patch(f"/api/items/{item}/entries/1", json={"body": 2}, headers={"Idempotency-Key": "e"})
            for _ in range(2)
        ]
        deletes = [await client.delete(f"/api/items/{item}/entries/1", headers=key) for _ in range(2)]
        head = (await read_page(client, item))["head"]

    assert [201, 200] == [response.status_code for response in edits] == [response.status_code for response in deletes]
    assert edits[0].json()["seq"] == edits[1].json()["seq"]
    assert deletes[0].json() == deletes[1].json()
    assert head == 3


async def test_w11_s8_invalid_target_is_422_and_another_members_message_403(secured_server: Server, item: str) -> None:
    async with http(secured_server) as client:
        client.headers.update(auth_headers(item, "rw"))
        await send_entry(client, item)
        client.headers.update(auth_headers(item, "rw", "eve"))
        path = f"/api/items/{item}/entries"
        for target, status in ((1, 403), (2, 422), (0, 422), (2**53, 422), ("x", 422)):
            edit = await client.patch(f"{path}/{target}", json={"body": 2})
            deleted = await client.delete(f"{path}/{target}")
            assert (edit.status_code, deleted.status_code) == (status, status), target
            assert edit.headers["content-type"] == "application/problem+json"
        client.headers.update(auth_headers(item, "rwm", "root"))
        assert (await client.patch(f"{path}/1", json={"body": 2})).status_code == 201
        assert (await client.delete(f"{path}/1")).status_code == 201
        assert (await client.delete(f"{path}/1")).status_code == 422


@ON_ONE_CARRIER
@pytest.mark.parametrize("body", ["", "{}", "[]", '{"body":', '{"body":"\xff"}'])
async def test_w11_malformed_edit_is_refused(secured_server: Server, item: str, body: str) -> None:
    async with http(secured_server) as client:
        client.headers.update(auth_headers(item, "rw"))
        response = await client.patch(f"/api/items/{item}/entries/1", content=body.encode("latin-1"))

    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")


@ON_ONE_CARRIER
async def test_w11_l1_edit_above_the_size_limit_is_refused(secured_server: Server, item: str) -> None:
    async with http(secured_server) as client:
        client.headers.update(auth_headers(item, "rw"))
        await send_entry(client, item)
        response = await client.patch(f"/api/items/{item}/entries/1", json={"body": "x" * 65_537})

    assert (response.status_code, response.json()["code"]) == (413, "too_large")


async def test_s14_event_is_sent_by_a_moderator_and_delivered(secured_server: Server, item: str) -> None:
    body = {"text": "shipped", "data": {"parcel": 17}}
    async with (
        http(secured_server) as client,
        await RoomClient.join(secured_server, item, token=token(items={item: "r"})) as room,
    ):
        client.headers.update(auth_headers(item, "m", "shop"))
        responses = [await send_entry(client, item, body, kind="event", id="shipped-17") for _ in range(2)]
        (live,) = await room.wait_for_seq(1)
        client.headers.update(auth_headers(item, "r"))
        (stored,) = (await read_page(client, item))["entries"]

    assert [response.status_code for response in responses] == [201, 200]
    assert live == stored == responses[0].json() == responses[1].json()
    assert (live["kind"], live["body"]) == ("event", body)


@pytest.mark.parametrize(
    ("rights", "kind", "status"), [("rw", "event", 403), ("m", "message", 403), ("r", "event", 403)]
)
async def test_s14_event_requires_moderating_and_message_requires_writing(
    secured_server: Server, item: str, rights: str, kind: str, status: int
) -> None:
    async with http(secured_server) as client:
        client.headers.update(auth_headers(item, rights))
        response = await send_entry(client, item, {"text": "shipped"}, kind=kind)

    assert response.status_code == status
    assert "right" in response.json()["detail"]


@ON_ONE_CARRIER
async def test_s14_a2_open_mode_has_no_events(server: Server, item: str) -> None:
    async with http(server) as client:
        assert (await send_entry(client, item, {"text": "shipped"}, kind="event")).status_code == 403


@ON_ONE_CARRIER
@pytest.mark.parametrize("body", ["shipped", {}, {"text": ""}, {"text": 7}, {"text": "a", "more": 1}, None])
async def test_s14_malformed_event_is_refused(secured_server: Server, item: str, body: Any) -> None:
    async with http(secured_server) as client:
        client.headers.update(auth_headers(item, "m"))
        response = await send_entry(client, item, body, kind="event")

    assert response.status_code == 422
    assert "body.body" in response.json()["detail"]


async def test_s14_s8_event_cannot_be_edited_or_deleted_and_is_not_unread(secured_server: Server, item: str) -> None:
    async with http(secured_server) as client:
        client.headers.update(auth_headers(item, "rwm", "shop"))
        await send_entry(client, item, {"text": "shipped"}, kind="event")
        assert (await client.patch(f"/api/items/{item}/entries/1", json={"body": 2})).status_code == 422
        assert (await client.delete(f"/api/items/{item}/entries/1")).status_code == 422
        client.headers.update(auth_headers(item, "r"))
        counts = (await client.get("/api/unread", params={"item": item})).json()["items"]

    assert counts == [{"item": item, "head": 1, "unread": 0}]
