"""Test presence when a process starts, ends or dies, and when the bus fails (P3, X2)."""

from alcove.cluster.messages import (
    ALL_PROCESSES,
    MembersChanged,
    MembersRequest,
    ProcessAlive,
    ProcessEnded,
    process_channel,
)
from tests.support.memory_rooms import ADA
from tests.support.presence import PresenceProcess
from tests.support.turns import run_turns
from tests.support.virtual_time import elapse, virtual_time


@virtual_time
async def test_p3_a_process_announces_itself_at_its_start_and_its_end() -> None:
    process = PresenceProcess()
    await process.presence.start()
    assert {ALL_PROCESSES, process_channel(process.presence.process)} <= process.bus.channels
    assert process.bus.new_messages() == [(ALL_PROCESSES, ProcessAlive(process.presence.process))]

    process.presence.stop()
    assert process.bus.new_messages() == [(ALL_PROCESSES, ProcessEnded(process.presence.process))]


@virtual_time
async def test_p3_members_of_a_process_leave_when_it_ends() -> None:
    process = PresenceProcess()
    await process.open()
    process.receive(MembersChanged("p2", [("ada", "Ada", 2)]), "foo")
    process.receive(ProcessEnded("p2"))

    assert (process.members(), process.presence.remote_members("foo")) == ({}, [])


@virtual_time
async def test_p3_members_of_a_killed_process_leave_within_ten_seconds() -> None:
    process = PresenceProcess()
    await process.open()
    process.receive(MembersChanged("p2", [("ada", "Ada", 2)]), "foo")
    process.receive(MembersChanged("p3", [("ada", "Ada", 1)]), "foo")
    for _ in range(20):
        process.receive(ProcessAlive("p3"))
        process.presence.send_heartbeat()
        await elapse(0.5)

    assert process.members() == {"ada": 1}


@virtual_time
async def test_p3_a_missing_heartbeat_means_that_messages_may_be_lost() -> None:
    process = PresenceProcess()
    await process.open()
    process.receive(MembersChanged("p2", [("ada", "Ada", 1)]), "foo")
    assert process.presence.send_heartbeat()

    await elapse(2)
    assert not process.presence.send_heartbeat(), "messages of a process without heartbeats may be lost as well"
    assert process.members() == {"ada": 1}

    process.receive(ProcessAlive("p2"))
    assert process.presence.send_heartbeat()


@virtual_time
async def test_p3_x2_no_member_leaves_while_the_bus_is_down() -> None:
    process = PresenceProcess()
    await process.open()
    process.receive(MembersChanged("p2", [("ada", "Ada", 1)]), "foo")
    process.bus.fail()
    for _ in range(60):
        assert process.presence.send_heartbeat()
        await elapse(0.5)
    process.bus.up = True
    process.presence.send_heartbeat()

    assert process.members() == {"ada": 1}


@virtual_time
async def test_x2_a_gap_publishes_own_members_and_requests_the_others() -> None:
    process = PresenceProcess()
    await process.open()
    await process.open("bar")
    process.presence.count_connection("foo", ADA, 1)
    await elapse(0.1)
    process.bus.new_messages()
    process.presence.resync(["foo", "never opened"])
    await run_turns()

    expected = [
        ("foo", MembersChanged(process.presence.process, [("ada", "Ada", 1)], whole=True)),
        (ALL_PROCESSES, MembersRequest(process.presence.process, ["foo"])),
    ]
    assert process.bus.new_messages() == expected
