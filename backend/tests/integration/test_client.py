"""Test `Client` and `AsyncClient` with a server in another process (W11, S14, W14, W15, A7)."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alcove import (
    AsyncClient,
    Client,
    ForbiddenError,
    InvalidError,
    Member,
    Message,
    RequestError,
    UnauthenticatedError,
    UnavailableError,
    sign_token,
)
from deploy.ports import free_port
from tests.support.clients import TIMEOUT_S
from tests.support.credentials import SECRET, token
from tests.support.room_client import RoomClient, expect_refusal
from tests.support.servers import ON_ONE_CARRIER, Server

ADA = Member("ada", "Ada", "rw")
BOB = Member("bob", "Bob", "rw")
SHOP = Member("shop", "The shop", "rwm")


@ON_ONE_CARRIER
def test_w11_client_can_do_everything_that_a_socket_can(secured_server: Server, item: str) -> None:
    with Client(secured_server.url, SECRET) as client:
        message = client.send(item, {"text": "hello"}, by=ADA, id="a")
        assert isinstance(message, Message)
        assert client.send(item, {"text": "hello"}, by=ADA, id="a") == message
        assert (message.item, message.seq, message.body, message.by.name) == (item, 1, {"text": "hello"}, "Ada")
        assert client.event(item, "shipped", by=SHOP, data=7).body == {"text": "shipped", "data": 7}
        assert client.edit(item, 1, "hello!", by=ADA).target == 1
        with pytest.raises(ForbiddenError):
            client.delete(item, 1, by=BOB)
        assert client.unread(BOB, [item])[item].unread == 1
        assert client.mark_read(item, 1, by=BOB) == 1
        assert client.delete(item, 1, by=SHOP, id="d").kind == "delete"
        page = client.entries(item, after=1, limit=2)
        assert ([entry.kind for entry in page], page.head) == (["event", "edit"], 4)
        assert client.members(item).count == 0
        assert [json.loads(line)["type"] for line in client.export(item).splitlines()][:2] == ["room", "entry"]
        client.delete_room(item)
        assert client.entries(item).head == 0


@ON_ONE_CARRIER
async def test_a7_client_bans_erases_and_revokes_a_connected_member(secured_server: Server, item: str) -> None:
    async with AsyncClient(secured_server.url, SECRET) as client:
        token_of_eve = token(sub="eve", items={item: "rw"})
        room = await RoomClient.join(secured_server, item, token=token_of_eve)
        assert [member.id for member in (await client.members(item)).members] == ["eve"]
        await client.ban("eve", item, right="write", until=datetime.now(UTC) + timedelta(hours=1), reason="spam")
        assert (await room.wait_for("access"))["can"] == ["read"]
        await client.unban("eve", item)
        assert (await room.wait_for("access"))["can"] == ["read", "write"]
        await room.send_messages("of Eve")
        await client.erase("eve", by=SHOP)
        assert b"of Eve" not in await client.export(item)
        await client.revoke("eve", item)
        assert await room.wait_for_close() == 4403
        assert (await expect_refusal(secured_server, item, token=token_of_eve))[1] in {4401, 4403}


@ON_ONE_CARRIER
@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda client: client.send("order 1", "x", by=ADA), InvalidError),
        (lambda client: client.send("order-1", object(), by=ADA), InvalidError),
        (lambda client: client.entries("order-1", limit=501), InvalidError),
        (lambda client: client.export(), InvalidError),
    ],
    ids=["invalid item id", "body is not JSON", "limit too large", "neither item nor member"],
)
def test_w6_refused_call_raises_an_error_of_the_library(
    secured_server: Server, call: Callable[[Client], object], error: type[RequestError]
) -> None:
    with Client(secured_server.url, SECRET) as client, pytest.raises(error):
        call(client)


@pytest.mark.parametrize("body", ["\ud800", object()])
def test_w6_body_that_is_not_json_raises_invalid_error(body: object) -> None:
    with Client("http://127.0.0.1:1", SECRET) as client, pytest.raises(InvalidError, match="cannot be encoded as JSON"):
        client.send("foo", body, by=ADA)


@pytest.mark.parametrize("number", [-1, 2**53, 10**400, "1", True, 1.0])
def test_w6_number_out_of_range_raises_invalid_error(number: Any) -> None:
    with Client("http://127.0.0.1:1", SECRET) as client:
        for call in (
            lambda: client.entries("foo", before=number),
            lambda: client.entries("foo", limit=number),
            lambda: client.edit("foo", number, "new", by=ADA),
            lambda: client.delete("foo", number, by=ADA),
            lambda: client.mark_read("foo", number, by=ADA),
        ):
            with pytest.raises(InvalidError, match=r"^(seq|before|limit): expected an integer from [01] to"):
                call()
    with pytest.raises(InvalidError, match=r"ttl_s|exp"):
        sign_token(SECRET, "ada", {}, ttl_s=10**400)


def test_w15_ban_end_without_a_time_zone_raises_invalid_error() -> None:
    without_zone = datetime.now(UTC).replace(tzinfo=None)

    with Client("http://127.0.0.1:1", SECRET) as client, pytest.raises(InvalidError, match="with a time zone"):
        client.ban("eve", "foo", until=without_zone)


def test_s7_unreachable_server_raises_unavailable_error() -> None:
    with Client(f"http://127.0.0.1:{free_port()}", SECRET) as client, pytest.raises(UnavailableError) as error:
        client.send("order-1", "x", by=ADA)
    assert error.value.retry_ms == 1000


@ON_ONE_CARRIER
async def test_a3_another_secret_is_refused_with_the_reason(secured_server: Server, item: str) -> None:
    async with AsyncClient(secured_server.url, SECRET[::-1]) as client:
        with pytest.raises(UnauthenticatedError, match="signature"):
            await asyncio.wait_for(client.send(item, "x", by=ADA), TIMEOUT_S)
