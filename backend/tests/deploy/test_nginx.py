"""Test the deployment's nginx: it proxies sockets, streams and requests to processes that start and stop."""

import asyncio
import signal
import subprocess
from pathlib import Path

import pytest

from alcove.settings import Settings
from deploy.nginx import command, configured
from deploy.ports import free_port
from tests.support.clients import connect, eventually, receive, wait_for_close_code
from tests.support.clusters import Cluster, StartProcesses
from tests.support.credentials import leaked_credentials, register_credential
from tests.support.event_streams import next_entry, open_event_stream
from tests.support.http import http
from tests.support.nginx import Nginx, Upstream, needs_nginx, write_documented_config
from tests.support.room_client import RoomClient, expect_refusal, read_log, send
from tests.support.running_host import Host
from tests.support.servers import Address, Server, start_alcove, without_problems

pytestmark = needs_nginx
TOKEN = register_credential("a-credential-that-no-line-may-show")
MAX_BODY_BYTES = int(Settings.model_fields["message_bytes"].default)


def test_nginx_accepts_the_configuration(tmp_path: Path) -> None:
    configuration = configured(tmp_path, free_port(), [1, 2, 3])
    result = subprocess.run(  # noqa: S603 - the tests' own command
        [*command(tmp_path, configuration), "-t"], capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, result.stderr
    assert "[emerg]" not in result.stderr


def test_b1_nginx_accepts_the_configuration_for_a_separate_host(tmp_path: Path) -> None:
    configuration = write_documented_config(tmp_path, "own-host.conf", free_port(), Address(8000))
    result = subprocess.run(  # noqa: S603 - the tests' own command
        [*command(tmp_path, configuration), "-t"], capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, result.stderr


async def test_b1_nginx_forwards_requests_below_a_base_path(tmp_path: Path, item: str) -> None:
    with without_problems(start_alcove(cwd=tmp_path, env={"ALCOVE_BASE_PATH": "/chat"})) as server:
        proxy = Nginx(tmp_path, [server.port, server.port, server.port])
        chat_host = Host(proxy.port, "/chat")
        try:
            async with open_event_stream(chat_host, item) as stream, await RoomClient.join(chat_host, item) as ada:
                await anext(stream)
                await ada.send_messages("hello")
                assert (await next_entry(stream))["id"] == "1"
            async with http(chat_host) as client:
                assert [(await client.get(path)).status_code for path in ("/metrics", "/readyz")] == [404, 200]
        finally:
            await asyncio.to_thread(proxy.end)


async def connection_count(process: Server) -> int:
    """Return the number of connections in the metrics of a process."""
    async with http(process) as client:
        lines = (await client.get("/metrics")).text.splitlines()
    return sum(int(float(line.split()[1])) for line in lines if line.startswith("alcove_connections{"))


async def test_x1_members_on_different_processes_share_one_room(cluster: Cluster, item: str) -> None:
    before = [await connection_count(process) for process in cluster.processes]
    rooms = [await RoomClient.join(cluster.proxy, item, name=f"member {n}") for n in range(9)]
    for n, room in enumerate(rooms):
        await room.send_messages(f"from {n}")
    for room in rooms:
        await room.wait_for_seq(9)

    assert all(room.entries == rooms[0].entries for room in rooms)
    after = [await connection_count(process) for process in cluster.processes]
    assert all(later > earlier for earlier, later in zip(before, after, strict=True))
    for room in rooms:
        await room.socket.close()


async def test_w3_nginx_forwards_each_event_immediately(cluster: Cluster, item: str) -> None:
    async with open_event_stream(cluster.proxy, item) as stream, await RoomClient.join(cluster.proxy, item) as ada:
        await anext(stream)
        for n in range(1, 4):  # Ada sends each message after the one before was received
            await ada.send_messages(f"{n}")
            assert (await next_entry(stream))["id"] == str(n)


async def test_t1_t2_t3_nginx_forwards_the_sockets_of_the_tutorial(cluster: Cluster) -> None:
    echo = await connect(cluster.proxy, "/ws")
    await echo.send("hello")
    await echo.send(b"\x00\xff")
    item = await connect(cluster.proxy, f"/items/foo/ws?token={TOKEN}&q=3")
    await item.send("hello")
    ada, bob = await connect(cluster.proxy, "/ws/1"), await connect(cluster.proxy, "/ws/2")
    await ada.send("hello")

    assert await receive(echo, 2) == ["Message text was: hello", b"\x00\xff"]
    assert await receive(item, 3) == [
        f"Session cookie or query token value is: {TOKEN}",
        "Query parameter q is: 3",
        "Message text was: hello, for item ID: foo",
    ]
    assert await receive(bob, 1) == ["Client #1 says: hello"]
    for client in (echo, item, ada, bob):
        await client.close()


async def test_t6_w1_w2_nginx_forwards_pages_and_requests(cluster: Cluster, item: str) -> None:
    async with http(cluster.proxy) as client:
        stored = await client.post(f"/api/items/{item}/entries", json={"body": "hello"})
        page = await client.get("/")

        assert (stored.status_code, stored.json()["seq"]) == (201, 1)
        assert [entry["body"] for entry in await read_log(client, item)] == ["hello"]
        assert page.text.startswith("<!DOCTYPE html>")


async def test_w7_nginx_does_not_serve_the_metrics_of_a_process(cluster: Cluster) -> None:
    async with http(cluster.proxy) as client:
        assert [(await client.get(path)).status_code for path in ("/metrics", "/readyz")] == [404, 200]


async def test_a5_own_origin_is_the_requested_host_and_port(cluster: Cluster, item: str) -> None:
    cookie = {"Cookie": f"alcove_session={TOKEN}"}
    room = await RoomClient.join(cluster.proxy, item, token=None, headers=cookie | {"Origin": cluster.proxy.url})
    _, code, _ = await expect_refusal(
        cluster.proxy, item, token=None, headers=cookie | {"Origin": "http://127.0.0.1:1"}
    )

    assert code == 4403
    await room.socket.close()


@pytest.mark.parametrize(("outer_scheme", "secure"), [("https", ["secure"]), ("http", []), (None, [])])
async def test_w5_cookie_is_secure_behind_an_outer_https_proxy(
    cluster: Cluster, outer_scheme: str | None, secure: list[str]
) -> None:
    headers = {} if outer_scheme is None else {"X-Forwarded-Proto": outer_scheme}
    async with http(cluster.proxy) as client:
        response = await client.post("/api/session", json={"name": "Ada"}, headers=headers)

    assert response.is_success, response.text
    assert [
        part for part in response.headers.get_list("set-cookie")[0].lower().split("; ") if part == "secure"
    ] == secure


async def test_l1_nginx_refuses_large_requests_like_a_process(cluster: Cluster, item: str) -> None:
    room = await RoomClient.join(cluster.proxy, item)
    await room.socket.send("x" * (MAX_BODY_BYTES + 1))
    async with http(cluster.proxy) as client:
        refused = await client.post(f"/api/items/{item}/entries", content=b"x" * (MAX_BODY_BYTES + 1))
        largest = await client.post(f"/api/items/{item}/entries", content=b'"' + b"x" * (MAX_BODY_BYTES - 2) + b'"')

    assert await wait_for_close_code(room.socket) == 1009
    assert (refused.status_code, refused.headers["content-type"]) == (413, "application/problem+json")
    assert refused.json()["status"] == 413
    assert largest.status_code == 422  # the response of a process, to which nginx forwarded the request


async def test_x3_clients_of_a_killed_process_reconnect_to_another(
    start_processes: StartProcesses, tmp_path: Path, item: str
) -> None:
    first_server, second_server = start_processes(2)
    proxy = Nginx(
        tmp_path, [first_server.port, second_server.port, free_port()]
    )  # no process listens on the third port
    try:
        rooms = [await RoomClient.join(proxy, item, name=f"member {n}") for n in range(6)]
        outcomes = [await room.request(send(n)) for n, room in enumerate(rooms)]
        assert [outcome["type"] for outcome in outcomes] == ["ack"] * 6
        disconnected_count = await connection_count(first_server)
        await asyncio.to_thread(first_server.end, signal.SIGKILL)
        await eventually(lambda: disconnected_count == sum(room.socket.close_code is not None for room in rooms))
        connected = [room for room in rooms if room.socket.close_code is None]
        reconnected = [await RoomClient.join(proxy, item, after=0) for _ in range(disconnected_count + 6)]
        async with http(proxy) as client:
            assert {(await client.get(f"/api/items/{item}/entries")).status_code for _ in range(20)} == {200}

        assert 0 < len(connected) < 6
        await connected[0].send_messages("still here")
        for room in (*connected, *reconnected):
            assert [entry["seq"] for entry in await room.wait_for_seq(7)] == list(range(1, 8))
            await room.socket.close()
    finally:
        proxy.end()


async def test_z1_clients_of_a_stopping_process_reconnect_to_the_other(
    start_processes: StartProcesses, tmp_path: Path, item: str
) -> None:
    first_server, second_server = start_processes(2)
    proxy = Nginx(tmp_path, [first_server.port, second_server.port, free_port()])
    try:
        rooms = [await RoomClient.join(proxy, item, name=f"member {n}") for n in range(6)]
        leaving_count = await connection_count(first_server)
        await asyncio.to_thread(first_server.end)
        await eventually(lambda: leaving_count == sum(room.socket.close_code is not None for room in rooms))
        disconnected = [room for room in rooms if room.socket.close_code is not None]

        assert 0 < leaving_count < 6
        assert {await room.wait_for_close() for room in disconnected} == {1012}
        assert {room.received[-1]["type"] for room in disconnected} == {"bye"}
        reconnected = [await RoomClient.join(proxy, item, after=0) for _ in disconnected]
        assert await connection_count(second_server) == len(rooms)
        for room in (*rooms, *reconnected):
            await room.socket.close()
    finally:
        proxy.end()


async def test_w2_possibly_processed_request_is_not_sent_again(tmp_path: Path) -> None:
    async with Upstream.run(answers=False) as first_upstream, Upstream.run(answers=False) as second_upstream:
        proxy = Nginx(tmp_path, [first_upstream.port, second_upstream.port, free_port()])
        try:
            async with http(proxy) as client:
                write_response = await client.post("/api/items/foo/entries", json={"body": "once"})
                request_heads = [head for upstream in (first_upstream, second_upstream) for head in upstream.heads]
                read_response = await client.get("/")
        finally:
            await asyncio.to_thread(proxy.end)

    assert [head.split()[0] for head in request_heads] == ["POST"]
    for response in (write_response, read_response):
        assert (response.status_code, response.headers["content-type"]) == (503, "application/problem+json")
        assert (response.json()["code"], response.json()["retry_ms"]) == ("unavailable", 1000)
    assert any(head.startswith("GET") for upstream in (first_upstream, second_upstream) for head in upstream.heads)


async def test_w1_unanswered_request_is_sent_to_another_process(tmp_path: Path) -> None:
    async with Upstream.run(answers=False) as silent, Upstream.run() as healthy:
        proxy = Nginx(tmp_path, [silent.port, free_port(), healthy.port])
        try:
            async with http(proxy) as client:
                texts = {(await client.get("/", headers={"Connection": "close"})).text for _ in range(6)}
        finally:
            await asyncio.to_thread(proxy.end)

    assert texts == {"ok"}
    assert len(healthy.heads) == 6
    assert silent.heads


async def test_process_receives_the_address_and_scheme_of_the_client(tmp_path: Path) -> None:
    forwarded_headers = {"X-Forwarded-For": "192.0.2.1, 203.0.113.9, 10.1.2.3", "X-Forwarded-Proto": "https"}
    async with Upstream.run() as upstream:
        proxy = Nginx(tmp_path, [upstream.port] * 3)
        try:
            async with http(proxy) as client:
                await client.get("/", headers=forwarded_headers)
                await client.get("/items/foo/ws", headers={"Connection": "upgrade", "Upgrade": "websocket"})
        finally:
            await asyncio.to_thread(proxy.end)
    headers, upgrade_headers = (
        dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line) for head in upstream.heads
    )

    # The last address before those of trusted proxies; nginx ignores the ones before, which a client may invent.
    assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == ("203.0.113.9", "https")
    assert proxy.url == f"http://{headers['host']}"
    assert "upgrade" not in headers
    assert "connection" not in headers
    assert (upgrade_headers["x-forwarded-for"], upgrade_headers["x-forwarded-proto"]) == ("127.0.0.1", "http")
    assert (upgrade_headers["upgrade"], upgrade_headers["connection"]) == ("websocket", "upgrade")


async def test_a6_nginx_logs_no_credentials_even_after_errors(tmp_path: Path) -> None:
    query = f"token={TOKEN}&q=1"
    async with Upstream.run(answers=False) as silent:
        proxy = Nginx(tmp_path, [silent.port, free_port(), free_port()])
        try:
            async with http(proxy, token=None) as client:
                for path in ("/", "/items/foo/ws", "/api/items/foo/events", "/metrics", "/%2e%2e/x"):
                    headers = {"Cookie": f"session={TOKEN}", "Authorization": f"Bearer {TOKEN}"}
                    await client.get(f"{path}?{query}", headers={**headers, "Referer": f"{proxy.url}/?{query}"})
                await client.post(f"/api/items/foo/entries?{query}", content=b"x" * (MAX_BODY_BYTES + 1))
        finally:
            await asyncio.to_thread(proxy.end)

    assert '"path":"/items/foo/ws","status":503' in proxy.output
    assert silent.heads
    assert leaked_credentials(proxy.output) == set()
    assert TOKEN not in proxy.output
