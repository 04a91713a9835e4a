"""Test that a server answers arbitrary input, stores only acknowledged sends, and keeps running (F2, S6)."""

import asyncio
import json
from itertools import count

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec import UNSET
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from alcove.protocol import Ack, Entry, Error, Hello, ServerLine
from tests.support.clients import TIMEOUT_S
from tests.support.fake_connection import server_lines
from tests.support.http import http
from tests.support.json_strategies import any_json, client_lines
from tests.support.room_client import RoomClient, read_log
from tests.support.servers import Server
from tests.support.storm import example_count

#: Close codes for invalid input (C).
CLOSE_CODES = {1003, 1007, 1009, 4400}
#: Few examples, because each opens a connection; the unit test of sessions has more.
few_examples = settings(
    max_examples=example_count(25),
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
room_numbers = count(1)
any_frames = st.lists(
    st.lists(client_lines, max_size=6).map("\n".join) | st.text() | any_json.map(json.dumps) | st.binary(max_size=200),
    max_size=8,
)


async def converse(client: ClientConnection, frames: list[str | bytes]) -> tuple[list[ServerLine], int | None]:
    """Send all frames and disconnect; return the lines received, and the close code if the server closed first."""
    received: list[ServerLine] = []
    answered = False
    try:
        for frame in frames:
            await client.send(frame)
        await client.send('{"type":"send","id":"the last","body":null}')
        while not answered:
            async with asyncio.timeout(TIMEOUT_S):
                frame = await client.recv()
            assert isinstance(frame, str)
            lines = [server_lines.decode(line) for line in frame.split("\n")]
            answered = any(isinstance(line, Ack | Error) and line.id == "the last" for line in lines)
            received += lines
    except ConnectionClosed:
        return received, client.close_code
    return received, None


@few_examples
@given(frames=any_frames)
async def test_f2_s6_arbitrary_frames_store_only_acknowledged_sends(
    unlimited_server: Server, frames: list[str | bytes]
) -> None:
    item = f"hostile-{next(room_numbers)}"
    async with await RoomClient.open(unlimited_server, item) as room:
        received, code = await converse(room.socket, frames)
    async with http(unlimited_server) as client:
        stored_entries = await read_log(client, item)

    assert isinstance(received[0], Hello)
    assert code in {None, *CLOSE_CODES}
    acked = {line.seq: line.id for line in received if isinstance(line, Ack)}
    assert all(acked[line.seq] == line.id for line in received if isinstance(line, Ack))
    stored = {entry["seq"]: entry["id"] for entry in stored_entries}
    assert acked.items() <= stored.items()
    if code is None:
        assert acked == stored
    for line in received:
        if isinstance(line, Entry) and line.body is not UNSET:
            msgspec.json.decode(line.body)


@few_examples
@given(data=st.binary(max_size=300))
async def test_c_1007_text_frame_closes_the_connection_if_it_is_not_utf8(unchecked_server: Server, data: bytes) -> None:
    async with await RoomClient.open(unchecked_server, "hostile-text") as room:
        await room.socket.send(data, text=True)
        received, code = await converse(room.socket, [])

    assert code in {None, 1007}
    assert (code == 1007) == (not _is_utf8(data))
    assert all(isinstance(line, ServerLine) for line in received)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize(
    "frame",
    [
        "[" * 1_000_000,
        '{"type":"send","id":"deep","body":' + "[" * 400_000 + "]" * 400_000 + "}",
        '{"a":' * 150_000 + "1" + "}" * 150_000,
        '{"type":"send","id":"big","body":' + "9" * 60_000 + "}",
        '{"type":"send","id":"big","body":1e' + "9" * 60_000 + "}",
        '"' + "\\u0000" * 150_000 + '"',
        "\n" * 1_000_000,
        '{"type":"ping"}\n' * 60_000,
        "{}\n" * 300_000,
    ],
    ids=[
        "brackets",
        "deep body",
        "deep object",
        "long number",
        "long exponent",
        "escapes",
        "blank",
        "pings",
        "bad lines",
    ],
)
async def test_f2_malicious_frame_does_not_stop_the_server(unlimited_server: Server, frame: str) -> None:
    item = f"hostile-{next(room_numbers)}"
    async with await RoomClient.open(unlimited_server, item) as room:
        received, code = await converse(room.socket, [frame])
    assert isinstance(received[0], Hello)
    assert code in {None, 4400}

    # Python cannot parse numbers that long, so the stored entries are not read back here.
    async with await RoomClient.join(unlimited_server, item, tail=0) as next_room:
        await next_room.send_messages("still here")
