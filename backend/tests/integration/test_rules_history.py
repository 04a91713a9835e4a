"""Test history and resuming after a disconnect (R)."""

from collections.abc import Sequence

import pytest

from tests.support.clients import abort, fall_silent, read_again
from tests.support.http import http
from tests.support.room_client import Line, RoomClient, whole_log
from tests.support.servers import Server


async def fill(server: Server, item: str, bodies: Sequence[object]) -> str:
    """Send `count` messages, and return the log's id."""
    async with await RoomClient.join(server, item, tail=0, name="Scribe") as scribe:
        for start in range(0, len(bodies), 50):
            await scribe.say(*bodies[start : start + 50])
        return str(scribe.hello["log"])


def seqs(entries: Sequence[Line]) -> list[int]:
    return [entry["seq"] for entry in entries]


@pytest.mark.parametrize(("tail", "first"), [(None, 71), (0, 121), (1, 120), (100, 21), (500, 1)])
async def test_r1_the_last_entries_in_order_then_live(hasty: Server, item: str, tail: int | None, first: int) -> None:
    await fill(hasty, item, range(1, 121))
    async with await RoomClient.join(hasty, item, tail=tail) as room:
        await room.say("live")
        await room.until_seq(121)

        assert room.bodies == [*range(first, 121), "live"]


@pytest.mark.parametrize("after", [0, 1, 599, 1100, 1199, 1200])
async def test_r2_every_entry_after_the_cursor_however_many(hasty: Server, item: str, after: int) -> None:
    await fill(hasty, item, range(1, 1201))
    async with await RoomClient.join(hasty, item, after=after) as room:
        await room.say("live")
        await room.until_seq(1201)

        assert seqs(room.entries) == [*range(after + 1, 1202)]
        assert [line for line in room.heard if line["type"] == "gap"] == []
        assert False is room.hello["reset"]


async def test_r2_r3_what_is_sent_while_one_catches_up_follows_in_order(hasty: Server, item: str) -> None:
    await fill(hasty, item, ["x" * 1000] * 1000)
    async with (
        await RoomClient.join(hasty, item, tail=0, name="Ada") as ada,
        await RoomClient.open(hasty, item, after=0, receive_buffer=4096) as late,
    ):
        for number in range(100):
            await ada.say(number)
        await late.until_seq(1100)

    assert seqs(late.entries) == [*range(1, 1101)]
    assert late.bodies[1000:] == [*range(100)]


async def test_r2_a_cut_connection_resumes_where_it_was(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item, name="Ada") as ada:
        bob = await RoomClient.join(server, item, name="Bob")
        await ada.say("one", "two")
        await bob.until_seq(2)
        await abort(bob.socket)
        await ada.say("three", "four")
        async with await RoomClient.join(server, item, name="Bob", after=2, log=bob.hello["log"]) as back:
            await ada.say("five")
            await back.until_seq(5)

    assert back.bodies == ["three", "four", "five"]
    assert seqs(bob.entries) + seqs(back.entries) == [*range(1, 6)]


@pytest.mark.parametrize("after", [0, 5, 19])
async def test_r3_r4_pruned_history_is_announced_as_a_gap(brief: Server, item: str, after: int) -> None:
    await fill(brief, item, range(1, 31))
    async with await RoomClient.join(brief, item, after=after) as room:
        await room.until_seq(30)

        assert room.heard[1] == {"type": "gap", "from": after + 1, "to": 20}
        assert seqs(room.entries) == [*range(21, 31)]
        assert (room.hello["oldest"], room.hello["head"], room.hello["reset"]) == (21, 30, False)


@pytest.mark.parametrize("after", [20, 25, 30])
async def test_r4_where_nothing_after_the_cursor_is_gone_there_is_no_gap(brief: Server, item: str, after: int) -> None:
    await fill(brief, item, range(1, 31))
    async with await RoomClient.join(brief, item, after=after) as room:
        await room.say(31)
        await room.until_seq(31)

        assert room.bodies == [*range(after + 1, 32)]
        assert [line for line in room.heard if line["type"] == "gap"] == []


async def test_r1_r4_whoever_asks_for_the_last_entries_gets_those_that_are_kept(brief: Server, item: str) -> None:
    await fill(brief, item, range(1, 31))
    async with await RoomClient.join(brief, item, tail=500) as room:
        await room.until_seq(30)

        assert room.bodies == [*range(21, 31)]
        assert [line for line in room.heard if line["type"] == "gap"] == []


async def test_r3_r4_a_reader_whom_retention_overtakes_is_told(brief: Server, item: str) -> None:
    slow = await RoomClient.open(brief, item, after=0, receive_buffer=4096, name="Slow")
    body = "x" * 60_000
    async with slow, await RoomClient.join(brief, item, tail=0, name="Ada") as ada:
        fall_silent(slow.socket)
        for _ in range(150):
            await ada.say(body)
        read_again(slow.socket)
        await slow.until_seq(150)
        gaps = [line for line in slow.heard if line["type"] == "gap"]

    assert gaps, "so much fits into no buffer"
    missed = sum(gap["to"] - gap["from"] + 1 for gap in gaps)
    assert missed + len(slow.entries) == 150


@pytest.mark.parametrize(
    "query", [{"after": 1, "log": "another"}, {"log": "another"}, {"after": 61}, {"after": 2**53 - 1}]
)
async def test_r5_a_foreign_log_or_an_after_beyond_the_head_is_a_reset(
    hasty: Server, item: str, query: dict[str, object]
) -> None:
    await fill(hasty, item, range(1, 61))
    async with await RoomClient.join(hasty, item, **query) as room:
        await room.until_seq(60)

        assert True is room.hello["reset"]
        assert seqs(room.entries) == [*range(11, 61)], "as without `after` (R1)"


async def test_r5_the_rooms_own_log_is_no_reset(hasty: Server, item: str) -> None:
    log = await fill(hasty, item, range(1, 61))
    async with await RoomClient.join(hasty, item, after=60, log=log) as room:
        assert False is room.hello["reset"]
        assert [line for line in await room.settle() if line["type"] == "entry"] == []


async def test_r5_an_after_of_a_room_that_is_empty_is_a_reset(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item, after=1) as room:
        assert (room.hello["reset"], room.hello["head"]) == (True, 0)
        assert await room.say("x") == [1]
        await room.until_seq(1)


async def test_r6_the_head_at_the_join_is_what_one_has_when_caught_up(hasty: Server, item: str) -> None:
    await fill(hasty, item, range(1, 701))
    async with await RoomClient.join(hasty, item, after=0, tail=1) as room:
        assert room.hello["head"] == 700
        await room.until_seq(700)
        assert [line for line in await room.settle() if line["type"] == "entry"] == []
        async with http(hasty) as client:
            assert await whole_log(client, item) == room.entries
