"""Test the live list of rooms, over a socket and as events (W10)."""

import json
import time

import pytest
from websockets.asyncio.client import ClientConnection

from tests.support.credentials import SECRET, token
from tests.support.http import http
from tests.support.list_clients import (
    TRANSPORTS,
    WRITER,
    ListClient,
    Transport,
    follow_list,
    post_message,
    reader_token,
)
from tests.support.room_client import RoomClient
from tests.support.servers import ON_ONE_CARRIER, Server, Start

FOR_EACH_TRANSPORT = pytest.mark.parametrize("transport", TRANSPORTS)


def socket_of(room_list: ListClient) -> ClientConnection:
    """Return the connection of a list that is followed over a socket."""
    socket: ClientConnection = room_list._source.socket  # type: ignore[attr-defined] # event streams have none
    return socket


@FOR_EACH_TRANSPORT
async def test_w10_latest_rooms_precede_ready_and_changed_rooms_follow(
    secured_server: Server, item: str, transport: Transport
) -> None:
    rights = {f"{item}-*": "r"}
    async with http(secured_server) as client:
        for name in ("a", "b", "c"):
            await post_message(client, f"{item}-{name}", name)
        async with follow_list(secured_server, transport, token=reader_token(rights), limit=2) as room_list:
            assert await room_list.wait_for_ready() == [f"{item}-c", f"{item}-b"]
            latest = room_list.items[f"{item}-c"]
            assert (latest["head"], latest["last"]["body"], latest["unread"]) == (1, "c", 1)
            await post_message(client, f"{item}-a", "more")
            await post_message(client, f"{item}-new", "new")

            change = await room_list.wait_for(item=f"{item}-a", head=2)
            assert (change["last"]["body"], change["unread"]) == ("more", 2)
            change = await room_list.wait_for(item=f"{item}-new")
            assert set(change) == {"type", "item", "head", "last", "unread"}
            pages = await client.get("/api/items", headers={"Authorization": f"Bearer {reader_token(rights)}"})
            summaries = {summary["item"]: summary for summary in pages.json()["items"]}
            for name in ("a", "new"):
                line = room_list.items[f"{item}-{name}"]
                assert summaries[f"{item}-{name}"] == {key: line[key] for key in line if key != "type"}


@FOR_EACH_TRANSPORT
async def test_w10_own_sends_and_read_marks_change_the_unread_count(
    secured_server: Server, item: str, transport: Transport
) -> None:
    own_token = reader_token({item: "rw"})
    async with http(secured_server) as client, follow_list(secured_server, transport, token=own_token) as room_list:
        assert await room_list.wait_for_ready() == []
        await post_message(client, item)
        assert (await room_list.wait_for(item=item, head=1))["unread"] == 1
        await post_message(client, item, headers={"Authorization": f"Bearer {own_token}"})
        assert (await room_list.wait_for(item=item, head=2))["unread"] == 1
        async with await RoomClient.join(secured_server, item, token=own_token) as room:
            await room.send_lines({"type": "read", "seq": 2})
            assert (await room_list.wait_for(item=item, unread=0))["head"] == 2


@FOR_EACH_TRANSPORT
async def test_w10_s9_list_shows_the_deletion_of_the_last_message(
    secured_server: Server, item: str, transport: Transport
) -> None:
    async with (
        await RoomClient.join(secured_server, item, token=token(sub="writer", items={item: "rw"})) as room,
        follow_list(secured_server, transport, token=reader_token({item: "r"})) as room_list,
    ):
        await room_list.wait_for_ready()
        await room.send_messages("secret")
        assert (await room_list.wait_for(item=item, head=1))["last"]["body"] == "secret"
        await room.send_lines({"type": "delete", "id": "d", "target": 1})
        line = await room_list.wait_for(item=item, head=2)
        assert (line["last"]["kind"], line["unread"]) == ("delete", 0)


