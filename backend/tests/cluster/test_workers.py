"""Test several workers of one command: the start (X6), revocation on all of them (A7), and the drain (Z1, W7)."""

import asyncio
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.clients import TIMEOUT_S
from tests.support.clusters import Engines
from tests.support.credentials import token
from tests.support.http import http
from tests.support.room_client import RoomClient, expect_refusal, read_log, send
from tests.support.servers import ALCOVE, Server, Start, wait_until_listening, without_problems

Pair = tuple[Server, Server]


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ({}, "ALCOVE_DATABASE_URL=sqlite:// and ALCOVE_BUS_URL=memory://"),
        ({"ALCOVE_DATABASE_URL": "postgresql://localhost/x"}, "ALCOVE_BUS_URL=memory://"),
        ({"ALCOVE_BUS_URL": "redis://localhost"}, "ALCOVE_DATABASE_URL=sqlite://"),
    ],
    ids=["both", "bus", "database"],
)
def test_x6_workers_without_shared_storage_are_refused_in_one_line(
    tmp_path: Path, env: dict[str, str], message: str
) -> None:
    command = [str(ALCOVE), "serve", "--workers", "2", "--port", "0"]
    result = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)  # noqa: S603 - ours

    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert message in line


async def test_x6_two_workers_serve_one_room(engines: Engines, url: str, tmp_path: Path, item: str) -> None:
    bus = engines.redis.url if engines.redis else url
    env = {"ALCOVE_DATABASE_URL": url, "ALCOVE_BUS_URL": bus, "ALCOVE_BUS_PREFIX": item[:20]}
    server = Server([ALCOVE, "serve", "--workers", "2", "--port", "0"], cwd=tmp_path, env=env, forked=False)
    with without_problems(server):
        wait_until_listening(server.port)
        rooms = [await RoomClient.join(server, item, name=f"member {n}") for n in range(12)]
        await asyncio.gather(*(room.send_messages(f"from {n}") for n, room in enumerate(rooms)))
        for room in rooms:
            await room.wait_for_seq(12)
        assert all(room.entries == rooms[0].entries for room in rooms)
        await asyncio.to_thread(server.end)
        assert [await room.wait_for_close() for room in rooms] == [1012] * 12


async def test_a7_revocation_closes_connections_on_every_process(secured_pair: Pair, item: str) -> None:
    first_server, second_server = secured_pair
    ada = token(sub="ada", items={item: "rw"})
    admin = token(sub="root", items={"*": "rwm"})
    rooms = [await RoomClient.join(server, item, token=ada) for server in secured_pair]
    async with http(first_server) as client:
        response = await client.post("/api/revoke", json={"sub": "ada"}, headers={"Authorization": f"Bearer {admin}"})
        assert response.is_success, response.text
    assert [await room.wait_for_close() for room in rooms] == [4403, 4403]
    new_room = await RoomClient.open(second_server, item, token=ada)
    error = await new_room.read_line()
    # The code is 4401 until `not_before`, because no new token is accepted earlier.
    assert (await new_room.wait_for_close(), error["reason"]) in {(4401, "revoked"), (4403, "revoked")}


async def test_w7_readyz_reports_whether_storage_and_bus_respond(engines: Engines, join: Start) -> None:
    server = join()
    async with http(server) as client:
        assert (await client.get("/readyz")).json() == {"status": "ready", "storage": True, "bus": True}
        engines.bus.hang()
        try:
            async with asyncio.timeout(TIMEOUT_S):
                while (response := await client.get("/readyz")).status_code == 200:
                    pass
        finally:
            engines.bus.go_on()
        assert (response.json()["status"], response.json()["bus"]) == ("unavailable", False)
        async with asyncio.timeout(TIMEOUT_S):
            while (await client.get("/readyz")).status_code != 200:
                pass


async def test_w7_metrics_count_sends_refusals_and_connections(join: Start, item: str) -> None:
    server = join()
    async with await RoomClient.join(server, item) as ada, http(server) as client:
        await ada.send_messages("a", "b", "c")
        await ada.wait_for_seq(3)
        await ada.request({"type": "edit", "id": "e", "target": 99, "body": ""})
        metrics = (await client.get("/metrics")).text.splitlines()

        assert 'alcove_sends_total{outcome="stored"} 3.0' in metrics
        assert 'alcove_refusals_total{code="invalid"} 1.0' in metrics
        assert 'alcove_connections{state="in_step"} 1.0' in metrics
        assert "alcove_bus_up 1.0" in metrics
        assert any(line.startswith("alcove_commit_seconds_bucket") for line in metrics)
        assert not any(item in line for line in metrics)


async def test_z1_drain_acks_all_sends_and_spreads_reconnections(join: Start, item: str) -> None:
    first_server, second_server = join(ALCOVE_DRAIN_S="10"), join()
    rooms = [await RoomClient.join(first_server, item, name=f"member {n}") for n in range(20)]
    sends = [send(n) for n in range(200)]
    await rooms[0].send_lines(*sends)
    while (line := await rooms[0].read_line())["type"] != "ack":
        assert line["type"] != "error"
    end_task = asyncio.create_task(asyncio.to_thread(first_server.end, signal.SIGTERM))
    assert list(await asyncio.gather(*(room.wait_for_close() for room in rooms))) == [1012] * 20
    assert await end_task < 5

    byes = [[line for line in room.received if line["type"] == "bye"] for room in rooms]
    assert {len(bye) for bye in byes} == {1}
    assert sorted(bye[0]["retry_ms"] for bye in byes) == [500 * n for n in range(1, 21)]
    acks = {line["id"]: line["seq"] for line in rooms[0].received if line["type"] == "ack"}
    assert set(acks) == {line["id"] for line in sends}
    async with http(second_server) as client:
        assert {entry["id"]: entry["seq"] for entry in await read_log(client, item)} == acks


async def test_z1_drain_refuses_joins_and_ends_at_a_second_signal(engines: Engines, join: Start, item: str) -> None:
    server = join(ALCOVE_DRAIN_S="600")
    async with await RoomClient.join(server, item) as room, http(server) as client:
        engines.postgres.hang()  # the next send cannot be committed, so the drain waits for it
        try:
            await room.send_lines(send("never"))
            await room.lines_until_pong()
            os.kill(server.pid, signal.SIGTERM)
            async with asyncio.timeout(TIMEOUT_S):
                while (await client.get("/readyz")).json()["status"] != "draining":
                    pass
            metrics = (await client.get("/metrics")).text.splitlines()
            assert {"alcove_draining 1.0", "alcove_storage_up 0.0"} < set(metrics)
            error, code, _ = await expect_refusal(server, "another")
            assert (error["code"], code) == ("at_capacity", 1012)
            await asyncio.to_thread(server.end, signal.SIGTERM)
        finally:
            engines.postgres.go_on()


async def test_z1_server_ends_after_the_drain_time_even_if_storage_hangs(
    engines: Engines, join: Start, item: str
) -> None:
    server = join(ALCOVE_DRAIN_S="1")
    async with await RoomClient.join(server, item) as room:
        engines.postgres.hang()
        try:
            await room.send_lines(send("never"))
            await room.lines_until_pong()
            await asyncio.to_thread(server.end, signal.SIGTERM)
        finally:
            engines.postgres.go_on()
        assert await room.wait_for_close() == 1012
        # A statement times out after 10 s, which would be reported as an error before the `bye`.
        assert [line["type"] for line in room.received if line["type"] in ("ack", "error", "bye")] == ["bye"]
