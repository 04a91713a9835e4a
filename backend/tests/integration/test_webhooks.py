"""Test the webhooks that a running server sends to a receiver of the test (K1 to K3)."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.commands import run_alcove
from tests.support.credentials import SECRET, token
from tests.support.http import http
from tests.support.room_client import RoomClient
from tests.support.servers import ALCOVE, ON_ONE_CARRIER, Process, Server, Start
from tests.support.webhook_receiver import Receiver

ADMIN = token(sub="admin", items={"*": "rwm"})


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Run a receiver of webhooks."""
    async with Receiver() as receiver:
        yield receiver


@pytest.fixture
def webhook_server(serve: Start, receiver: Receiver) -> Server:
    """Start a server that sends its webhooks to the receiver."""
    return serve(ALCOVE_SECRET=SECRET, ALCOVE_SENDS_PER_S="0", **receiver.env)


@ON_ONE_CARRIER
async def test_k1_delivery_contains_the_entry_and_present_and_absent_members(
    webhook_server: Server, receiver: Receiver
) -> None:
    async with http(webhook_server, token(sub="bob", items={"*": "rw"})) as bob, http(webhook_server, ADMIN) as admin:
        assert (await bob.post("/api/items/foo/entries", json={"body": "first"})).status_code == 201
        await receiver.wait_for_entries(1)
        assert (await bob.put("/api/items/foo/read", json={"seq": 1})).status_code == 200
        async with await RoomClient.join(webhook_server, "foo", token=token(sub="ada", items={"foo": "rw"})) as ada:
            if "bob" not in ada.hello["reads"]:  # marks are sent to a room within 250 ms (P5)
                await ada.wait_for("read", by="bob")
            await ada.send_messages("hello")
            await receiver.wait_for_entries(2)
            assert (await admin.patch("/api/items/foo/entries/2", json={"body": "hi"})).status_code == 201
            assert (await admin.delete("/api/items/foo/entries/2")).status_code == 201
            event = {"kind": "event", "body": {"text": "shipped", "data": [1]}}
            assert (await admin.post("/api/items/foo/entries", json=event)).status_code == 201
            deliveries = await receiver.wait_for_entries(5)
        log = (await admin.get("/api/items/foo/entries")).json()["log"]

    assert [delivery.event["type"] for delivery in deliveries] == ["message", "message", "edit", "delete", "event"]
    assert [delivery.entry["seq"] for delivery in deliveries] == [1, 2, 3, 4, 5]
    assert {(delivery.item, delivery.event["data"]["log"]) for delivery in deliveries} == {("foo", log)}
    second = deliveries[1].event["data"]
    assert [person["id"] for person in second["present"]] == ["ada"]
    assert (second["present_count"], second["absent"]) == (1, ["bob"])
    assert second["entry"]["body"] == "hello"
    assert deliveries[4].entry["body"] == {"text": "shipped", "data": [1]}
    assert len({delivery.id for delivery in deliveries}) == 5


@ON_ONE_CARRIER
async def test_k1_delivery_starts_at_the_heads_when_it_is_first_configured(serve: Start, receiver: Receiver) -> None:
    server_without_webhook = serve()
    async with http(server_without_webhook) as client:
        assert (await client.post("/api/items/old/entries", json={"body": "before"})).status_code == 201
    server_without_webhook.end()
    async with http(serve(**receiver.env)) as client:
        for item in ("old", "new"):
            assert (await client.post(f"/api/items/{item}/entries", json={"body": "after"})).status_code == 201
    deliveries = await receiver.wait_for_entries(2)

    assert sorted((delivery.item, delivery.entry["seq"]) for delivery in deliveries) == [("new", 1), ("old", 2)]


@ON_ONE_CARRIER
async def test_k1_imported_entries_are_not_delivered(webhook_server: Server, receiver: Receiver) -> None:
    import_line = {"type": "entry", "seq": 1, "kind": "message", "by": {"id": "ada", "name": "Ada"}, "body": "long ago"}
    lines: list[dict[str, object]] = [{"type": "room", "item": "foo"}]
    at = 1_700_000_000_000
    async with http(webhook_server, ADMIN) as client:
        for number in range(2):
            imported = import_line | {"id": f"comment-{number}", "at": at}
            body = "\n".join(map(json.dumps, [*lines, imported]))
            assert (await client.post("/api/import", content=body)).status_code == 200
            response = await client.post("/api/items/foo/entries", json={"body": "today"})
            assert response.status_code == 201
            at = response.json()["at"]  # imported entries must not be older than the last entry
        deliveries = await receiver.wait_for_entries(2)
        assert (await client.post("/api/items/foo/entries", json={"body": "last"})).status_code == 201
        deliveries = await receiver.wait_for_entries(3)

    assert [delivery.entry["seq"] for delivery in deliveries] == [2, 4, 5]


