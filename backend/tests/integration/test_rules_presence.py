"""Test presence, typing and read marks (P)."""

import asyncio
from collections.abc import Callable
from itertools import pairwise

from alcove.settings import Settings
from tests.support.clients import abort, pause_briefly, stop_reading
from tests.support.room_client import Line, RoomClient
from tests.support.servers import Server


def joined_names(line: Line) -> set[str]:
    """Return the names of the members who joined, in a presence line."""
    return {person["name"] for person in line["joined"]}


async def test_p1_hello_names_up_to_100_members_and_counts_all(unlimited_server: Server, item: str) -> None:
    rooms = await asyncio.gather(*(RoomClient.join(unlimited_server, item, name=f"M{number}") for number in range(105)))
    async with await RoomClient.join(unlimited_server, item, name="Last") as last:
        assert last.hello["count"] == 106
        assert len({member["id"] for member in last.hello["members"]}) == 100
    for room in rooms:
        await abort(room.socket)


async def test_p1_member_with_several_connections_counts_once(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item, name="Bob") as bob:
        first = await RoomClient.join(server, item, name="Ada")
        second = await RoomClient.join(server, item, name="Ada")
        assert second.hello["count"] == 2
        assert len(second.hello["members"]) == 2
        assert "Ada" in joined_names(await bob.wait_for("presence", count=2))
        await first.socket.close()
        await second.send_messages("still here")
        await second.socket.close()
        presence = await bob.wait_for("presence")

    assert (presence["joined"], presence["left"], presence["count"]) == ([], [second.member_id], 1)


async def test_p2_changes_are_collected_for_250_ms(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item, name="Watcher") as watcher:
        loop = asyncio.get_running_loop()
        start = loop.time()
        count = 1
        rooms = [await RoomClient.join(server, item, name=f"M{number}") for number in range(60)]
        while count < 61:
            count = (await watcher.wait_for("presence"))["count"]
        for room in rooms:
            await abort(room.socket)
        while count > 1:
            count = (await watcher.wait_for("presence"))["count"]
        elapsed_s = loop.time() - start
        presence_lines = [line for line in watcher.received if line["type"] == "presence"]

    assert set().union(*map(joined_names, presence_lines)) - {"Watcher"} == {f"M{number}" for number in range(60)}
    assert {room.member_id for room in rooms} == {member for line in presence_lines for member in line["left"]}
    # At most the line about the watcher, and one for each 250 ms; timers may fire a little early.
    assert len(presence_lines) <= 2 + elapsed_s / 0.24


async def test_p3_member_leaves_when_the_connection_dies_without_a_close(
    serve: Callable[..., Server], item: str
) -> None:
    short_ping_server = serve(ALCOVE_PING_S="1", ALCOVE_PONG_S="1")
    async with await RoomClient.join(short_ping_server, item, name="Watcher") as watcher:
        reset = await RoomClient.join(short_ping_server, item, name="Reset")
        silent = await RoomClient.join(short_ping_server, item, name="Silent")
        await watcher.wait_for("presence", count=3)
        await abort(reset.socket)
        assert (await watcher.wait_for("presence"))["left"] == [reset.member_id]
        stop_reading(silent.socket)
        assert (await watcher.wait_for("presence", count=1))["left"] == [silent.member_id]
        silent.socket.transport.abort()


def test_p3_defaults_detect_a_dead_connection_within_45_s() -> None:
    fields = Settings.model_fields

    assert fields["ping_s"].default + fields["pong_s"].default < 45


async def test_p4_typing_reaches_the_others_and_never_its_author(server: Server, item: str) -> None:
    async with (
        await RoomClient.join(server, item, name="Ada") as ada,
        await RoomClient.join(server, item, name="Ada") as second,
        await RoomClient.join(server, item, name="Bob") as bob,
    ):
        await ada.send_lines({"type": "typing"})
        typing = await bob.wait_for("typing")
        await bob.send_lines({"type": "typing"})
        await ada.wait_for("typing")
        await second.wait_for("typing")
        await bob.lines_until_pong()

    assert typing["by"] == {"id": ada.member_id, "name": "Ada"}
    assert [line["by"]["id"] for line in ada.received if line["type"] == "typing"] == [bob.member_id]
    assert [line["by"]["id"] for line in second.received if line["type"] == "typing"] == [bob.member_id]
    assert [line["by"]["id"] for line in bob.received if line["type"] == "typing"] == [ada.member_id]


async def test_p4_typing_is_passed_on_at_most_every_2_s_and_never_stored(server: Server, item: str) -> None:
    loop = asyncio.get_running_loop()
    async with (
        await RoomClient.join(server, item, name="Ada") as ada,
        await RoomClient.join(server, item, name="Bob") as bob,
    ):
        times: list[float] = []
        while len(times) < 2:
            await ada.send_lines({"type": "typing"})
            await ada.lines_until_pong()
            if any(line["type"] == "typing" for line in await bob.lines_until_pong()):
                times.append(loop.time())
            await pause_briefly()
        async with await RoomClient.join(server, item, after=0) as later:
            assert later.hello["head"] == 0

    # One notice may have waited for the 250 ms in which notices are collected, and the next one not.
    assert all(later - earlier > 1.7 for earlier, later in pairwise(times))


async def test_p5_mark_moves_only_forward_is_stored_and_sent_to_members(server: Server, item: str) -> None:
    async with (
        await RoomClient.join(server, item, name="Ada") as ada,
        await RoomClient.join(server, item, name="Bob") as bob,
    ):
        await ada.send_messages(*range(10))
        await bob.send_lines({"type": "read", "seq": 5})
        assert ((mark := await ada.wait_for("read"))["by"], mark["seq"]) == (bob.member_id, 5)
        await bob.send_lines({"type": "read", "seq": 3}, {"type": "read", "seq": 7}, {"type": "read", "seq": 6})
        await ada.wait_for("read", by=bob.member_id, seq=7)
        await bob.wait_for("read", by=bob.member_id, seq=7)
    async with await RoomClient.join(server, item) as later:
        assert later.hello["reads"] == {bob.member_id: 7}

    assert [line["seq"] for line in ada.received if line["type"] == "read"] == [5, 7]


async def test_p5_mark_beyond_the_head_counts_as_the_head(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item) as room:
        await room.send_messages("one", "two")
        await room.send_lines({"type": "read", "seq": 2**53 - 1})
        assert (await room.wait_for("read"))["seq"] == 2
        assert await room.send_messages("three") == [3]
    async with await RoomClient.join(server, item) as room:
        assert room.hello["reads"] == {room.member_id: 2}


async def test_p5_marks_are_sent_at_most_every_250_ms(server: Server, item: str) -> None:
    loop = asyncio.get_running_loop()
    async with await RoomClient.join(server, item) as room:
        await room.send_messages(*range(60))
        start = loop.time()
        for seq in range(1, 61):
            await room.send_lines({"type": "read", "seq": seq})
            await room.lines_until_pong()
        await room.wait_for("read", seq=60)
        elapsed_s = loop.time() - start

    assert sum(line["type"] == "read" for line in room.received) <= 2 + elapsed_s / 0.2


async def test_p5_last_mark_is_stored_when_the_last_member_leaves(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item) as room:
        await room.send_messages("one")
        await room.send_lines({"type": "read", "seq": 1})
        await room.lines_until_pong()
    async with await RoomClient.join(server, item) as room:
        member_id = room.member_id
        if room.hello["reads"] != {member_id: 1}:
            await room.wait_for("read", by=member_id, seq=1)
