"""Test the limits of unauthenticated clients: refused credentials, pending requests, bodies (L)."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from tests.support import endpoints
from tests.support.clients import TIMEOUT_S, connect
from tests.support.credentials import SECRET, token
from tests.support.endpoints import ACCEPTED, bearer, cookie, query
from tests.support.http import http
from tests.support.room_client import RoomClient, expect_refusal
from tests.support.servers import ON_ONE_CARRIER, Server, Start

#: A request without a credential whose body the server waits for.
PENDING_REQUEST = b"POST /api/session HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n"


@ON_ONE_CARRIER
async def test_l_credential_refused_in_a_loop_does_not_lock_out_others(serve: Start) -> None:
    server = serve(
        ALCOVE_SECRET=SECRET,
        ALCOVE_REFUSALS_PER_S="0.001",
        ALCOVE_REFUSALS_BURST="3",
        ALCOVE_CREDENTIAL_REFUSALS_PER_S="0.001",
        ALCOVE_CREDENTIAL_REFUSALS_BURST="10",
    )
    expired_token = token(exp=1)
    for _ in range(10):
        assert (await endpoints.history(server, query(expired_token))).code == 401
    error, code, reason = await expect_refusal(server, "foo", token=expired_token)
    assert (error["code"], code) == ("rate_limited", 4429)
    assert reason == "this credential was refused too often; ask for a new one"
    assert 900_000 < error["retry_ms"] <= 1_000_000
    # The loop used one of the three refusals of its address, so other clients are admitted and may fail twice.
    valid_token = token()
    assert (await endpoints.room(server, query(valid_token))).code == ACCEPTED
    for number in range(2):
        assert (await endpoints.history(server, query(f"guess-{number}"))).code == 401
    assert (await endpoints.history(server, query("guess-3"))).code == 429
    # A member who was admitted before is admitted again, although others guess from the same address.
    assert (await endpoints.history(server, query(valid_token))).code == ACCEPTED


@ON_ONE_CARRIER
async def test_l_pending_unauthenticated_requests_are_limited_per_address(serve: Start) -> None:
    server = serve(ALCOVE_SECRET=SECRET, ALCOVE_UNAUTHENTICATED_REQUESTS="3", ALCOVE_TRUSTED_PROXIES="192.0.2.1")
    known_token = token(sub="known")
    assert (await endpoints.session(server, query(known_token))).code == ACCEPTED
    connections = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(3)]
    async with asyncio.timeout(TIMEOUT_S):
        for reader, writer in connections:
            writer.write(PENDING_REQUEST)
            assert b"100 Continue" in await reader.readuntil(b"\r\n\r\n")
        # A member who was admitted before is admitted again, although the address has reached its limit.
        for credential in (query(known_token), bearer(known_token), cookie(known_token)):
            assert (await endpoints.session(server, credential)).code == ACCEPTED
        assert (await endpoints.room(server, query(known_token))).code == ACCEPTED
        outcome = await endpoints.session(server, query(token()))
        assert outcome.code == 429
        assert outcome.reason == "too many requests in progress from your address without a valid credential"
        assert (await endpoints.room(server, query(token()))).code == 4429
        connections[0][1].write(b'{"name":1}')
        assert b" 422 " in await connections[0][0].readline()
        assert (await endpoints.room(server, query(token()))).code == ACCEPTED
        # Admitted clients do not count, however long they stay connected.
        async with AsyncExitStack() as stack:
            for _ in range(5):
                await stack.enter_async_context(await RoomClient.join(server, "foo", token=token()))
                await stack.enter_async_context(await connect(server, f"/ws?token={token()}"))
            assert (await endpoints.session(server, query(token()))).code == ACCEPTED
    for _, writer in connections:
        writer.close()
        await writer.wait_closed()


@ON_ONE_CARRIER
async def test_l_pending_requests_of_a_trusted_proxy_are_not_limited(serve: Start) -> None:
    server = serve(ALCOVE_SECRET=SECRET, ALCOVE_UNAUTHENTICATED_REQUESTS="1")
    connections = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(3)]
    async with asyncio.timeout(TIMEOUT_S):
        for reader, writer in connections:
            writer.write(PENDING_REQUEST)
            assert b"100 Continue" in await reader.readuntil(b"\r\n\r\n")
    for _, writer in connections:
        writer.close()


@ON_ONE_CARRIER
@pytest.mark.parametrize("content", [b" " * (32 * 1024 + 1), b'{"token":"' + b"x" * 40_000 + b'"}'])
async def test_l_large_body_before_authentication_is_refused(secured_server: Server, content: bytes) -> None:
    async with http(secured_server) as client:
        response = await client.post("/api/session", content=content)

    assert response.status_code == 413
    assert "32768 bytes" in response.json()["detail"]
