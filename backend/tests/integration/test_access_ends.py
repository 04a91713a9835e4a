"""Test that access ends when the token expires, the login ends, or access is revoked (A4, A7, W5)."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.support import endpoints
from tests.support.clients import TIMEOUT_S, connect, eventually
from tests.support.credentials import RSA_KEY, SECRET, token
from tests.support.endpoints import ACCEPTED, Outcome, bearer, cookie, query
from tests.support.http import http
from tests.support.refusal_reasons import ENDED, EXPIRED, REVOKED
from tests.support.room_client import RoomClient, send
from tests.support.servers import ON_ONE_CARRIER, Server, Start

#: The sockets of the FastAPI tutorial.
TUTORIAL_PATHS = ["/ws", "/ws/7", "/items/foo/ws"]


@pytest.fixture
async def admin(secured_server: Server) -> AsyncIterator[httpx.AsyncClient]:
    """Return an HTTP client with the right to revoke."""
    headers = {"Authorization": f"Bearer {token(sub='root', items={'*': 'rwm'})}"}
    async with http(secured_server, headers=headers) as client:
        yield client


def near_expiry() -> float:
    """Return an expiry time in 2 s, which leaves time to connect."""
    return time.time() + 2


async def wait_for_end(client: ClientConnection) -> Outcome:
    """Wait until the server closes the connection; return its code and reason."""
    with pytest.raises(ConnectionClosed):
        await client.recv()
    return Outcome(client.close_code or 0, client.close_reason or "")


async def test_a4_connection_gets_an_error_and_closes_at_its_expiry(secured_server: Server, item: str) -> None:
    exp = near_expiry()
    async with await RoomClient.join(secured_server, item, token=token(exp=exp, items={item: "rw"})) as room:
        error = await room.wait_for("error")
        assert await room.wait_for_close() == 4401

    assert (error["code"], error["message"]) == ("unauthenticated", EXPIRED)
    assert room.socket.close_reason == EXPIRED
    assert time.time() > exp - 0.01


@pytest.mark.parametrize("path", TUTORIAL_PATHS)
async def test_a4_tutorial_socket_is_closed_when_its_token_expires(secured_server: Server, path: str) -> None:
    async with await connect(secured_server, f"{path}?token={token(exp=near_expiry())}") as client:
        assert await wait_for_end(client) == Outcome(4401, EXPIRED)


@pytest.mark.parametrize("cause", ["expired", "revoked", "ended"])
async def test_a4_a7_w5_event_stream_ends_with_the_codes_of_a_socket(
    admin: httpx.AsyncClient, item: str, cause: str
) -> None:
    exp = near_expiry() if cause == "expired" else time.time() + 600
    token_of_reader = token(sub=f"reader-{item}", exp=exp, items={item: "r"})
    async with admin.stream("GET", f"/api/items/{item}/events", headers=bearer(token_of_reader).headers) as events:
        lines = events.aiter_lines()
        assert '"type":"hello"' in await anext(lines)
        if cause == "revoked":
            assert (await admin.post("/api/revoke", json={"sub": f"reader-{item}"})).status_code == 200
        elif cause == "ended":
            assert (await admin.delete("/api/session", headers=bearer(token_of_reader).headers)).status_code == 204
        last = [line async for line in lines if line.startswith(("event", "data"))][-2:]

    code, reason = {"expired": (4401, EXPIRED), "revoked": (4403, REVOKED), "ended": (4401, ENDED)}[cause]
    assert last == ["event: close", f'data: {{"code":{code},"reason":"{reason}"}}']


async def test_a4_expired_token_is_valid_until_the_leeway_ends(serve: Start) -> None:
    server = serve(ALCOVE_SECRET=SECRET, ALCOVE_LEEWAY_S="300")
    exp = int(time.time()) - 1
    async with await RoomClient.join(server, "foo", token=token(exp=exp, items={"foo": "rw"})) as room:
        assert room.hello["expires"] == 1000 * (exp + 300)
        assert await room.send_messages("still here") == [1]


async def test_a4_fresh_token_extends_the_connection_without_loss(secured_server: Server, item: str) -> None:
    exp = near_expiry()
    async with await RoomClient.join(secured_server, item, token=token(exp=exp, items={item: "rw"})) as room:
        await room.send_lines({"type": "auth", "token": token(items={item: "rw"})})
        sent_count = 0
        while time.time() < exp + 0.5:
            await room.send_messages(sent_count := sent_count + 1)
        await room.wait_for_seq(sent_count)

    assert room.bodies == list(range(1, sent_count + 1))


async def test_a4_rights_of_a_fresh_token_apply_at_once(secured_server: Server, item: str) -> None:
    async with await RoomClient.join(secured_server, item, token=token(items={item: "r"})) as room:
        refusal = await room.request(send("no"))
        assert refusal["code"] == "forbidden"
        exp = int(time.time()) + 700
        fresh_token = token(items={item: "rwm"}, name="Another Name", exp=exp)
        await room.send_lines({"type": "auth", "token": fresh_token}, send("yes"))
        access = await room.wait_for("access")
        assert access == {"type": "access", "can": ["moderate", "read", "write"], "expires": exp * 1000}
        [entry] = await room.wait_for_seq(1)
        assert not [line for line in room.received if line["type"] == "error" and line["id"] != refusal["id"]]
        assert entry["by"] == {"id": "ada", "name": "ada"}
        await room.send_lines({"type": "auth", "token": token(items={item: "w"})})
        assert await room.wait_for_close() == 4403


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sub": "eve"}, "unauthenticated"),
        ({"exp": 1}, "unauthenticated"),
        ({"key": "k" * 40}, "unauthenticated"),
        ({"exp": 10**400}, "unauthenticated"),
    ],
)
async def test_a4_invalid_fresh_token_changes_nothing(
    secured_server: Server, item: str, changes: dict[str, Any], code: str
) -> None:
    invalid = token(items={item: "rw"}, **changes)
    async with await RoomClient.join(secured_server, item, token=token(items={item: "rw"})) as room:
        await room.send_lines({"type": "auth", "token": invalid})
        assert (await room.wait_for("error"))["code"] == code
        assert await room.send_messages("still here") == [1]

    exp = near_expiry()
    async with await RoomClient.join(secured_server, item, token=token(exp=exp, items={item: "rw"})) as room:
        await room.send_lines({"type": "auth", "token": invalid})
        assert await room.wait_for_close() == 4401

    assert time.time() > exp - 0.01


async def test_a4_tokens_are_checked_and_answered_one_at_a_time(secured_server: Server, item: str) -> None:
    async with await RoomClient.join(secured_server, item, token=token(items={item: "rw"})) as room:
        # An RSA signature takes longer to check than the next line takes to arrive.
        auth_line = {
            "type": "auth",
            "token": token(key=RSA_KEY, algorithm="RS256", headers={"kid": "rsa"}, items={item: "rw"}),
        }
        await room.send_lines(*[auth_line, {"type": "ping"}] * 10)
        types: list[str] = []
        while types.count("pong") < 10:
            types.append((await room.read_line())["type"])

    assert [line_type for line_type in types if line_type != "presence"] == ["access", "pong"] * 10


async def test_a7_revoked_member_is_disconnected_and_cannot_reconnect(
    secured_server: Server, admin: httpx.AsyncClient, item: str
) -> None:
    async with AsyncExitStack() as open_rooms:
        token_of_mallory = token(sub="mallory", items={"*": "rw"})
        rooms = [
            await open_rooms.enter_async_context(
                await RoomClient.join(secured_server, room_item, token=token_of_mallory)
            )
            for room_item in (item, f"{item}-2")
        ]
        bob = await open_rooms.enter_async_context(
            await RoomClient.join(secured_server, item, token=token(sub="bob", items={item: "rw"}))
        )
        tutorial_sockets = [
            await open_rooms.enter_async_context(await connect(secured_server, f"{path}?token={token_of_mallory}"))
            for path in TUTORIAL_PATHS
        ]
        response = await admin.post("/api/revoke", json={"sub": "mallory"})
        not_before = response.json()["not_before"]
        assert [await room.wait_for_close() for room in rooms] == [4403, 4403]
        assert [(await wait_for_end(client)).code for client in tutorial_sockets] == [4403, 4403, 4403]
        assert await bob.send_messages("who was that?") == [1]

    assert rooms[0].socket.close_reason == REVOKED
    for endpoint in (
        endpoints.room,
        endpoints.list_socket,
        endpoints.history,
        endpoints.events,
        endpoints.send,
        endpoints.session,
        endpoints.list_items,
        endpoints.list_events,
        endpoints.unread,
    ):
        outcome = await endpoint(secured_server, query(token_of_mallory, item=item))
        assert outcome.code in {401, 403, 4401, 4403}
        assert "revoked" in outcome.reason
    # A token without `iat`, or with one before the revocation, stays refused; a later one is accepted.
    token_without_iat = token(sub="mallory", iat=..., items={"*": "r"})
    assert (await endpoints.room(secured_server, query(token_without_iat, item=item))).code == 4403
    await eventually(lambda: time.time() >= not_before)
    later_token = token(sub="mallory", iat=int(time.time()), items={"*": "r"})
    assert (await endpoints.room(secured_server, query(later_token, item=item))).code == ACCEPTED
    for iat in (1, not_before - 60):
        old_token = token(sub="mallory", iat=iat, items={"*": "r"})
        assert await endpoints.room(secured_server, query(old_token, item=item)) == Outcome(4403, REVOKED)


@pytest.mark.parametrize("cause", ["revoked", "expired", "ended"])
async def test_a4_a7_w5_request_is_refused_if_access_ends_during_its_body(
    secured_server: Server, admin: httpx.AsyncClient, item: str, cause: str
) -> None:
    exp = near_expiry() if cause == "expired" else time.time() + 600
    slow_token = token(sub=f"slow-{item}", exp=exp, items={item: "rw"})
    head = f"POST /api/items/{item}/entries HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {slow_token}\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", secured_server.port)
    writer.write(f"{head}Expect: 100-continue\r\nContent-Length: 10\r\nConnection: close\r\n\r\n".encode())
    async with asyncio.timeout(TIMEOUT_S):
        assert b"100 Continue" in await reader.readuntil(b"\r\n\r\n")  # admitted; the server waits for the body
        if cause == "revoked":
            assert (await admin.post("/api/revoke", json={"sub": f"slow-{item}", "item": item})).status_code == 200
        elif cause == "ended":
            assert (await admin.delete("/api/session", headers=bearer(slow_token).headers)).status_code == 204
        else:
            await eventually(lambda: time.time() > exp)
        writer.write(b'{"body":1}')
        response = await reader.read()
    writer.close()

    assert response.split()[1] == b"401"
    history = await admin.get(f"/api/items/{item}/entries")
    assert history.json()["entries"] == []


async def test_a7_member_revoked_on_one_item_keeps_the_others(
    secured_server: Server, admin: httpx.AsyncClient, item: str
) -> None:
    trent = token(sub="trent", items={"*": "rw"})
    async with (
        await RoomClient.join(secured_server, item, token=trent) as revoked_room,
        await RoomClient.join(secured_server, f"{item}-2", token=trent) as unaffected_room,
    ):
        assert (await admin.post("/api/revoke", json={"sub": "trent", "item": item})).status_code == 200
        assert await revoked_room.wait_for_close() == 4403
        assert await unaffected_room.send_messages("still here") == [1]
        await unaffected_room.send_lines({"type": "auth", "token": trent})
        assert await unaffected_room.send_messages("and here") == [2]

    assert (await endpoints.room(secured_server, query(trent, item=item))).code in {4401, 4403}
    assert (await endpoints.history(secured_server, query(trent, item=f"{item}-2"))).code == ACCEPTED
    assert (await endpoints.session(secured_server, query(trent))).code == ACCEPTED


async def test_a7_revoked_token_cannot_extend_a_connection(
    secured_server: Server, admin: httpx.AsyncClient, item: str
) -> None:
    old_token = token(sub="peggy", iat=time.time() - 60, items={item: "rw"})
    not_before = (await admin.post("/api/revoke", json={"sub": "peggy"})).json()["not_before"]
    await eventually(lambda: time.time() >= not_before)
    new_token = token(sub="peggy", iat=not_before, items={item: "rw"})
    async with await RoomClient.join(secured_server, item, token=new_token) as room:
        await room.send_lines({"type": "auth", "token": old_token})
        error = await room.wait_for("error")
        assert (error["code"], error["reason"]) == ("forbidden", "revoked")
        assert await room.send_messages("still here") == [1]


@ON_ONE_CARRIER
@pytest.mark.parametrize(
    "body",
    ["", "{}", "[]", '{"sub":""}', '{"sub":7}', '{"sub":"a","item":"fo*"}', '{"sub":"a","item":"!revoked"}', "\xff"],
)
async def test_a7_invalid_revocation_is_refused(admin: httpx.AsyncClient, body: str) -> None:
    response = await admin.post("/api/revoke", content=body.encode("latin-1"))

    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"


async def test_a7_w5_revocations_and_ended_logins_survive_a_restart(serve: Start, item: str) -> None:
    server = serve(ALCOVE_SECRET=SECRET, ALCOVE_RETAIN_ENTRIES="1")
    ended_token, revoked_token, valid_token = (token(sub=sub, items={"*": "rwm"}) for sub in ("ada", "bob", "eve"))
    async with http(server, token=None) as client:
        assert (await client.delete("/api/session", headers=cookie(ended_token).headers)).status_code == 204
        for sub in ("bob", "one", "two"):
            response = await client.post("/api/revoke", json={"sub": sub}, headers=bearer(valid_token).headers)
            assert response.status_code == 200
    server.end()
    server = serve(ALCOVE_SECRET=SECRET, ALCOVE_RETAIN_ENTRIES="1")

    assert await endpoints.room(server, query(ended_token, item=item)) == Outcome(4401, ENDED)
    outcome = await endpoints.room(server, query(revoked_token, item=item))
    assert (outcome.code in {4401, 4403}, outcome.reason) == (True, REVOKED)
    assert (await endpoints.room(server, query(valid_token, item=item))).code == ACCEPTED
