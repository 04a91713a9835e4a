"""Test the cluster of one process: messages of other processes reach the right room, and no other (X1, X9)."""

import asyncio

import pytest

from alcove.bus.memory import MemoryBus
from alcove.cluster.messages import (
    ALL_PROCESSES,
    ChatLine,
    EntriesStored,
    MemberTyping,
    ProcessEnded,
    ReadMarksMoved,
    decode,
)
from alcove.protocol import ReadMark, TypingNow
from alcove.storage.base import Draft
from tests.support.held_log import HeldLog
from tests.support.memory_rooms import ADA, BOB, Reader, entry, seqs
from tests.support.processes import Process, ProcessHarness, start_processes
from tests.support.turns import run_turns
from tests.support.virtual_time import elapse, virtual_time


@virtual_time
async def test_x1_entries_reach_the_readers_of_all_processes() -> None:
    first, second = await start_processes()
    first_reader, second_reader = Reader(await first.open()), Reader(await second.open())
    first.write("a", "b")
    second.write("c")
    await run_turns()

    assert [1, 2, 3] == first_reader.seqs == second_reader.seqs
    assert first.storage.log.pending_calls == [], "what was published is not read from the log"


@virtual_time
async def test_x1_entries_of_a_room_not_in_memory_are_published_with_lines() -> None:
    first, second = await start_processes()
    reader = Reader(await second.open())
    first.write("a", "b")
    await run_turns()

    assert reader.seqs == [1, 2]
    assert second.storage.log.pending_calls == [], "what was published with its entries is not read from the log"


@virtual_time
async def test_s9_a_message_deleted_in_its_commit_has_no_body() -> None:
    """Other processes get the lines that the room sent, and the room never sends a body that was deleted."""
    first, second = await start_processes()
    await first.open()
    reader = Reader(await second.open())
    first.storage.write("secret")
    first.storage.log.store.append([Draft("foo", "delete", "d", ADA, 0, target=1)], lambda: None)
    # As `append` returned them, before the log erased the body.
    message = entry(1, body="secret")
    (deletion,) = first.storage.page(after=1)
    first.cluster.deliver("foo", [message, deletion], 1, first.storage.log.id)
    await run_turns()

    assert reader.seqs == [1, 2]
    assert b"secret" not in b"".join(data for _, data in first.bus.published)  # type: ignore[attr-defined] # a FakeBus


@virtual_time
async def test_x1_entries_partly_in_the_room_are_all_published() -> None:
    """A room that was opened between a commit and its delivery has read the first entries from the log."""
    first, second = await start_processes()
    written = first.storage.write("a", "b")
    room = await first.open()
    await second.open()
    first.storage.write("c")
    first.cluster.deliver("foo", [*written, *first.storage.page(after=2)], 1, first.storage.log.id)
    ((_, data),) = [(channel, data) for channel, data in first.bus.published if channel == "foo"]  # type: ignore[attr-defined] # a FakeBus

    assert room.head == 3
    assert seqs(decode(data)[1]) == [1, 2, 3]


@virtual_time
async def test_x1_entries_reach_only_their_own_room() -> None:
    first, second = await start_processes()
    foo, bar = Reader(await second.open("foo")), Reader(await second.open("bar"))
    first.write("a", item="foo")
    await run_turns()

    assert (foo.seqs, bar.seqs) == ([1], [])


@virtual_time
async def test_x2_entries_too_large_for_the_bus_are_read_from_the_log() -> None:
    """The bus sends the fallback instead, which has the head but no entries."""
    harness = ProcessHarness()
    reader = await harness.open()
    harness.storage.write("a", "b")
    harness.receive(EntriesStored(2, 1))
    await harness.storage.run_calls()

    assert reader.seqs == [1, 2]


