"""Test lines and frames: valid ones, malformed ones, and times (F)."""

import time

import pytest

from tests.support.http import http
from tests.support.room_client import RoomClient, read_log, send
from tests.support.servers import Server

MALFORMED_LINES = {
    "not json": "hello",
    "half": '{"type":"send"',
    "list": "[]",
    "null": "null",
    "number": "1",
    "no type": "{}",
    "unknown type": '{"type":"sing"}',
    "server's type": '{"type":"entry","seq":1}',
    "type not a string": '{"type":1}',
    "send without id": '{"type":"send","body":"x"}',
    "send without body": '{"type":"send","id":"a"}',
    "id not a string": '{"type":"send","id":1,"body":"x"}',
    "target not a seq": '{"type":"edit","id":"a","target":"1","body":"x"}',
    "negative seq": '{"type":"read","seq":-1}',
    "seq too large": '{"type":"read","seq":9007199254740992}',
    "broken body": '{"type":"send","id":"a","body":{"a":}}',
    "number too large": '{"type":"send","id":"a","body":{"a":[1e999]}}',
    "number too long": '{"type":"edit","id":"a","target":1,"body":' + "9" * 5000 + "}",
    "two on a line": '{"type":"ping"}{"type":"ping"}',
    "deep": '{"type":"send","id":"a","body":' + "[" * 20_000 + "}",
    "lone surrogate": '{"type":"send","id":"\\ud800","body":"x"}',
    "nul": "\0",
}


async def test_f1_frame_may_hold_several_lines(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item) as room:
        assert await room.send_messages("one", "two", "three") == [1, 2, 3]
        assert room.bodies == ["one", "two", "three"]


@pytest.mark.parametrize("blank", ["", "\n", "\n\n", "\r\n", " \t\r\n\n", "\r"])
async def test_f1_blank_lines_are_ignored(server: Server, item: str, blank: str) -> None:
    async with await RoomClient.join(server, item) as room:
        await room.socket.send(blank)

        assert [line for line in await room.lines_until_pong() if line["type"] == "error"] == []


async def test_f1_trailing_return_is_ignored(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item) as room:
        await room.socket.send('{"type":"send","id":"a","body":"x"}\r\n{"type":"ping"}\r\n\r\n')
        await room.wait_for("pong")

        assert (await room.wait_for_outcome("a"))["seq"] == 1


async def test_f1_invalid_line_does_not_affect_the_lines_around_it(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item) as room:
        await room.socket.send(
            '{"type":"send","id":"a","body":1}\nnonsense\n{"type":"send","id":"","body":2}\n'
            '{"type":"send","id":"c","body":3}'
        )
        await room.wait_for_outcome("a")
        await room.wait_for_outcome("c")

        errors = [line for line in room.received if line["type"] == "error"]
        assert [(line["code"], line.get("id")) for line in errors] == [("invalid", None)] * 2
        assert room.bodies == [1, 3]


async def test_f1_pending_lines_are_sent_in_one_frame(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item) as room:
        await room.send_messages(*range(20))
    async with await RoomClient.open(server, item, tail=20) as newcomer:
        await newcomer.read_line()
        await newcomer.read_line()
        assert len(newcomer.unread_lines) == 19, "expected all twenty entries in one frame"


async def test_f1_line_ends_inside_a_body_are_kept(server: Server, item: str) -> None:
    bodies = ["a\nb", "a\r\nb\u2028c\u2029", {"k\n": ["\n"]}, "\x85\x0b\x0c\x1c"]
    async with await RoomClient.join(server, item) as room:
        await room.send_messages(*bodies)
        assert room.bodies == bodies


async def test_f2_unknown_fields_are_ignored(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item) as room:
        ack = await room.request({**send("x"), "seq": 17, "by": {"id": "eve"}, "at": 0, "extra": [1]})
        await room.wait_for_seq(1)

        assert ack["seq"] == 1
        assert room.entries[0]["by"]["id"] == room.member_id


@pytest.mark.parametrize("line", MALFORMED_LINES.values(), ids=MALFORMED_LINES.keys())
async def test_f2_malformed_line_is_invalid_and_changes_nothing(server: Server, item: str, line: str) -> None:
    async with await RoomClient.join(server, item) as room:
        await room.socket.send(line)
        error = await room.wait_for("error")

        assert error["code"] == "invalid"
        assert error["message"]
        assert await room.send_messages("still here") == [1]


async def test_f2_c_4400_ten_invalid_lines_in_a_row_close_the_connection(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item) as room:
        for _ in range(9):
            await room.send_lines({"type": "sing"})
        await room.lines_until_pong()
        for _ in range(10):
            await room.send_lines({"type": "sing"})

        assert await room.wait_for_close() == 4400
        assert sum(line["type"] == "error" for line in room.received) == 19


async def test_f2_lines_after_the_tenth_invalid_line_of_a_frame_are_ignored(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item) as room:
        await room.send_lines(*[{"type": "sing"}] * 10, send("too late"))

        assert await room.wait_for_close() == 4400
        assert sum(line["type"] == "error" for line in room.received) == 10
    async with http(server) as client:
        assert await read_log(client, item) == []


async def test_f3_times_are_server_milliseconds_and_never_decrease(server: Server, item: str) -> None:
    before = time.time_ns() // 1_000_000
    async with (
        await RoomClient.join(server, item, name="Ada") as ada,
        await RoomClient.join(server, item, name="Bob") as bob,
    ):
        for _ in range(10):
            await ada.send_messages("x")
            await bob.send_messages("y")
        entries = await ada.wait_for_seq(20)
    after = time.time_ns() // 1_000_000

    times = [entry["at"] for entry in entries]
    assert all(isinstance(at, int) for at in times)
    assert sorted(times) == times
    assert before <= times[0] <= times[-1] <= after
    assert {entry["seq"]: entry["at"] for entry in entries}.items() >= {
        line["seq"]: line["at"] for line in ada.received if line["type"] == "ack"
    }.items()


async def test_f2_ping_is_answered_with_a_pong(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item) as room:
        await room.send_lines({"type": "ping"}, {"type": "ping"})

        await room.wait_for("pong")
        await room.wait_for("pong")


async def test_f2_auth_in_open_mode_is_invalid(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item) as room:
        await room.send_lines({"type": "auth", "token": "t"})

        assert (await room.wait_for("error"))["code"] == "invalid"
