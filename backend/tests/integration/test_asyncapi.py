"""Test that the lines on a room's socket match /asyncapi.json: every type, in both directions (W9)."""

from typing import Any

from jsonschema_rs import validator_for

from tests.support.http import http
from tests.support.room_client import Line, RoomClient, expect_refusal, new_id, send
from tests.support.servers import Server

#: Lines of a restart, of removed history and of a fresh token, which the test does not cause.
RARE_LINES: list[Line] = [
    {"type": "bye", "reason": "restart", "retry_ms": 10},
    {"type": "gap", "from": 1, "to": 3},
    {"type": "access", "can": ["read"], "expires": 1},
]


async def fetch_document(server: Server) -> dict[str, Any]:
    """Return the AsyncAPI document of the server."""
    async with http(server, token=None) as client:
        document: dict[str, Any] = (await client.get("/asyncapi.json")).json()
    return document


def resolve(document: dict[str, Any], reference: dict[str, str]) -> dict[str, Any]:
    """Resolve a reference within the document."""
    part: dict[str, Any] = document
    for step in reference["$ref"].removeprefix("#/").split("/"):
        part = part[step]
    return part


def payload_schemas(document: dict[str, Any], action: str) -> dict[str, dict[str, Any]]:
    """Return the payload schemas of an operation's messages, by `type`."""
    operation = document["operations"][action]
    assert operation["action"] == action
    assert resolve(document, operation["channel"])["address"] == "/items/{item_id}/ws"
    resolved = [resolve(document, resolve(document, reference)) for reference in operation["messages"]]
    return {message["name"]: message["payload"] for message in resolved}


def assert_lines_match(document: dict[str, Any], action: str, lines: list[Line]) -> None:
    """Check that every line is one of the operation's messages, and that all messages occur."""
    schemas = payload_schemas(document, action)
    for line in lines:
        schema = {**schemas[line["type"]], "components": document["components"]}
        validator_for(schema).validate(line)
        assert line.keys() <= resolve(document, schemas[line["type"]])["properties"].keys()
    assert schemas.keys() == {line["type"] for line in lines}


async def test_w9_every_line_of_a_room_matches_the_asyncapi_document(server: Server, item: str) -> None:
    sent_lines: list[Line] = []

    async def send_and_record(room: RoomClient, line: Line) -> None:
        sent_lines.append(line)
        await room.send_lines(line)

    async with (
        await RoomClient.join(server, item, name="Ada") as ada,
        await RoomClient.join(server, item, name="Bob") as bob,
    ):
        await ada.wait_for("presence", count=2)
        await send_and_record(ada, send({"any": ["json", None]}))
        await ada.wait_for_seq(1)
        await send_and_record(ada, {"type": "edit", "id": new_id(), "target": 1, "body": "better"})
        await send_and_record(ada, {"type": "delete", "id": new_id(), "target": 1})
        await ada.wait_for_seq(3)
        await send_and_record(ada, {"type": "typing"})
        await send_and_record(ada, {"type": "read", "seq": 3})
        await bob.wait_for("typing")
        await bob.wait_for("read")
        await send_and_record(ada, {"type": "auth", "token": "none in open mode"})
        await ada.wait_for("error")
        await send_and_record(ada, {"type": "ping"})
        await ada.wait_for("pong")
    refused, _, _ = await expect_refusal(server, item, tail=501)
    document = await fetch_document(server)

    assert document["asyncapi"] == "3.0.0"
    assert_lines_match(document, "receive", sent_lines)
    assert_lines_match(document, "send", [*ada.received, *bob.received, refused, *RARE_LINES])
