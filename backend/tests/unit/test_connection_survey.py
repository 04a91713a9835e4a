"""Test the survey of the connections of all processes, which is limited in time and in the size of messages (W8)."""

import asyncio

from alcove.cluster.connections import ConnectionState
from alcove.cluster.messages import (
    ALL_PROCESSES,
    ClusterMessage,
    ConnectionsRequest,
    ConnectionsResponse,
    ProcessAlive,
    ProcessEnded,
    process_channel,
)
from alcove.protocol import Person
from tests.support.memory_rooms import Reader
from tests.support.processes import ProcessHarness, start_processes
from tests.support.turns import run_turns
from tests.support.virtual_time import virtual_time


def connection_state(cursor: int, *, member: str = "bob") -> ConnectionState:
    """Create the state of a connection, as another process reports it."""
    return ConnectionState(member, member, "other:1", cursor, 0, "in_step", 0, 0)


def connection_requests(messages: list[tuple[str, ClusterMessage]]) -> list[ConnectionsRequest]:
    """Return the messages that request the connections of all processes."""
    return [
        message for channel, message in messages if channel == ALL_PROCESSES and isinstance(message, ConnectionsRequest)
    ]


@virtual_time
async def test_w8_many_connections_are_reported_in_several_messages() -> None:
    first, second = await start_processes()
    await first.open()
    room = await second.open()
    readers = [Reader(room, Person(f"member {n}", "")) for n in range(250)]
    result = await first.cluster.find_connections("foo", 0)

    assert 250 == len(readers) == len({connection.member for connection in result.connections})
    responses = [message for _, message in second.bus.new_messages() if isinstance(message, ConnectionsResponse)]  # type: ignore[attr-defined] # a FakeBus
    # A message has at most 100 connections.
    assert [(len(response.connections), response.more) for response in responses] == [
        (100, True),
        (100, True),
        (50, False),
    ]
    assert result.unanswered == []


@virtual_time
async def test_w8_the_lag_counts_from_the_highest_reported_head() -> None:
    harness = ProcessHarness()
    await harness.open()
    harness.receive(ProcessAlive("other", "other:1"), channel=ALL_PROCESSES)
    harness.bus.new_messages()
    survey = asyncio.create_task(harness.process.cluster.find_connections("foo", 5))
    await run_turns()
    (request,) = connection_requests(harness.bus.new_messages())
    own_channel = process_channel(request.process)
    harness.receive(
        ConnectionsResponse("other", request.request_id, 17, [connection_state(16, member="ada")]), channel=own_channel
    )
    result = await survey

    assert result.head == 17
    assert {connection.member: connection.lag for connection in result.connections} == {"ada": 1, "bob": 17}


@virtual_time
async def test_w8_concurrent_surveys_of_one_room_share_one_request() -> None:
    harness = ProcessHarness()
    await harness.open()
    harness.receive(ProcessAlive("other"), channel=ALL_PROCESSES)
    harness.bus.new_messages()
    surveys = [asyncio.create_task(harness.process.cluster.find_connections("foo", 0)) for _ in range(10)]
    await run_turns()

    assert len(connection_requests(harness.bus.new_messages())) == 1
    results = [await task for task in surveys]
    assert [result.unanswered for result in results] == [["other"]] * 10
    # Responses that are late, or to an unknown request, change nothing.
    harness.receive(
        ConnectionsResponse("other", "unknown", 9, [connection_state(9)]),
        channel=process_channel(harness.process.cluster._presence.process),
    )


@virtual_time
async def test_w8_the_survey_does_not_wait_while_the_bus_is_down() -> None:
    harness = ProcessHarness()
    await harness.open()
    harness.receive(ProcessAlive("other", "other:1"), channel=ALL_PROCESSES)
    harness.bus.fail()
    before = asyncio.get_running_loop().time()
    result = await harness.process.cluster.find_connections("foo", 0)

    assert (result.unanswered, asyncio.get_running_loop().time()) == (["other:1"], before)


@virtual_time
async def test_w8_a_process_that_has_ended_gets_no_request() -> None:
    harness = ProcessHarness()
    await harness.open()
    harness.receive(ProcessAlive("other", "other:1"), channel=ALL_PROCESSES)
    harness.receive(ProcessEnded("other"), channel=ALL_PROCESSES)
    result = await harness.process.cluster.find_connections("foo", 0)

    assert ([connection.member for connection in result.connections], result.unanswered) == (["bob"], [])
