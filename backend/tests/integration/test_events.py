"""Test rooms as Server-Sent Events, on TCP connections (W3)."""

import asyncio
import json
import re
import socket
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.clients import TIMEOUT_S
from tests.support.credentials import token
from tests.support.event_streams import next_entry, open_event_stream
from tests.support.http import http
from tests.support.room_client import RoomClient
from tests.support.servers import ON_ONE_CARRIER, Server, start_alcove, start_fastapi_dev, without_problems

Start = Callable[..., Server]


async def send_messages(server: Server, item: str, *bodies: str) -> None:
    """Send messages to the room over HTTP."""
    async with http(server, token=None) as client:
        for body in bodies:
            response = await client.post(f"/api/items/{item}/entries?token=t", json={"body": body})
            assert response.status_code == 201


@ON_ONE_CARRIER
async def test_w3_stream_begins_with_hello_and_entries_have_their_seq_as_id(server: Server) -> None:
    async with open_event_stream(server, "sse-first") as stream:
        hello = json.loads((await anext(stream))["data"])
        await send_messages(server, "sse-first", "one", "two")
        entries = [await next_entry(stream), await next_entry(stream)]

    assert (hello["type"], hello["you"]["can"]) == ("hello", ["read"])
    assert [entry["id"] for entry in entries] == ["1", "2"]
    assert [json.loads(entry["data"])["body"] for entry in entries] == ["one", "two"]


@ON_ONE_CARRIER
async def test_w3_last_event_id_resumes_after_that_entry(server: Server) -> None:
    await send_messages(server, "sse-resume", "one", "two", "three")

    async with open_event_stream(server, "sse-resume", **{"Last-Event-ID": "1"}) as stream:
        entries = [await next_entry(stream), await next_entry(stream)]

    assert [entry["id"] for entry in entries] == ["2", "3"]


@ON_ONE_CARRIER
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/items/foo/events", 401),
        ("/api/items/foo/events?token=t&tail=501", 422),
        ("/api/items/fo%20o/events?token=t", 422),
    ],
)
async def test_w3_refused_stream_is_a_problem_document(server: Server, path: str, status: int) -> None:
    async with http(server, token=None) as client:
        response = await client.get(path)

    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")


@ON_ONE_CARRIER
async def test_w3_reader_that_disconnected_is_no_longer_a_member(server: Server) -> None:
    async with open_event_stream(server, "sse-left") as stream:
        await anext(stream)
    async with open_event_stream(server, "sse-left") as stream:
        # The room was closed after the first client left, so the second client opens it again and is its only member.
        assert json.loads((await anext(stream))["data"])["count"] == 1


class StuckReader:
    """A reader of events whose socket nobody reads, unless a test does."""

    def __init__(self, server: Server, item: str, token: str = "t") -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect(("127.0.0.1", server.port))
        request_line = f"GET /api/items/{item}/events?token={token}&name=Stuck HTTP/1.1"
        self.socket.sendall(f"{request_line}\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode())
        self.socket.setblocking(False)


async def read_seqs(seq: int, reader: socket.socket) -> list[int]:
    """Read events up to the entry `seq`; return the seqs of all entries read."""
    received = bytearray()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    async with asyncio.timeout(TIMEOUT_S):
        while f"\nid: {seq}\n".encode() not in received:
            data = await asyncio.get_running_loop().sock_recv(reader, 1 << 20)
            assert data, "the stream ended"
            received += data
    return [int(id_) for id_ in re.findall(rb"^id: (\d+)$", received, re.MULTILINE)]


async def wait_for_stuck_reader(ada: RoomClient, count: int) -> str:
    """Wait until the stuck reader has joined as the last of `count` members; return its member id."""
    presence = await ada.wait_for("presence", count=count)
    return str(next(person["id"] for person in presence["joined"] if person["name"] == "Stuck"))


async def flood(ada: RoomClient) -> int:
    """Send 6 MB into the room, more than kernels buffer for a reader; return the last seq."""
    for _ in range(10):
        seqs = await ada.send_messages(*["x" * 60_000] * 10)
    return seqs[-1]


@ON_ONE_CARRIER
async def test_w3_d2_stuck_event_reader_buffers_256_kib_and_loses_nothing(unlimited_server: Server, item: str) -> None:
    async with await RoomClient.join(unlimited_server, item, name="Ada") as ada, http(unlimited_server) as client:
        with closing(StuckReader(unlimited_server, item).socket) as stuck:
            await ada.wait_for("presence", count=2)
            last = await flood(ada)
            states = (await client.get(f"/api/items/{item}/connections")).json()["connections"]
            (state,) = [line for line in states if line["name"] == "Stuck"]
            seqs = await read_seqs(last, stuck)

    assert state["state"] == "behind"
    assert 0 < state["buffered"] <= 256 * 1024
    assert seqs == [*range(1, last + 1)]


@ON_ONE_CARRIER
async def test_w3_stuck_event_reader_may_disconnect(serve: Start, item: str) -> None:
    server = serve(ALCOVE_SENDS_PER_S="0")
    async with await RoomClient.join(server, item, name="Ada") as ada:
        with closing(StuckReader(server, item).socket):
            stuck = await wait_for_stuck_reader(ada, count=2)
            await flood(ada)
        assert (await ada.wait_for("presence", count=1))["left"] == [stuck]


@ON_ONE_CARRIER
async def test_w3_a4_stuck_event_reader_is_aborted_when_its_token_expires(secured_server: Server, item: str) -> None:
    rights = {item: "rw"}
    async with await RoomClient.join(secured_server, item, token=token(sub="ada", name="Ada", items=rights)) as ada:
        expiring_token = token(sub="stuck", name="Stuck", items=rights, exp=time.time() + 2)
        with closing(StuckReader(secured_server, item, expiring_token).socket):
            stuck = await wait_for_stuck_reader(ada, count=2)
            await flood(ada)
            assert (await ada.wait_for("presence", count=1))["left"] == [stuck]


@ON_ONE_CARRIER
async def test_w3_p3_stuck_event_reader_times_out(serve: Start, item: str) -> None:
    """An event stream has no pings, so the server asks its kernel whether the client receives anything."""
    # Longer than the flood takes on a busy machine, because the other reader reads only afterwards.
    server = serve(ALCOVE_PONG_S="5", ALCOVE_SENDS_PER_S="0")
    async with await RoomClient.join(server, item, name="Ada") as ada, open_event_stream(server, item) as stream:
        await ada.wait_for("presence", count=2)
        with closing(StuckReader(server, item).socket):
            stuck = await wait_for_stuck_reader(ada, count=3)
            last = await flood(ada)
            while int((await next_entry(stream))["id"]) < last:
                pass
            assert (await ada.wait_for("presence", count=2))["left"] == [stuck]


async def test_w3_stopping_server_sends_bye_and_ends_the_stream(tmp_path: Path) -> None:
    with without_problems(start_alcove(cwd=tmp_path)) as server:
        async with open_event_stream(server, "sse-end") as stream:
            await anext(stream)
            server.end()
            last_event = [event async for event in stream][-1]

    assert last_event == {"event": "close", "data": '{"code":1012,"reason":"restart"}'}


async def test_w3_fastapi_dev_stops_with_a_stream_open(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("from alcove.main import app as app\n")
    with without_problems(start_fastapi_dev(tmp_path, "main.py")) as server:
        async with open_event_stream(server, "sse-dev") as stream:
            await anext(stream)
            server.end()