@virtual_time
async def test_x2_entries_of_an_opening_room_are_recorded() -> None:
    harness = ProcessHarness()
    await harness.open()
    harness.bus.subscribe("bar")
    harness.process.rooms.opening.add("bar")
    harness.receive(EntriesStored(2, 1), harness.storage.write("a", "b", item="bar"), channel="bar")
    harness.storage.write("c", item="bar")
    harness.receive(EntriesStored(3, 1), channel="bar")
    await harness.storage.run_calls()

    assert harness.process.rooms.extended == [("bar", 2), ("bar", 3)]


@virtual_time
async def test_p4_typing_is_published_and_not_sent_back() -> None:
    first, second = await start_processes()
    await first.open()
    reader = Reader(await second.open(), BOB)
    first.cluster.publish_activity("foo", [TypingNow(ADA)])
    await elapse(0.25)

    assert reader.typing == ["ada"]
    assert second.storage.published == []


@virtual_time
async def test_p5_stored_marks_are_published_and_not_stored_again() -> None:
    first, second = await start_processes()
    reader = Reader(await second.open(), BOB)
    first.cluster.publish_activity("foo", [ReadMark("ada", 3), ReadMark("bob", 2)])
    await elapse(0.25)

    assert reader.marks == [("ada", 3), ("bob", 2)]
    assert (second.storage.marks, second.storage.published) == ([], [])


@virtual_time
async def test_p4_p5_activity_of_a_room_not_in_memory_is_ignored() -> None:
    harness = ProcessHarness()
    await harness.open()
    harness.bus.subscribe("bar")
    harness.receive(MemberTyping("ada", "Ada"), channel="bar")
    harness.receive(ReadMarksMoved({"ada": 1}), channel="bar")
    await elapse(1)

    assert (set(harness.storage.rooms), harness.process.rooms.extended) == ({"foo"}, [])


@virtual_time
async def test_p1_members_of_all_processes_are_counted() -> None:
    first, second = await start_processes()
    room = await first.open()
    await second.open()
    second.cluster.count_connection("foo", ADA, 1)
    second.cluster.count_connection("foo", ADA, 1)
    await elapse(0.1)
    assert (len(room.presence), room.presence.connections("ada")) == (1, 2)

    second.cluster.count_connection("foo", ADA, -2)
    await elapse(0.1)
    assert len(room.presence) == 0


@virtual_time
async def test_p1_a_new_room_knows_the_members_of_other_processes() -> None:
    first, second = await start_processes()
    await first.open()
    first.cluster.count_connection("foo", ADA, 1)
    await elapse(0.1)

    assert (await second.open()).presence.connections("ada") == 1


@virtual_time
async def test_t5_subscribing_a_handler_after_the_start_raises() -> None:
    (process,) = await start_processes(1)

    with pytest.raises(RuntimeError, match="before the cluster is started"):
        process.cluster.subscribe("!chat", lambda _: None)


@virtual_time
async def test_x6_a_single_process_publishes_nothing_and_opens_at_once() -> None:
    process = Process(HeldLog(), MemoryBus())
    await process.cluster.start()
    room = await process.open()
    reader = Reader(room)
    process.write("a")
    process.cluster.count_connection("foo", ADA, 1)
    process.cluster.publish_activity("foo", [TypingNow(ADA)])
    process.cluster.publish("!chat", ChatLine("hello"))
    process.cluster.room_closed("foo")
    await process.cluster.close()

    assert (process.cluster.sole_writer, process.cluster.up, reader.seqs) == (True, True, [1])
    assert asyncio.get_running_loop().time() == 0
    assert len(asyncio.all_tasks()) == 1


@virtual_time
async def test_z1_an_ending_process_publishes_it_and_leaves_no_task() -> None:
    harness = ProcessHarness()
    await harness.open()
    await harness.process.cluster.close()

    assert [(channel, type(message)) for channel, message in harness.bus.new_messages()] == [
        (ALL_PROCESSES, ProcessEnded)
    ]
    assert (harness.bus.closed, harness.sends.closed) == (True, True)
    harness.storage.close()
    assert len(asyncio.all_tasks()) == 1