@FOR_EACH_TRANSPORT
async def test_w10_w4_only_readable_rooms_are_reported(secured_server: Server, item: str, transport: Transport) -> None:
    rights = {f"{item}-*": "r", f"{item}-secret-*": "", f"{item}-secret-7": "r", f"{item}-w": "w"}
    async with (
        http(secured_server) as client,
        follow_list(secured_server, transport, token=reader_token(rights)) as room_list,
    ):
        await room_list.wait_for_ready()
        for name in ("secret-1", "w", "secret-7", "x"):
            await post_message(client, f"{item}-{name}")
        await post_message(client, f"other-{item}")
        await room_list.wait_for(item=f"{item}-x")
        await post_message(client, f"{item}-end")
        await room_list.wait_for(item=f"{item}-end")

        assert set(room_list.items) == {f"{item}-secret-7", f"{item}-x", f"{item}-end"}


@FOR_EACH_TRANSPORT
async def test_w10_only_rooms_with_the_given_prefix_are_listed(
    secured_server: Server, item: str, transport: Transport
) -> None:
    async with http(secured_server) as client:
        await post_message(client, f"{item}-a-1")
        await post_message(client, f"{item}-b-1")
        async with follow_list(
            secured_server, transport, token=reader_token({f"{item}-*": "r"}), prefix=f"{item}-a"
        ) as room_list:
            assert await room_list.wait_for_ready() == [f"{item}-a-1"]
            await post_message(client, f"{item}-b-1")
            await post_message(client, f"{item}-a-2")
            await room_list.wait_for(item=f"{item}-a-2")
            assert set(room_list.items) == {f"{item}-a-1", f"{item}-a-2"}


@FOR_EACH_TRANSPORT
async def test_w10_a7_room_is_not_reported_after_access_was_revoked(
    secured_server: Server, item: str, transport: Transport
) -> None:
    rights = {f"{item}-*": "r"}
    async with (
        http(secured_server) as client,
        follow_list(secured_server, transport, token=reader_token(rights, sub=item)) as room_list,
    ):
        await room_list.wait_for_ready()
        revocation = {"sub": item, "item": f"{item}-gone"}
        (await client.post("/api/revoke", json=revocation, headers=WRITER)).raise_for_status()
        await post_message(client, f"{item}-gone")
        await post_message(client, f"{item}-kept")
        await room_list.wait_for(item=f"{item}-kept")
        await post_message(client, f"{item}-end")
        await room_list.wait_for(item=f"{item}-end")
        assert f"{item}-gone" not in room_list.items


@FOR_EACH_TRANSPORT
async def test_w10_a7_revocation_on_all_items_closes_the_list(
    secured_server: Server, item: str, transport: Transport
) -> None:
    async with (
        http(secured_server) as client,
        follow_list(secured_server, transport, token=reader_token({"*": "r"}, sub=item)) as room_list,
    ):
        await room_list.wait_for_ready()
        (await client.post("/api/revoke", json={"sub": item}, headers=WRITER)).raise_for_status()
        code, last = await room_list.wait_for_close()
        assert (code, last and last["type"], last and last["reason"]) == (4403, "error", "revoked")


@FOR_EACH_TRANSPORT
async def test_w10_a4_list_closes_when_the_token_expires(
    secured_server: Server, item: str, transport: Transport
) -> None:
    expiring_token = reader_token({item: "r"}, exp=time.time() + 1)
    async with follow_list(secured_server, transport, token=expiring_token) as room_list:
        await room_list.wait_for_ready()
        code, last = await room_list.wait_for_close()
        assert (code, last and last["reason"]) == (4401, "expired")


async def test_w10_a4_new_token_extends_the_list_and_adds_its_rooms(secured_server: Server, item: str) -> None:
    async with http(secured_server) as client:
        await post_message(client, f"{item}-old")
        await post_message(client, f"{item}-new")
        expiring_token = reader_token({f"{item}-old": "r"}, sub=item, exp=time.time() + 60)
        async with follow_list(secured_server, token=expiring_token) as room_list:
            socket = socket_of(room_list)
            assert await room_list.wait_for_ready() == [f"{item}-old"]
            new_token = reader_token({f"{item}-new": "r"}, sub=item)
            await socket.send(json.dumps({"type": "auth", "token": new_token}) + '\n{"type":"ping"}')
            access = await room_list.read_line()
            assert (access and access["type"], access and access["can"]) == ("access", ["read"])
            await room_list.wait_for(type="pong")
            assert await room_list.wait_for_ready() == [f"{item}-new"]
            await post_message(client, f"{item}-old")
            await post_message(client, f"{item}-new")
            await room_list.wait_for(item=f"{item}-new", head=2)
            assert room_list.items[f"{item}-old"]["head"] == 1
            await socket.send(json.dumps({"type": "auth", "token": reader_token({"*": "r"}, sub="another")}))
            assert "another member's" in (await room_list.wait_for(type="error"))["message"]