@ON_ONE_CARRIER
async def test_k2_k3_failing_item_is_repeated_and_delays_no_other_item(
    webhook_server: Server, receiver: Receiver
) -> None:
    failing = True
    receiver.respond = lambda received: 500 if received.item == "bad" and failing else 204
    async with http(webhook_server, ADMIN) as client:
        for number in range(3):
            await client.post("/api/items/bad/entries", json={"body": number})
        await receiver.wait_for(lambda: len(receiver.refused) > 0)
        await client.post("/api/items/good/entries", json={"body": "on its way"})
        await receiver.wait_for_entries(1, "good")
        await receiver.wait_for(lambda: len(receiver.refused) > 1)
        failing = False
        deliveries = await receiver.wait_for_entries(3, "bad")

    assert [delivery.entry["seq"] for delivery in deliveries] == [1, 2, 3]
    assert {delivery.id for delivery in receiver.refused} == {deliveries[0].id}


@ON_ONE_CARRIER
async def test_k2_w14_message_deleted_before_delivery_arrives_without_a_body(
    webhook_server: Server, receiver: Receiver
) -> None:
    receiver.respond = lambda _: 503
    async with http(webhook_server, ADMIN) as client:
        await client.post("/api/items/foo/entries", json={"body": "a secret"})
        await receiver.wait_for(lambda: len(receiver.refused) > 0)
        assert (await client.delete("/api/items/foo/entries/1")).status_code == 201
        receiver.respond = lambda _: 204
        deliveries = await receiver.wait_for_entries(2)

    assert ["body" in delivery.entry for delivery in deliveries] == [False, False]
    assert "deleted" in deliveries[0].entry


@ON_ONE_CARRIER
async def test_k2_w11_entries_of_a_deleted_room_are_not_delivered(webhook_server: Server, receiver: Receiver) -> None:
    receiver.respond = lambda _: 503
    async with http(webhook_server, ADMIN) as client:
        await client.post("/api/items/foo/entries", json={"body": "gone"})
        await receiver.wait_for(lambda: len(receiver.refused) > 0)
        assert (await client.delete("/api/items/foo")).status_code == 204
        receiver.respond = lambda _: 204
        await client.post("/api/items/foo/entries", json={"body": "again"})
        (delivery,) = await receiver.wait_for_entries(1)

    assert (delivery.entry["seq"], delivery.entry["body"]) == (1, "again")


@ON_ONE_CARRIER
async def test_k3_410_disables_the_endpoint_until_a_retry(webhook_server: Server, receiver: Receiver) -> None:
    receiver.respond = lambda _: 410
    async with http(webhook_server, ADMIN) as client:
        await client.post("/api/items/foo/entries", json={"body": "hello"})
        await receiver.wait_for(lambda: len(receiver.refused) > 0)
        await asyncio.to_thread(webhook_server.wait_for_line, "consumer webhook is disabled: the receiver answered 410")
        receiver.respond = lambda _: 204
        (state,) = (await client.get("/api/webhooks")).json()["consumers"]
        assert (state["name"], state["disabled"], state["pending_entries"]) == ("webhook", True, 1)
        assert (await client.post("/api/webhooks/webhook/retry", json={})).json() == {"items": 0}
        await receiver.wait_for_entries(1)

    assert len(receiver.refused) == 1
    webhook_server.lines.clear()  # the expected error must not fail the test


