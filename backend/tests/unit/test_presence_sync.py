"""Test that each process publishes its members, and applies what the others publish (P1, X1)."""

import asyncio

import pytest

from alcove.cluster.messages import (
    ALL_PROCESSES,
    ClusterMessage,
    MembersChanged,
    MembersRequest,
    MembersResponse,
    ProcessAlive,
    process_channel,
)
from tests.support.memory_rooms import ADA, BOB
from tests.support.presence import PresenceProcess
from tests.support.turns import run_turns
from tests.support.virtual_time import elapse, virtual_time


@virtual_time
async def test_p1_members_who_join_within_50_ms_are_published_together() -> None:
    process = PresenceProcess()
    await process.open()
    process.presence.count_connection("foo", ADA, 1)
    process.presence.count_connection("foo", ADA, 1)
    process.presence.count_connection("foo", BOB, 1)
    await elapse(0.049)
    assert process.bus.new_messages() == []

    await elapse(0.001)
    ((channel, report),) = process.bus.new_messages()
    assert isinstance(report, MembersChanged)
    assert (channel, report.process) == ("foo", process.presence.process)
    assert set(report.members) == {("ada", "Ada", 2), ("bob", "Bob", 1)}


@virtual_time
async def test_p1_a_leave_is_published_once_with_zero_connections() -> None:
    process = PresenceProcess()
    await process.open()
    process.presence.count_connection("foo", ADA, 1)
    await elapse(0.1)
    process.bus.new_messages()
    process.presence.count_connection("foo", ADA, -1)
    await elapse(0.1)
    assert process.bus.new_messages() == [("foo", MembersChanged(process.presence.process, [("ada", "Ada", 0)]))]

    process.receive(MembersRequest("p2", ["foo"]))
    responses = [message for _, message in process.bus.new_messages() if isinstance(message, MembersResponse)]
    assert responses == [MembersResponse(process.presence.process, {"foo": []})]


@virtual_time
async def test_p1_leaves_are_published_before_the_room_closes() -> None:
    process = PresenceProcess()
    await process.open()
    process.presence.count_connection("foo", ADA, 1)
    await elapse(0.1)
    process.bus.new_messages()
    process.presence.count_connection("foo", ADA, -1)
    process.presence.close_room("foo")

    assert process.bus.new_messages() == [("foo", MembersChanged(process.presence.process, [("ada", "Ada", 0)]))]
    process.presence.count_connection("foo", BOB, 1)
    await elapse(1)
    assert process.bus.new_messages() == []


@virtual_time
async def test_p1_a_report_of_another_process_reaches_the_room() -> None:
    process = PresenceProcess()
    await process.open()
    process.receive(MembersChanged("p2", [("ada", "Ada", 2)]), "foo")
    assert process.members() == {"ada": 2}

    process.receive(MembersChanged("p2", [("ada", "Ada", 1), ("bob", "Bob", 1)]), "foo")
    process.receive(MembersChanged("p3", [("ada", "Ada", 1)]), "foo")
    assert process.members() == {"ada": 2, "bob": 1}

    process.receive(MembersChanged("p2", [("bob", "Bob", 1)], whole=True), "foo")
    assert process.members() == {"ada": 1, "bob": 1}
    assert process.presence.remote_members("foo") == [(BOB, 1), (ADA, 1)]


@virtual_time
async def test_p1_a_report_about_a_closed_room_is_ignored() -> None:
    process = PresenceProcess()
    await process.open("bar")
    process.receive(MembersChanged("p2", [("ada", "Ada", 2)]), "foo")

    assert process.presence.remote_members("foo") == []


@virtual_time
async def test_p1_a_reopened_room_knows_only_new_reports() -> None:
    process = PresenceProcess()
    await process.open()
    process.receive(MembersChanged("p2", [("ada", "Ada", 2)]), "foo")
    process.presence.close_room("foo")
    open_task = asyncio.create_task(process.presence.open_room("foo"))
    await run_turns()
    process.receive(MembersResponse("p2", {"foo": [("bob", "Bob", 1)]}), process_channel(process.presence.process))
    await open_task

    assert process.presence.remote_members("foo") == [(BOB, 1)]


