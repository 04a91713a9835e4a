"""Test how a connection ends, and with which close code (C)."""

import asyncio
import struct
from collections.abc import Callable

import pytest

from tests.support.clients import abort, resume_reading, stop_reading
from tests.support.room_client import RoomClient, send
from tests.support.servers import Server


async def test_c_1000_close_code_of_a_client_is_returned(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item) as room:
        await room.socket.close(1000)

        assert room.socket.close_code == 1000


async def test_c_1003_binary_frame_closes_only_its_own_connection(server: Server, item: str) -> None:
    async with (
        await RoomClient.join(server, item, name="Ada") as ada,
        await RoomClient.join(server, item, name="Bob") as bob,
    ):
        await bob.socket.send(b"bytes")
        assert await bob.wait_for_close() == 1003
        await ada.send_messages("still here")


@pytest.mark.parametrize("data", [b"\xff", b"\xc3", b"\xed\xa0\x80", b'{"type":"ping"}\xf5'])
async def test_c_1007_invalid_utf_8_closes_the_connection(unchecked_server: Server, item: str, data: bytes) -> None:
    async with await RoomClient.join(unchecked_server, item) as room:
        mask = b"\0\0\0\0"
        room.socket.transport.write(struct.pack("!BB", 0x81, 0x80 | len(data)) + mask + data)

        assert await room.wait_for_close() == 1007


async def test_c_1009_frame_above_the_limit_closes_the_connection(low_limits_server: Server, item: str) -> None:
    async with await RoomClient.join(low_limits_server, item) as room:
        await room.socket.send(["x" * 1000] * 3)

        assert await room.wait_for_close() == 1009


async def test_c_1012_stopping_server_closes_with_1012_and_keeps_accepted_sends(serve: Callable[..., Server]) -> None:
    server = serve()
    async with await RoomClient.join(server, "foo") as room:
        lines = [send(number) for number in range(50)]
        await room.send_lines(*lines)
        await room.wait_for_outcome(lines[0]["id"])
        await asyncio.to_thread(server.end)
        assert await room.wait_for_close() == 1012
        acked = [line["seq"] for line in room.received if line["type"] == "ack"]
    async with await RoomClient.join(serve(), "foo", after=0) as room:
        assert set(acked) <= {entry["seq"] for entry in await room.wait_for_seq(acked[-1])}


async def test_c_4408_client_without_pongs_is_disconnected(
    serve: Callable[..., Server], carrier: str, item: str
) -> None:
    server = serve(ALCOVE_PING_S="1", ALCOVE_PONG_S="1")
    async with await RoomClient.join(server, item, name="Ada") as ada:
        bob = await RoomClient.join(server, item, name="Bob")
        await ada.wait_for("presence", count=2)
        stop_reading(bob.socket)
        await ada.wait_for("presence", count=1)
        resume_reading(bob.socket)

        # On the carrier `asgi`, uvicorn implements the WebSockets: it sends the pings, and closes with 1011.
        assert await bob.wait_for_close() == {"asgi": 1011}.get(carrier, 4408)


async def test_c_disconnect_within_a_frame_does_not_affect_others(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item, name="Ada") as ada:
        for length in range(1, 40):
            bob = await RoomClient.join(server, item, name="Bob")
            frame = struct.pack("!BBH", 0x81, 0x80 | 126, 1000) + b"\0\0\0\0" + b"x" * 1000
            bob.socket.transport.write(frame[:length])
            await abort(bob.socket)
        await ada.send_messages("still here")
        await ada.wait_for("presence", count=1)
