"""Test that a client which does not read 20 MB delays nobody, costs little memory and catches up later (D2)."""

import re
from pathlib import Path

from tests.support.clients import resume_reading, stop_reading
from tests.support.http import http
from tests.support.room_client import RoomClient, read_page
from tests.support.servers import Server

BODY = "x" * 60 * 1024
SEND_COUNT = 20 * 1024 * 1024 // len(BODY)
#: The memory that one connection may cost at most, in bytes.
MAX_COST_BYTES = 1024 * 1024


def resident_bytes(server: Server) -> int:
    """Return the server's resident memory in bytes."""
    status = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii")
    match = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
    assert match
    return int(match[1]) * 1024


async def send_20_mb(ada: RoomClient, bob: RoomClient) -> None:
    """Send 20 MB to the room, each message after Bob has received the one before."""
    for number in range(SEND_COUNT):
        (seq,) = await ada.send_messages([number, BODY])
        await bob.wait_for_seq(seq)


async def test_d2_client_20_mb_behind_costs_under_1_mib_and_catches_up(unlimited_server: Server, item: str) -> None:
    async with (
        await RoomClient.join(unlimited_server, item, tail=0, name="Ada") as ada,
        await RoomClient.join(unlimited_server, item, tail=0, name="Bob") as bob,
        http(unlimited_server) as client,
    ):
        # Warm up: the first round fills the tail and the caches of the log, which then stay full.
        await send_20_mb(ada, bob)
        for after in range(0, SEND_COUNT, 20):
            await read_page(client, item, after=after, limit=20)
        bytes_before = resident_bytes(unlimited_server)

        async with await RoomClient.join(unlimited_server, item, tail=0, name="Slow", receive_buffer=4096) as slow:
            stop_reading(slow.socket)
            await send_20_mb(ada, bob)
            cost_bytes = resident_bytes(unlimited_server) - bytes_before
            states = (await client.get(f"/api/items/{item}/connections")).json()["connections"]
            (slow_state,) = [state for state in states if state["name"] == "Slow"]
            resume_reading(slow.socket)
            await slow.wait_for_seq(2 * SEND_COUNT)
            numbers = [body[0] for body in slow.bodies if isinstance(body, list)]

    assert numbers == [*range(SEND_COUNT)]
    assert slow_state["state"] == "behind"
    assert slow_state["buffered"] <= 256 * 1024
    assert cost_bytes <= MAX_COST_BYTES
