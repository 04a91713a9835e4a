"""Test history and resuming after a disconnect (R)."""

from collections.abc import Sequence

import pytest

from tests.support.clients import abort, resume_reading, stop_reading
from tests.support.http import http
from tests.support.room_client import Line, RoomClient, read_log
from tests.support.servers import Server


async def fill(server: Server, item: str, bodies: Sequence[object]) -> str:
    """Send a message for each body, and return the id of the log."""
    async with await RoomClient.join(server, item, tail=0, name="Scribe") as author:
        for start in range(0, len(bodies), 50):
            await author.send_messages(*bodies[start : start + 50])
        return str(author.hello["log"])


def seqs(entries: Sequence[Line]) -> list[int]:
    """Return the seq of each entry."""
    return [entry["seq"] for entry in entries]


@pytest.mark.parametrize(("tail", "first"), [(None, 71), (0, 121), (1, 120), (100, 21), (500, 1)])
async def test_r1_last_entries_precede_live_entries_in_order(
    unlimited_server: Server, item: str, tail: int | None, first: int
) -> None:
    await fill(unlimited_server, item, range(1, 121))
    async with await RoomClient.join(unlimited_server, item, tail=tail) as room:
        await room.send_messages("live")
        await room.wait_for_seq(121)

        assert room.bodies == [*range(first, 121), "live"]


@pytest.mark.parametrize("after", [0, 1, 599, 1100, 1199, 1200])
async def test_r2_every_entry_after_the_cursor_is_sent(unlimited_server: Server, item: str, after: int) -> None:
    await fill(unlimited_server, item, range(1, 1201))
    async with await RoomClient.join(unlimited_server, item, after=after) as room:
        await room.send_messages("live")
        await room.wait_for_seq(1201)

        assert seqs(room.entries) == [*range(after + 1, 1202)]
        assert [line for line in room.received if line["type"] == "gap"] == []
        assert room.hello["reset"] is False


async def test_r2_r3_entries_sent_during_catch_up_follow_in_order(unlimited_server: Server, item: str) -> None:
    await fill(unlimited_server, item, ["x" * 1000] * 1000)
    async with (
        await RoomClient.join(unlimited_server, item, tail=0, name="Ada") as ada,
        await RoomClient.open(unlimited_server, item, after=0, receive_buffer=4096) as newcomer,
    ):
        for number in range(100):
            await ada.send_messages(number)
        await newcomer.wait_for_seq(1100)

    assert seqs(newcomer.entries) == [*range(1, 1101)]
    assert newcomer.bodies[1000:] == [*range(100)]


async def test_r2_reconnected_client_resumes_after_its_last_entry(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item, name="Ada") as ada:
        bob = await RoomClient.join(server, item, name="Bob")
        await ada.send_messages("one", "two")
        await bob.wait_for_seq(2)
        await abort(bob.socket)
        await ada.send_messages("three", "four")
        async with await RoomClient.join(server, item, name="Bob", after=2, log=bob.hello["log"]) as rejoined:
            await ada.send_messages("five")
            await rejoined.wait_for_seq(5)

    assert rejoined.bodies == ["three", "four", "five"]
    assert seqs(bob.entries) + seqs(rejoined.entries) == [*range(1, 6)]


@pytest.mark.parametrize("after", [0, 5, 19])
async def test_r3_r4_pruned_history_is_announced_as_a_gap(
    short_retention_server: Server, item: str, after: int
) -> None:
    await fill(short_retention_server, item, range(1, 31))
    async with await RoomClient.join(short_retention_server, item, after=after) as room:
        await room.wait_for_seq(30)

        assert room.received[1] == {"type": "gap", "from": after + 1, "to": 20}
        assert seqs(room.entries) == [*range(21, 31)]
        assert (room.hello["oldest"], room.hello["head"], room.hello["reset"]) == (21, 30, False)


@pytest.mark.parametrize("after", [20, 25, 30])
async def test_r4_no_gap_is_sent_if_nothing_after_the_cursor_was_removed(
    short_retention_server: Server, item: str, after: int
) -> None:
    await fill(short_retention_server, item, range(1, 31))
    async with await RoomClient.join(short_retention_server, item, after=after) as room:
        await room.send_messages(31)
        await room.wait_for_seq(31)

        assert room.bodies == [*range(after + 1, 32)]
        assert [line for line in room.received if line["type"] == "gap"] == []


async def test_r1_r4_tail_contains_the_kept_entries_without_a_gap(short_retention_server: Server, item: str) -> None:
    await fill(short_retention_server, item, range(1, 31))
    async with await RoomClient.join(short_retention_server, item, tail=500) as room:
        await room.wait_for_seq(30)

        assert room.bodies == [*range(21, 31)]
        assert [line for line in room.received if line["type"] == "gap"] == []


async def test_r3_r4_reader_overtaken_by_retention_gets_a_gap(short_retention_server: Server, item: str) -> None:
    slow = await RoomClient.open(short_retention_server, item, after=0, receive_buffer=4096, name="Slow")
    body = "x" * 60_000
    async with slow, await RoomClient.join(short_retention_server, item, tail=0, name="Ada") as ada:
        stop_reading(slow.socket)
        for _ in range(150):
            await ada.send_messages(body)
        resume_reading(slow.socket)
        await slow.wait_for_seq(150)
        gaps = [line for line in slow.received if line["type"] == "gap"]

    assert gaps, "expected a gap, because no buffer holds so many entries"
    missed = sum(gap["to"] - gap["from"] + 1 for gap in gaps)
    assert missed + len(slow.entries) == 150


@pytest.mark.parametrize(
    "query", [{"after": 1, "log": "another"}, {"log": "another"}, {"after": 61}, {"after": 2**53 - 1}]
)
async def test_r5_foreign_log_or_after_beyond_the_head_causes_a_reset(
    unlimited_server: Server, item: str, query: dict[str, object]
) -> None:
    await fill(unlimited_server, item, range(1, 61))
    async with await RoomClient.join(unlimited_server, item, **query) as room:
        await room.wait_for_seq(60)

        assert room.hello["reset"] is True
        assert seqs(room.entries) == [*range(11, 61)], "as without `after` (R1)"


async def test_r5_current_log_id_causes_no_reset(unlimited_server: Server, item: str) -> None:
    log = await fill(unlimited_server, item, range(1, 61))
    async with await RoomClient.join(unlimited_server, item, after=60, log=log) as room:
        assert room.hello["reset"] is False
        assert [line for line in await room.lines_until_pong() if line["type"] == "entry"] == []


async def test_r5_after_in_an_empty_room_causes_a_reset(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item, after=1) as room:
        assert (room.hello["reset"], room.hello["head"]) == (True, 0)
        assert await room.send_messages("x") == [1]
        await room.wait_for_seq(1)


async def test_r6_client_has_caught_up_at_the_head_in_hello(unlimited_server: Server, item: str) -> None:
    await fill(unlimited_server, item, range(1, 701))
    async with await RoomClient.join(unlimited_server, item, after=0, tail=1) as room:
        assert room.hello["head"] == 700
        await room.wait_for_seq(700)
        assert [line for line in await room.lines_until_pong() if line["type"] == "entry"] == []
        async with http(unlimited_server) as client:
            assert await read_log(client, item) == room.entries
