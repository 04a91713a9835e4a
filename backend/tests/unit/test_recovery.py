"""Test that readers get every entry once and in order, whichever messages were lost (X2)."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from alcove.limits import Retention
from alcove.protocol import Entry, Gap
from alcove.storage.base import Draft
from tests.support.memory_rooms import ADA, BOB, Reader
from tests.support.recovery import RecoveringProcess
from tests.support.storm import example_count
from tests.support.turns import run_turns
from tests.support.virtual_time import elapse, virtual_time

#: The time that a missing entry has to arrive before the log is read, in seconds; and a time shortly before.
GRACE_S = 0.02
BEFORE_S = 0.019


@virtual_time
async def test_x2_entries_in_order_reach_readers_at_once() -> None:
    process = RecoveringProcess()
    process.recovery.deliver("foo", process.storage.write("a", "b"), 1)
    process.recovery.deliver("foo", process.storage.write("c"), 1)

    assert process.reader.seqs == [1, 2, 3]


@virtual_time
async def test_x2_entries_out_of_order_wait_without_a_query() -> None:
    process = RecoveringProcess()
    first, second, third = process.storage.write("a", "b", "c")
    process.recovery.deliver("foo", [third], 1)
    process.recovery.deliver("foo", [second], 1)
    await elapse(BEFORE_S)
    assert (process.reader.seqs, process.pending_call_count) == ([], 0)

    process.recovery.deliver("foo", [first], 1)
    assert process.reader.seqs == [1, 2, 3]
    await elapse(1)
    assert process.pending_call_count == 0


@virtual_time
async def test_x2_entries_missing_for_20_ms_are_read_from_the_log() -> None:
    process = RecoveringProcess()
    process.recovery.deliver("foo", process.storage.write("a", "b", "c")[2:], 1)
    await elapse(GRACE_S)
    assert (process.reader.seqs, process.pending_call_count) == ([], 1)

    await process.storage.run_calls()
    assert process.reader.seqs == [1, 2, 3]
    await elapse(1)
    assert process.pending_call_count == 0


@virtual_time
async def test_x2_one_query_fills_the_gap_for_all_readers() -> None:
    process = RecoveringProcess()
    other_readers = [Reader(process.room, BOB) for _ in range(5)]
    written = process.storage.write("a", "b", "c", "d")
    process.recovery.deliver("foo", written[1:2], 1)
    process.recovery.deliver("foo", written[3:], 1)
    process.recovery.note_head("foo", 4)
    await elapse(GRACE_S)
    assert process.pending_call_count == 1

    await process.storage.run_calls()
    assert all(reader.seqs == [1, 2, 3, 4] for reader in [process.reader, *other_readers])


@virtual_time
async def test_x2_entries_up_to_a_published_head_are_read_at_once() -> None:
    process = RecoveringProcess()
    process.storage.write("a", "b")
    process.recovery.note_head("foo", 2)
    await run_turns()
    assert process.pending_call_count == 1

    await process.storage.run_calls()
    assert process.reader.seqs == [1, 2]


@virtual_time
async def test_x2_a_known_head_needs_no_query() -> None:
    process = RecoveringProcess()
    process.recovery.deliver("foo", process.storage.write("a", "b"), 1)
    process.recovery.note_head("foo", 2)
    process.recovery.note_head("foo", 1)
    await elapse(1)

    assert (process.reader.seqs, process.pending_call_count) == ([1, 2], 0)


@virtual_time
async def test_r3_repeated_entries_are_delivered_once() -> None:
    process = RecoveringProcess()
    written = process.storage.write("a", "b", "c")
    process.recovery.deliver("foo", written[1:], 1)
    await elapse(GRACE_S)
    await process.storage.run_calls()
    process.recovery.deliver("foo", written, 1)
    process.recovery.deliver("foo", written[2:], 1)
    await elapse(1)

    assert (process.reader.seqs, process.pending_call_count) == ([1, 2, 3], 0)


@virtual_time
async def test_s9_a_message_deleted_in_a_gap_is_sent_without_its_body() -> None:
    process = RecoveringProcess()
    (message,) = process.storage.write("a")
    process.storage.log.store.append([Draft("foo", "delete", "d", ADA, 0, target=1)], lambda: None)
    process.recovery.deliver("foo", process.storage.page(after=1), 1)
    process.recovery.deliver("foo", [message], 1)

    delivered = [line for line in process.reader.socket.lines if isinstance(line, Entry)]
    assert [(line.seq, line.kind) for line in delivered] == [(1, "message"), (2, "delete")]
    assert UNSET is delivered[0].body


@virtual_time
async def test_x1_only_the_head_of_a_room_not_in_memory_is_recorded() -> None:
    process = RecoveringProcess()
    process.recovery.deliver("bar", process.storage.write("a", "b", item="bar"), 1)
    process.recovery.note_head("bar", 7)
    await elapse(1)

    assert (process.rooms.extended, process.pending_call_count) == ([("bar", 2), ("bar", 7)], 0)


@virtual_time
async def test_d2_readers_of_a_room_far_behind_read_the_log_themselves() -> None:
    """Thousands of entries are not read for the room, because each reader fetches them at its own pace."""
    process = RecoveringProcess()
    process.storage.write(*(str(n) for n in range(2500)))
    process.recovery.note_head("foo", 2500)
    await run_turns()
    assert process.room.head == 2500

    await process.storage.run_calls()
    assert process.reader.seqs == list(range(1, 2501))


@virtual_time
async def test_r4_missed_entries_removed_by_retention_become_a_gap() -> None:
    process = RecoveringProcess(retention=Retention(entries=2))
    for name in "abcde":
        process.storage.write(name)
    process.recovery.note_head("foo", 5)
    await process.storage.run_calls()

    assert [line for line in process.reader.socket.lines if isinstance(line, Gap)] == [Gap(1, 3)]
    assert process.reader.seqs == [4, 5]


@virtual_time
async def test_x2_a_room_closed_during_the_read_of_its_gap_gets_nothing() -> None:
    process = RecoveringProcess()
    process.storage.write("a", "b")
    process.recovery.note_head("foo", 2)
    await run_turns()
    process.reader.leave()
    del process.storage.rooms["foo"]
    process.recovery.forget("foo")
    process.storage.write("c")
    reopened = Reader(process.storage.room(), after=3)
    await process.storage.run_calls()

    assert (process.reader.seqs, reopened.seqs) == ([], [])


runs = st.tuples(st.integers(0, 19), st.integers(1, 5))


@settings(max_examples=example_count(40))
@given(
    st.lists(st.tuples(runs, st.sampled_from(["entries", "head", "fault", "wait", "check"])), max_size=20),
    st.sampled_from(["entries", "head", "check"]),
)
@virtual_time
async def test_r3_x2_readers_get_the_whole_log_after_any_losses(
    steps: Sequence[tuple[tuple[int, int], str]], last: str
) -> None:
    """Messages arrive in any order, twice or never; storage fails in between; one hint at the end is enough."""
    process = RecoveringProcess()
    written = process.storage.write(*(str(n) for n in range(20)))
    for (first, length), kind in [*steps, ((19, 1), last)]:
        run = written[first : first + length]
        match kind:
            case "entries":
                process.recovery.deliver("foo", run, 1)
            case "head":
                process.recovery.note_head("foo", run[-1].seq)
            case "check":
                process.recovery.check_heads(["foo"])
            case "fault":
                await process.storage.fail()
            case _:
                await process.storage.run_calls()
                await elapse(GRACE_S)
    for _ in range(3):
        process.recovery.retry()
        await elapse(GRACE_S)
        await process.storage.run_calls()

    assert process.reader.seqs == list(range(1, 21))


@virtual_time
async def test_x2_a_room_without_connections_follows_the_log_too() -> None:
    process = RecoveringProcess()
    process.reader.leave()
    process.recovery.deliver("foo", process.storage.write("a", "b")[1:], 1)
    await elapse(GRACE_S)
    await process.storage.run_calls()

    assert process.room.head == 2
