"""Test that all connections get the same entries, each at its own pace (D)."""

import asyncio

from tests.support.clients import resume_reading, stop_reading
from tests.support.http import http
from tests.support.room_client import Line, RoomClient
from tests.support.servers import Server

BODY = "x" * 60_000


async def read_connections(server: Server, item: str) -> list[Line]:
    """Return the states of the connections to the room (W8)."""
    async with http(server) as client:
        connections: list[Line] = (await client.get(f"/api/items/{item}/connections")).json()["connections"]
    return connections


async def test_d1_readers_catch_up_after_joining_resuming_and_lagging(unlimited_server: Server, item: str) -> None:
    async with await RoomClient.join(unlimited_server, item, tail=0, name="Ada") as ada:
        for number in range(80):
            await ada.send_messages([number, BODY])
        joining_reader = await RoomClient.open(unlimited_server, item, tail=80, receive_buffer=4096, name="Joins")
        resuming_reader = await RoomClient.open(unlimited_server, item, after=7, receive_buffer=4096, name="Resumes")
        lagging_reader = await RoomClient.open(unlimited_server, item, tail=0, receive_buffer=4096, name="Lags")
        readers = (joining_reader, resuming_reader, lagging_reader)
        async with joining_reader, resuming_reader, lagging_reader:
            for room in readers:
                stop_reading(room.socket)
            for number in range(80, 200):
                await ada.send_messages([number, BODY])
            behind = {line["name"]: line for line in await read_connections(unlimited_server, item)}
            for name in ("Joins", "Resumes", "Lags"):
                assert behind[name]["state"] == "behind"
                assert 0 < behind[name]["lag"] == 200 - behind[name]["cursor"]
            for room in readers:
                resume_reading(room.socket)
            await asyncio.gather(*(room.wait_for_seq(200) for room in readers))
            assert [len(room.entries) for room in readers] == [200, 193, 120]
            await ada.send_messages("in step")
            await asyncio.gather(*(room.wait_for_seq(201) for room in readers))
            states = [line["state"] for line in await read_connections(unlimited_server, item)]
            assert states == ["in_step"] * 4


async def test_d2_slow_reader_costs_at_most_256_kib_and_loses_nothing(unlimited_server: Server, item: str) -> None:
    slow = await RoomClient.join(unlimited_server, item, receive_buffer=4096, name="Slow", tail=0)
    async with slow, await RoomClient.join(unlimited_server, item, tail=0, name="Ada") as ada:
        stop_reading(slow.socket)
        max_buffered = 0
        for number in range(150):
            await ada.send_messages([number, BODY])
            (state,) = [line for line in await read_connections(unlimited_server, item) if line["name"] == "Slow"]
            max_buffered = max(max_buffered, state["buffered"])
        assert 0 < max_buffered <= 256 * 1024
        resume_reading(slow.socket)
        await slow.wait_for_seq(150)

    assert [body[0] for body in slow.bodies if isinstance(body, list)] == [*range(150)]


async def test_d2_dead_reader_does_not_delay_others(server: Server, item: str) -> None:
    dead_reader = await RoomClient.join(server, item, receive_buffer=4096, name="Dead")
    stop_reading(dead_reader.socket)
    async with (
        await RoomClient.join(server, item, name="Ada") as ada,
        await RoomClient.join(server, item, name="Bob") as bob,
    ):
        for number in range(50):
            await ada.send_messages([number, BODY])
            await bob.wait_for_seq(number + 1)
    dead_reader.socket.transport.abort()


async def test_d3_everyone_sees_the_same_entries_in_the_same_order(unlimited_server: Server, item: str) -> None:
    rooms = [await RoomClient.join(unlimited_server, item, name=f"Member {number}", tail=0) for number in range(10)]
    for number in range(50):
        await asyncio.gather(*(room.send_lines({"type": "send", "id": f"{number}", "body": number}) for room in rooms))
    await asyncio.gather(*(room.wait_for_seq(500) for room in rooms))
    async with await RoomClient.join(unlimited_server, item, after=0) as newcomer:
        await newcomer.wait_for_seq(500)
    for room in rooms:
        assert newcomer.entries == room.entries
        await room.socket.close()
