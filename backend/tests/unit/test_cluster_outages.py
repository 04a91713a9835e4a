"""Test that rooms follow the log while the bus is slow, down, or has lost messages (X2)."""

import asyncio

from alcove.cluster.messages import ALL_PROCESSES, ProcessAlive
from tests.support.processes import ProcessHarness
from tests.support.virtual_time import elapse, virtual_time


@virtual_time
async def test_x2_a_room_opens_after_250_ms_without_a_confirmation() -> None:
    harness = ProcessHarness()
    await harness.process.cluster.start()
    harness.bus.confirms = False
    start = asyncio.get_running_loop().time()
    await harness.process.cluster.open_room("foo")

    assert asyncio.get_running_loop().time() - start == 0.25
    assert "foo" in harness.bus.channels


@virtual_time
async def test_x2_a_room_opens_at_once_while_the_bus_is_down() -> None:
    harness = ProcessHarness()
    await harness.process.cluster.start()
    harness.bus.fail()
    start = asyncio.get_running_loop().time()
    await harness.process.cluster.open_room("foo")

    assert asyncio.get_running_loop().time() == start


@virtual_time
async def test_x2_a_closed_room_is_unsubscribed() -> None:
    harness = ProcessHarness()
    reader = await harness.open()
    reader.leave()
    del harness.storage.rooms["foo"]
    harness.process.cluster.room_closed("foo")

    assert "foo" not in harness.bus.channels


@virtual_time
async def test_x2_readers_catch_up_within_2_s_while_the_bus_is_down() -> None:
    harness = ProcessHarness()
    reader = await harness.open()
    harness.bus.fail()
    assert not harness.process.cluster.up
    await elapse(5)
    await harness.storage.run_calls()
    harness.storage.write("a")
    for _ in range(4):
        await elapse(0.5)
        await harness.storage.run_calls()

    assert reader.seqs == [1]


@virtual_time
async def test_x2_readers_catch_up_within_2_s_without_notifications() -> None:
    harness = ProcessHarness()
    reader = await harness.open()
    harness.sends.fail()
    assert not harness.process.cluster.up
    harness.storage.write("a")
    for _ in range(4):
        await elapse(0.5)
        await harness.storage.run_calls()

    assert reader.seqs == [1]


@virtual_time
async def test_x2_lost_entries_are_read_when_the_bus_recovers() -> None:
    harness = ProcessHarness()
    reader = await harness.open()
    harness.storage.write("a")
    start = asyncio.get_running_loop().time()
    harness.bus.recover()
    await harness.storage.run_calls()

    assert reader.seqs == [1]
    assert asyncio.get_running_loop().time() == start


@virtual_time
async def test_x2_the_log_is_not_polled_while_everything_works() -> None:
    harness = ProcessHarness()
    await harness.open()
    await elapse(60)

    assert harness.storage.log.pending_calls == []


@virtual_time
async def test_x2_a_silent_process_makes_rooms_read_the_log() -> None:
    """The last messages of that process may be lost, although the bus seems to work."""
    harness = ProcessHarness()
    reader = await harness.open()
    harness.receive(ProcessAlive("p2"), channel=ALL_PROCESSES)
    harness.storage.write("a")
    for _ in range(6):
        await elapse(0.5)
        await harness.storage.run_calls()

    assert reader.seqs == [1]
