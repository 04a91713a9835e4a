"""Call a server with `Client` and `AsyncClient`, as an application beside it does (W11, S14, W14, W15, A7)."""

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

ADA, BOB, SHOP = Member("ada", "Ada", "rw"), Member("bob", "Bob", "rw"), Member("shop", "The shop", "rwm")


@ON_ONE_CARRIER
def test_w11_the_client_has_a_method_for_everything_that_a_socket_can_do(secured_server: Server, item: str) -> None:
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
async def test_a7_a_member_is_banned_revoked_and_erased_while_connected(secured_server: Server, item: str) -> None:
    async with AsyncClient(secured_server.url, SECRET) as client:
        credential = token(sub="eve", items={item: "rw"})
        room = await RoomClient.join(secured_server, item, token=credential)
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
        assert (await expect_refusal(secured_server, item, token=credential))[1] in {4401, 4403}


@ON_ONE_CARRIER
@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda client: client.send("order 1", "x", by=ADA), InvalidError),
        (lambda client: client.send("order-1", object(), by=ADA), InvalidError),
        (lambda client: client.entries("order-1", limit=501), InvalidError),
        (lambda client: client.export(), InvalidError),
    ],
    ids=["no item", "no JSON", "a limit too large", "neither"],
)
def test_w6_a_refused_call_raises_the_error_of_the_library(
    secured_server: Server, call: Callable[[Client], object], error: type[RequestError]
) -> None:
    with Client(secured_server.url, SECRET) as client, pytest.raises(error):
        call(client)


@pytest.mark.parametrize("body", ["\ud800", object()])
def test_w6_a_response_without_json_is_an_error_of_the_library(body: object) -> None:
    with Client("http://127.0.0.1:1", SECRET) as client, pytest.raises(InvalidError, match="cannot be encoded as JSON"):
        client.send("foo", body, by=ADA)


@pytest.mark.parametrize("number", [-1, 2**53, 10**400, "1", True, 1.0])
def test_w6_a_number_that_no_entry_can_have_is_an_error_of_the_library(number: Any) -> None:
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


def test_w15_the_end_of_a_ban_has_a_time_zone() -> None:
    without_zone = datetime.now(UTC).replace(tzinfo=None)

    with Client("http://127.0.0.1:1", SECRET) as client, pytest.raises(InvalidError, match="with a time zone"):
        client.ban("eve", "foo", until=without_zone)


def test_s7_a_server_that_does_not_answer_is_unavailable() -> None:
    with Client(f"http://127.0.0.1:{free_port()}", SECRET) as client, pytest.raises(UnavailableError) as error:
        client.send("order-1", "x", by=ADA)
    assert error.value.retry_ms == 1000


@ON_ONE_CARRIER
async def test_a3_another_secret_is_refused_with_the_reason(secured_server: Server, item: str) -> None:
    async with AsyncClient(secured_server.url, SECRET[::-1]) as client:
        with pytest.raises(UnauthenticatedError, match="signature"):
            await asyncio.wait_for(client.send(item, "x", by=ADA), TIMEOUT_S)