@virtual_time
async def test_p1_a_room_opens_once_every_live_process_has_responded() -> None:
    process = PresenceProcess()
    for process_id in ("p2", "p3"):
        process.receive(ProcessAlive(process_id))
    open_task = asyncio.create_task(process.presence.open_room("foo"))
    await run_turns()
    assert process.new_requests() == [["foo"]]

    process.receive(MembersResponse("p2", {"foo": [("ada", "Ada", 1)]}), process_channel(process.presence.process))
    await run_turns()
    assert not open_task.done()

    process.receive(MembersResponse("p3", {"foo": [("bob", "Bob", 2)]}), process_channel(process.presence.process))
    await open_task
    assert asyncio.get_running_loop().time() == 0
    assert process.presence.remote_members("foo") == [(ADA, 1), (BOB, 2)]


@virtual_time
async def test_p1_a_room_waits_at_most_half_a_second_for_responses() -> None:
    process = PresenceProcess()
    process.receive(ProcessAlive("p2"))
    await process.presence.open_room("foo")
    assert asyncio.get_running_loop().time() == 0.5

    process.storage.room("foo")
    process.receive(MembersResponse("p2", {"foo": [("ada", "Ada", 1)]}), process_channel(process.presence.process))
    assert process.members() == {"ada": 1}, "a late response is still applied"


@virtual_time
async def test_p1_a_room_does_not_wait_for_silent_processes_or_a_failed_bus() -> None:
    process = PresenceProcess()
    process.receive(ProcessAlive("p2"))
    await elapse(2)
    await process.presence.open_room("foo")
    process.receive(ProcessAlive("p2"))
    process.bus.fail()
    await process.presence.open_room("bar")

    assert asyncio.get_running_loop().time() == 2


@virtual_time
async def test_x1_a_new_process_gets_a_heartbeat_and_a_members_request() -> None:
    process = PresenceProcess()
    await process.open("foo")
    await process.open("bar")
    process.receive(ProcessAlive("p2"))
    process.receive(ProcessAlive("p2"))
    await run_turns()
    messages = process.bus.new_messages()

    assert messages == [
        (ALL_PROCESSES, ProcessAlive(process.presence.process)),
        (ALL_PROCESSES, MembersRequest(process.presence.process, ["foo", "bar"])),
    ]


@pytest.mark.parametrize("message", [MembersRequest("p2", []), MembersResponse("p2", {}), MembersChanged("p2", [])])
@virtual_time
async def test_x1_any_first_message_makes_a_process_alive(message: ClusterMessage) -> None:
    process = PresenceProcess()
    await process.open()
    process.receive(message, "foo")
    await run_turns()
    messages = process.bus.new_messages()

    assert (ALL_PROCESSES, ProcessAlive(process.presence.process)) in messages
    assert (ALL_PROCESSES, MembersRequest(process.presence.process, ["foo"])) in messages


@virtual_time
async def test_x1_a_response_is_sent_on_the_channel_of_the_requester() -> None:
    process = PresenceProcess()
    await process.open()
    process.presence.count_connection("foo", ADA, 1)
    await elapse(0.1)
    process.bus.new_messages()
    process.receive(MembersRequest("p2", ["foo", "bar"]))
    responses = [message for message in process.bus.new_messages() if isinstance(message[1], MembersResponse)]

    rooms = {"foo": [("ada", "Ada", 1)], "bar": []}
    assert responses == [(process_channel("p2"), MembersResponse(process.presence.process, rooms))]


@virtual_time
async def test_x1_a_request_for_many_rooms_is_split_into_bounded_messages() -> None:
    process = PresenceProcess()
    for n in range(450):
        await process.presence.open_room(f"item-{n}")
    process.bus.new_messages()
    process.receive(ProcessAlive("p2"))
    await run_turns()
    requests = process.new_requests()

    assert [item for items in requests for item in items] == [f"item-{n}" for n in range(450)]
    assert max(map(len, requests)) == 200  # the maximum number of rooms in a message


@virtual_time
async def test_p1_a_connection_to_a_closed_room_is_not_published() -> None:
    process = PresenceProcess()
    process.presence.count_connection("foo", ADA, 1)
    await elapse(1)

    assert process.bus.new_messages() == []
