"""Test that every refused credential gets a reason that a client can act on, on sockets and over HTTP (A4, H4)."""

import time
from collections.abc import Callable

import pytest

from tests.support.credentials import token
from tests.support.http import http
from tests.support.room_client import RoomClient, expect_refusal
from tests.support.servers import Server

REASONS: dict[str, Callable[[], dict[str, str | None]]] = {
    "malformed": lambda: {"token": "not a token"},
    "wrong_key": lambda: {"token": token(key="k" * 40)},
    "expired": lambda: {"token": token(exp=int(time.time()) - 3600)},
    "not_yet_valid": lambda: {"token": token(nbf=int(time.time()) + 3600)},
    "missing": lambda: {"token": None},
}


@pytest.mark.parametrize("reason", REASONS)
async def test_h4_refusal_of_a_credential_has_a_reason(secured_server: Server, reason: str) -> None:
    parameters = REASONS[reason]()
    async with http(secured_server) as client:
        del client.headers["Authorization"]
        response = await client.get(
            "/api/session", params={name: value for name, value in parameters.items() if value is not None}
        )
    error, code, _ = await expect_refusal(secured_server, "foo", token=parameters["token"])

    assert (code, error["reason"]) == (4401, reason)
    assert (response.status_code, response.json()["reason"]) == (401, reason)


async def test_a4_hello_contains_the_server_time_for_the_expiry(secured_server: Server, item: str) -> None:
    exp = int(time.time()) + 60
    before = int(time.time() * 1000)
    async with await RoomClient.join(secured_server, item, token=token(exp=exp, items={item: "r"})) as room:
        now = room.hello["now"]

    assert before <= now <= int(time.time() * 1000)
    assert 0 < room.hello["expires"] - now <= 60_000