@ON_ONE_CARRIER
async def test_k3_item_is_parked_and_reported_until_it_is_skipped(serve: Start, receiver: Receiver) -> None:
    server = serve(ALCOVE_SECRET=SECRET, ALCOVE_WEBHOOK_RETRY_S="1", **receiver.env)
    receiver.respond = lambda received: 500 if received.entry.get("body") == "poison" else 204
    async with http(server, ADMIN) as client:
        for body in ("poison", "good"):
            await client.post("/api/items/foo/entries", json={"body": body})
        await asyncio.to_thread(server.wait_for_line, r"entry 1 of item foo is parked after \d+ attempts \(HTTP 500\)")
        while not (parked := (await client.get("/api/webhooks")).json()["consumers"][0]["parked_items"]):
            pass
        (failing,) = (await client.get("/api/webhooks")).json()["consumers"][0]["failing"]
        assert (parked, failing["item"], failing["seq"], failing["error"]) == (1, "foo", 1, "HTTP 500")
        assert 'alcove_consumer_parked_items{consumer="webhook"} 1.0' in (await client.get("/metrics")).text
        assert (await client.post("/api/webhooks/webhook/skip", json={"item": "foo"})).status_code == 204
        (delivery,) = await receiver.wait_for_entries(1)
        assert (await client.post("/api/webhooks/webhook/skip", json={"item": "foo"})).status_code == 404

    assert delivery.entry["body"] == "good"
    server.lines.clear()  # the expected error must not fail the test


@ON_ONE_CARRIER
async def test_k1_redirects_are_not_followed_and_long_responses_are_truncated(
    webhook_server: Server, receiver: Receiver
) -> None:
    responses: list[int | str] = [f"content-length: {10**9}\r\n\r\n{'x' * 100_000}", 302]
    receiver.respond = lambda _: responses.pop() if responses else 204
    async with http(webhook_server, ADMIN) as client:
        await client.post("/api/items/foo/entries", json={"body": "hello"})
        deliveries = await receiver.wait_for_entries(1)

    assert [delivery.id for delivery in receiver.refused] == [deliveries[0].id]


@ON_ONE_CARRIER
async def test_k1_test_event_shows_whether_the_receiver_works(webhook_server: Server, receiver: Receiver) -> None:
    async with http(webhook_server, ADMIN) as client:
        assert (await client.post("/api/webhooks/test")).json() == {"delivered": True, "error": None}
        receiver.respond = lambda _: 404
        assert (await client.post("/api/webhooks/test")).json() == {"delivered": False, "error": "HTTP 404"}
    async with http(webhook_server, token(sub="ada", items={"foo": "rwm"})) as client:
        assert (await client.get("/api/webhooks")).status_code == 403

    assert receiver.accepted[0].event["type"] == "test"


@ON_ONE_CARRIER
async def test_k3_command_shows_repeats_skips_and_tests_deliveries(
    serve: Start, receiver: Receiver, tmp_path: Path
) -> None:
    server = serve(ALCOVE_SECRET=SECRET, **receiver.env)
    receiver.respond = lambda _: 500

    async def run(*arguments: str) -> tuple[int, str, str]:
        return await run_alcove(tmp_path, "webhooks", *arguments, "--url", server.url)

    async with http(server, ADMIN) as client:
        await client.post("/api/items/foo/entries", json={"body": "one"})
        await receiver.wait_for(lambda: len(receiver.refused) > 0)
        while "HTTP 500" not in (status_output := await run("status"))[1]:
            pass
        assert status_output[1].startswith("webhook: 1 entry of 1 item to deliver; failing\n  foo entry 1: HTTP 500, ")
        assert await run("test") == (1, "", "alcove: the receiver did not accept the event: HTTP 500\n")
        assert await run("skip", "--item", "foo") == (0, "", "")
        receiver.respond = lambda _: 204
        await client.post("/api/items/foo/entries", json={"body": "two"})
        (delivery,) = await receiver.wait_for_entries(1)
    assert delivery.entry["seq"] == 2
    assert await run("test") == (0, "the receiver accepted the event\n", "")
    refusal = f"alcove: {server.url} refused: no such webhook or handler\n"
    assert await run("retry", "--name", "unknown") == (1, "", refusal)


@pytest.mark.parametrize(
    ("secret", "problem"),
    [
        ("", "ALCOVE_WEBHOOK_URL is set without ALCOVE_WEBHOOK_SECRET"),
        ("whsec_c2hvcnQgYnV0IHByaXZhdGU=", "ALCOVE_WEBHOOK_SECRET: expected whsec_ and Base64 of 24 to 64 bytes"),
    ],
)
def test_k1_a6_invalid_webhook_secret_stops_the_server_and_is_not_shown(
    tmp_path: Path, secret: str, problem: str
) -> None:
    env = {"ALCOVE_WEBHOOK_URL": "https://user:word@app.example/hooks", "ALCOVE_WEBHOOK_SECRET": secret}
    server = Process([ALCOVE, "serve", "--port", "0"], cwd=tmp_path, env=env)

    assert server.wait_for_exit() == 1
    assert problem in server.output
    assert secret == "" or secret[6:] not in server.output
    assert "word" not in server.output
