"""Presence when a process starts, ends or dies, and when the bus fails (P3, X2)."""

from alcove.cluster.messages import ALL, ONE, MembersChanged, MembersRequest, ProcessAlive, ProcessEnded
from tests.doubles import turn
from tests.support.presence import PresenceProcess
from tests.support.rooms import ADA
from tests.support.virtual_time import elapse, virtual_time


@virtual_time
async def test_p3_a_process_announces_itself_at_its_start_and_its_end() -> None:
    process = PresenceProcess()
    await process.gossip.start()
    assert {ALL, ONE + process.gossip.process} <= process.bus.channels
    assert [(ALL, ProcessAlive(process.gossip.process))] == process.bus.new_messages()

    process.gossip.end()
    assert [(ALL, ProcessEnded(process.gossip.process))] == process.bus.new_messages()


@virtual_time
async def test_p3_members_of_a_process_leave_when_it_ends() -> None:
    process = PresenceProcess()
    await process.open()
    process.hear(MembersChanged("p2", [("ada", "Ada", 2)]), "foo")
    process.hear(ProcessEnded("p2"))

    assert ({}, []) == (process.members(), process.gossip.here("foo"))


@virtual_time
async def test_p3_members_of_a_killed_process_leave_within_ten_seconds() -> None:
    process = PresenceProcess()
    await process.open()
    process.hear(MembersChanged("p2", [("ada", "Ada", 2)]), "foo")
    process.hear(MembersChanged("p3", [("ada", "Ada", 1)]), "foo")
    for _ in range(20):
        process.hear(ProcessAlive("p3"))
        process.gossip.beat()
        await elapse(0.5)

    assert {"ada": 1} == process.members()


@virtual_time
async def test_p3_a_heartbeat_keeps_members_and_a_silence_is_reported_as_doubt() -> None:
    process = PresenceProcess()
    await process.open()
    process.hear(MembersChanged("p2", [("ada", "Ada", 1)]), "foo")
    assert process.gossip.beat()

    await elapse(2)
    assert not process.gossip.beat(), "a process that is not heard may have sent what was not heard either"
    assert {"ada": 1} == process.members()

    process.hear(ProcessAlive("p2"))
    assert process.gossip.beat()


@virtual_time
async def test_p3_x2_no_member_leaves_because_the_bus_is_down() -> None:
    process = PresenceProcess()
    await process.open()
    process.hear(MembersChanged("p2", [("ada", "Ada", 1)]), "foo")
    process.bus.fail()
    for _ in range(60):
        assert process.gossip.beat()
        await elapse(0.5)
    process.bus.up = True
    process.gossip.beat()

    assert {"ada": 1} == process.members()


@virtual_time
async def test_x2_after_a_loss_the_process_reports_all_its_members_and_asks_for_the_others() -> None:
    process = PresenceProcess()
    await process.open()
    await process.open("bar")
    process.gossip.moved("foo", ADA, 1)
    await elapse(0.1)
    process.bus.new_messages()
    process.gossip.restored(["foo", "never opened"])
    await turn()

    expected = [
        ("foo", MembersChanged(process.gossip.process, [("ada", "Ada", 1)], whole=True)),
        (ALL, MembersRequest(process.gossip.process, ["foo"])),
    ]
    assert expected == process.bus.new_messages()
