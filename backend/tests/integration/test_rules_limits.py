"""Test the limits on size, rate, number and age, each of which is a setting (L)."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.support.clients import TIMEOUT_S, connect, pause_briefly, refusal_status
from tests.support.credentials import SECRET, token
from tests.support.http import http
from tests.support.room_client import RoomClient, expect_refusal, read_log, read_page, send
from tests.support.servers import Server
from tests.support.storage_faults import hold_write_lock

KIB = 1024


@pytest.mark.parametrize("body", ["x" * (64 * KIB - 2), "ñ" * (32 * KIB - 1)], ids=["ascii", "utf-8"])
async def test_l1_body_of_64_kib_is_stored(server: Server, item: str, body: str) -> None:
    async with await RoomClient.join(server, item) as room:
        await room.send_messages(body)
        await room.wait_for_seq(1)
        assert room.bodies == [body]


@pytest.mark.parametrize(
    "body", ["x" * (64 * KIB - 1), "ñ" * (32 * KIB), ["x"] * 20_000], ids=["ascii", "utf-8", "list"]
)
async def test_l1_body_above_64_kib_is_too_large(server: Server, item: str, body: object) -> None:
    async with await RoomClient.join(server, item) as room:
        assert (await room.request(send(body)))["code"] == "too_large"
        await room.send_messages("next")
        refused_edit = await room.request({"type": "edit", "id": "e", "target": 1, "body": body})
        assert refused_edit["code"] == "too_large"
        await room.lines_until_pong()
        assert room.bodies == ["next"]
    async with http(server) as client:
        response = await client.post(f"/api/items/{item}/entries", json={"body": body})
        assert response.status_code == 413
        assert (await read_page(client, item))["head"] == 1


async def test_l1_frame_over_1_mib_is_closed_with_1009(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item) as room:
        await room.socket.send(" " * KIB * KIB)
        assert [line for line in await room.lines_until_pong() if line["type"] == "error"] == []
        await room.socket.send(" " * (KIB * KIB + 1))

        assert await room.wait_for_close() == 1009


async def test_l1_limits_are_settings_and_are_in_hello(low_limits_server: Server, item: str) -> None:
    async with await RoomClient.join(low_limits_server, item) as room:
        assert room.hello["limits"] == {"body_bytes": 100, "sends_per_s": 1, "burst": 3}
        assert (await room.request(send("x" * 98)))["type"] == "ack"
        assert (await room.request(send("x" * 99)))["code"] == "too_large"
        await room.socket.send(" " * 2001)

        assert await room.wait_for_close() == 1009


async def test_l2_burst_of_60_then_20_a_second(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item) as room:
        start = time.monotonic()
        lines = await room.request_all(*[send(number) for number in range(100)])
        refused = [line for line in lines if line["type"] == "error"]
        acked = len(lines) - len(refused)
        elapsed_s = time.monotonic() - start
        assert 60 <= acked <= 60 + 20 * elapsed_s + 1
        assert {line["code"] for line in refused} == {"rate_limited"}
        assert all(0 < line["retry_ms"] <= 50 for line in refused)

        # Another member has a separate burst, and the burst of this one refills.
        async with await RoomClient.join(server, item, name="Bob") as second:
            assert (await second.request(send("x")))["type"] == "ack"
        granted = {"type": "error"}
        while granted["type"] == "error":
            granted = await room.request(send("again"))
    async with http(server) as client:
        stored = [entry["body"] for entry in await read_log(client, item) if isinstance(entry["body"], int)]
        assert sorted(stored) == stored
        assert len(stored) == acked


async def test_l2_sockets_and_http_share_the_rate_of_a_member(three_sends_server: Server, item: str) -> None:
    async with (
        await RoomClient.join(three_sends_server, item) as first,
        await RoomClient.join(three_sends_server, item) as second,
        http(three_sends_server) as client,
    ):
        url = f"/api/items/{item}/entries"
        assert (await first.request(send("1")))["type"] == "ack"
        assert (await second.request(send("2")))["type"] == "ack"
        assert (await client.post(url, json={"body": "3"})).status_code == 201
        refused = [await room.request(send("no")) for room in (first, second)]
        response = await client.post(url, json={"body": "no"})

        assert [(line["type"], line["code"]) for line in refused] == [("error", "rate_limited")] * 2
        assert (response.status_code, response.json()["code"]) == (429, "rate_limited")
        assert all(9_000_000 < line["retry_ms"] <= 10_000_000 for line in (*refused, response.json()))
        assert 9_000 < int(response.headers["retry-after"]) <= 10_000
        # Another item and another member have separate rates.
        assert (await client.post(f"/api/items/{item}-2/entries", json={"body": "1"})).status_code == 201
        async with await RoomClient.join(three_sends_server, item, name="Bob") as bob:
            assert (await bob.request(send("4")))["type"] == "ack"
        assert [entry["body"] for entry in await read_log(client, item)] == ["1", "2", "3", "4"]


@pytest.mark.parametrize("carrier", ["detached"], indirect=True, scope="session")  # one carrier, because it takes 10 s
async def test_l2_c_4429_connection_above_the_rate_for_10_s_is_closed(low_limits_server: Server, item: str) -> None:
    async with await RoomClient.join(low_limits_server, item) as room:
        start = time.monotonic()
        close_task = asyncio.create_task(room.wait_for_close())
        send_tasks: list[asyncio.Task[None]] = []
        async with asyncio.timeout(TIMEOUT_S):
            while room.socket.close_code is None:  # about 300 sends a second; the rate is one
                send_tasks.append(asyncio.create_task(room.send_lines(*[send("x")] * 3)))
                await pause_briefly()
        elapsed_s = time.monotonic() - start
        await asyncio.gather(*send_tasks, return_exceptions=True)

        assert await close_task == 4429
        assert {line["code"] for line in room.received if line["type"] == "error"} == {"rate_limited"}
    assert elapsed_s > 10


async def test_l3_c_4429_connections_of_a_member_to_an_item_are_limited(low_limits_server: Server, item: str) -> None:
    async with (
        await RoomClient.join(low_limits_server, item, name="Ada"),
        await RoomClient.join(low_limits_server, item, name="Ada") as second,
    ):
        error, code, _ = await expect_refusal(low_limits_server, item, name="Ada")
        assert (error["code"], code) == ("too_many_connections", 4429)
        assert error["retry_ms"] > 0
        async with (
            await RoomClient.join(low_limits_server, item, name="Bob"),
            await RoomClient.join(low_limits_server, "else", name="Ada"),
        ):
            pass
        await second.socket.close()
        async with await RoomClient.join(low_limits_server, item, name="Ada"):
            pass


async def test_l3_h4_connections_of_a_member_count_on_all_endpoints(serve: Callable[..., Server]) -> None:
    server = serve(ALCOVE_SECRET=SECRET, ALCOVE_MEMBER_CONNECTIONS="2")
    token_without_rights = token(items={})
    ada = token(items={"foo": "rw", "bar": "rw"})
    bob = token(sub="bob", items={"foo": "rw"})
    async with (
        await connect(server, f"/ws?token={token_without_rights}") as echo,
        await connect(server, f"/ws/7?token={token_without_rights}"),
    ):
        for path in ("/ws", "/ws/8"):
            assert await refusal_status(server, f"{path}?token={token_without_rights}") == 403, "beside all items"
        async with (
            await connect(server, f"/items/foo/ws?token={ada}") as plain,
            await RoomClient.join(server, "foo", token=ada),
        ):
            assert await refusal_status(server, f"/items/foo/ws?token={ada}") == 403
            error, code, _ = await expect_refusal(server, "foo", token=ada)
            assert (error["code"], code) == ("too_many_connections", 4429)
            async with await RoomClient.join(server, "bar", token=ada), await RoomClient.join(server, "foo", token=bob):
                pass
            await plain.close()
            async with await RoomClient.join(server, "foo", token=ada):
                pass
        await echo.close()
        async with await connect(server, f"/ws?token={ada}"):
            pass


async def test_l3_member_may_have_20_connections_by_default(server: Server, item: str) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(20):
            await stack.enter_async_context(await RoomClient.join(server, item))
        _, code, _ = await expect_refusal(server, item)
        assert code == 4429


async def test_l3_c_1013_connections_of_a_process_are_limited(serve: Callable[..., Server]) -> None:
    server = serve(ALCOVE_CONNECTIONS="2")
    async with await RoomClient.join(server, "foo") as room, await RoomClient.join(server, "bar"):
        error, code, _ = await expect_refusal(server, "else")
        assert (error["code"], code) == ("at_capacity", 1013)
        assert error["retry_ms"] > 0
        for path in ("/ws", "/ws/7", "/items/foo/ws?token=t"):
            assert await refusal_status(server, path) == 403
        await room.socket.close()
        async with await connect(server, "/ws") as echo:
            await echo.send("x")
            await echo.recv()
            _, code, _ = await expect_refusal(server, "else")
            assert code == 1013
        async with await RoomClient.join(server, "else"):
            pass


async def test_l4_sends_beyond_the_storage_queue_are_refused(serve: Callable[..., Server], tmp_path: Path) -> None:
    server = serve(ALCOVE_WAITING_SENDS="5")
    async with await RoomClient.join(server, "foo", name="Ada") as ada, await RoomClient.join(server, "foo") as bob:
        with hold_write_lock(tmp_path / "alcove.db"):
            await ada.send_lines(*[send(number, str(number)) for number in range(7)])
            for id_ in ("5", "6"):
                refused = await ada.wait_for_outcome(id_)
                assert (refused["code"], refused["retry_ms"] > 0) == ("overloaded", True)
            assert (await bob.request(send("x")))["code"] == "overloaded"
            async with http(server) as client:
                response = await client.post("/api/items/foo/entries", json={"body": "x"})
                assert (response.status_code, response.json()["code"]) == (503, "overloaded")
                assert int(response.headers["retry-after"]) >= 1
        assert [(await ada.wait_for_outcome(str(number)))["seq"] for number in range(5)] == [*range(1, 6)]
        await bob.send_messages("there is room again")
        await ada.wait_for_seq(6)

    assert ada.bodies == [*range(5), "there is room again"]


async def test_l5_room_keeps_the_configured_number_of_entries(short_retention_server: Server, item: str) -> None:
    async with await RoomClient.join(short_retention_server, item) as room:
        await room.send_messages(*range(1, 26))
        async with http(short_retention_server) as client:
            stored_page = await read_page(client, item, after=0, limit=500)
        repeated = await room.request({"type": "send", "id": room.entries[0]["id"], "body": "again"})

    assert (stored_page["oldest"], stored_page["head"]) == (16, 25)
    assert [entry["body"] for entry in stored_page["entries"]] == [*range(16, 26)]
    assert (repeated["seq"], repeated["duplicate"]) == (1, True), "the id of a removed entry is still known (S5)"


async def test_l5_all_entries_are_kept_by_default(unlimited_server: Server, item: str) -> None:
    async with await RoomClient.join(unlimited_server, item) as room:
        for _ in range(10):
            await room.send_messages(*range(100))
        async with http(unlimited_server) as client:
            assert len(await read_log(client, item)) == 1000


async def test_l5_room_keeps_entries_for_the_configured_days(serve: Callable[..., Server]) -> None:
    server = serve(ALCOVE_RETAIN_DAYS="0.000001", ALCOVE_SENDS_PER_S="0")
    async with await RoomClient.join(server, "foo") as room:
        await room.send_messages("long ago")

        # This fraction of a day is about 0.1 s: one of the next sends removes the first one, which is too old.
        async with http(server) as client:
            oldest = 1
            while oldest == 1:
                (seq,) = await room.send_messages("now")
                assert seq < 1000
                oldest = (await read_page(client, "foo"))["oldest"]
            assert (await read_log(client, "foo"))[0]["seq"] == oldest