async def test_w10_f2_list_closes_after_ten_lines_other_than_auth_and_ping(server: Server) -> None:
    async with follow_list(server) as room_list:
        await room_list.wait_for_ready()
        socket = socket_of(room_list)
        await socket.send('{"type":"send","id":"a","body":"x"}')
        refused = await room_list.wait_for(type="error")
        assert (refused["code"], refused["id"]) == ("invalid", "a")
        assert refused["message"] == "the list of rooms accepts `auth` and `ping` only"
        await socket.send("\n".join(["nonsense"] * 9))
        assert (await room_list.wait_for_close())[0] == 4400


async def test_w10_binary_frame_closes_the_list_with_1003(server: Server) -> None:
    async with follow_list(server) as room_list:
        await socket_of(room_list).send(b"\0")
        assert (await room_list.wait_for_close())[0] == 1003


@ON_ONE_CARRIER
@pytest.mark.parametrize(
    ("query", "status"),
    [("", 401), ("?token=t&limit=501", 422), ("?token=t&prefix=a*", 422), ("?token=t&unknown=1", 422)],
)
async def test_w10_refused_event_stream_is_a_problem_document(server: Server, query: str, status: int) -> None:
    async with http(server, token=None) as client:
        response = await client.get(f"/api/items/events{query}")
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")


async def test_w10_h4_refused_socket_gets_the_reason(secured_server: Server) -> None:
    async with follow_list(secured_server, token=None) as room_list:
        code, last = await room_list.wait_for_close()
        assert (code, last and last["type"], last and last["reason"]) == (4401, "error", "missing")
    async with follow_list(secured_server, token=reader_token({}), limit=501) as room_list:
        code, last = await room_list.wait_for_close()
        assert (code, "limit" in str(last)) == (4400, True)


@FOR_EACH_TRANSPORT
async def test_w10_l3_lists_count_as_connections_of_their_member(
    low_limits_server: Server, transport: Transport, item: str
) -> None:
    async with (
        follow_list(low_limits_server, name=item) as first,
        follow_list(low_limits_server, transport, name=item) as second,
    ):
        await first.wait_for_ready()
        await second.wait_for_ready()
        async with follow_list(low_limits_server, name=item) as third:
            assert (await third.wait_for_close())[0] == 4429
    async with http(low_limits_server) as client, follow_list(low_limits_server, transport, name=item) as reconnected:
        await reconnected.wait_for_ready()
        assert "alcove_list_connections 1.0" in (await client.get("/metrics")).text


@FOR_EACH_TRANSPORT
async def test_w10_z1_stopping_server_sends_bye_and_closes_with_1012(serve: Start, transport: Transport) -> None:
    server = serve()
    async with follow_list(server, transport) as room_list:
        await room_list.wait_for_ready()
        server.end()
        code, last = await room_list.wait_for_close()
        assert (code, last and last["type"], last and last["reason"]) == (1012, "bye", "restart")


@ON_ONE_CARRIER
async def test_w10_d2_slow_reader_gets_the_latest_state_of_each_room(serve: Start, item: str) -> None:
    server = serve(ALCOVE_SECRET=SECRET, ALCOVE_SENDS_PER_S="0", ALCOVE_LIST_PENDING="3")
    rights = {f"{item}-*": "r"}
    async with (
        http(server) as client,
        follow_list(server, token=reader_token(rights), limit=5, receive_buffer=4096) as room_list,
    ):
        await room_list.wait_for_ready()
        transport = socket_of(room_list).transport
        transport.pause_reading()
        rounds = 0
        while 'limit="list_pending"} 0.0' in (await client.get("/metrics")).text:
            rounds += 1
            for room in range(10):
                await post_message(client, f"{item}-{room}", f"{rounds} " + "x" * 60_000)
        transport.resume_reading()
        # More rooms changed than may be pending, so the list sends the latest rooms again.
        latest = {f"{item}-{room}": rounds for room in range(5, 10)}
        while not latest.items() <= {summary["item"]: summary["head"] for summary in room_list.items.values()}.items():
            assert await room_list.read_line() is not None
