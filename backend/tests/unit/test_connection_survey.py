"""Asking all processes who is connected to a room: bounded in time and in the size of messages (W8)."""

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
from tests.doubles import turn
from tests.support.processes import Alone, start_processes
from tests.support.rooms import Reader
from tests.support.virtual_time import virtual_time


def state(cursor: int, *, member: str = "bob") -> ConnectionState:
    """A connection in another process, as that told of it."""
    return ConnectionState(member, member, "other:1", cursor, 0, "in_step", 0, 0)


def asked(messages: list[tuple[str, ClusterMessage]]) -> list[ConnectionsRequest]:
    """The questions among messages."""
    return [
        message for channel, message in messages if channel == ALL_PROCESSES and isinstance(message, ConnectionsRequest)
    ]


@virtual_time
async def test_w8_more_connections_than_fit_into_a_message_come_in_parts() -> None:
    first, second = await start_processes()
    await first.open()
    room = await second.open()
    readers = [Reader(room, Person(f"member {n}", "")) for n in range(250)]
    found = await first.cluster.inspect("foo", 0)

    assert 250 == len(readers) == len({one.member for one in found.connections})
    answers = [message for _, message in second.bus.new_messages() if isinstance(message, ConnectionsResponse)]  # type: ignore[attr-defined] # a FakeBus
    assert [(100, True), (100, True), (50, False)] == [(len(one.connections), one.more) for one in answers]
    assert [] == found.unanswered


@virtual_time
async def test_w8_the_lag_is_counted_from_the_furthest_head_that_anyone_knows() -> None:
    alone = Alone()
    await alone.open()
    alone.hear(ProcessAlive("other", "other:1"), channel=ALL_PROCESSES)
    alone.bus.new_messages()
    asking = asyncio.create_task(alone.process.cluster.inspect("foo", 5))
    await turn()
    (question,) = asked(alone.bus.new_messages())
    own = process_channel(question.process)
    alone.hear(ConnectionsResponse("other", question.question, 17, [state(16, member="ada")]), channel=own)
    found = await asking

    assert 17 == found.head
    assert {"ada": 1, "bob": 17} == {one.member: one.lag for one in found.connections}


@virtual_time
async def test_w8_those_who_ask_at_once_share_one_question() -> None:
    alone = Alone()
    await alone.open()
    alone.hear(ProcessAlive("other"), channel=ALL_PROCESSES)
    alone.bus.new_messages()
    asking = [asyncio.create_task(alone.process.cluster.inspect("foo", 0)) for _ in range(10)]
    await turn()

    assert 1 == len(asked(alone.bus.new_messages()))
    found = [await one for one in asking]
    assert [["other"]] * 10 == [one.unanswered for one in found]
    # Late and unknown answers change nothing.
    alone.hear(
        ConnectionsResponse("other", "unknown", 9, [state(9)]),
        channel=process_channel(alone.process.cluster._presence.process),
    )


@virtual_time
async def test_w8_while_the_bus_is_down_nobody_is_waited_for() -> None:
    alone = Alone()
    await alone.open()
    alone.hear(ProcessAlive("other", "other:1"), channel=ALL_PROCESSES)
    alone.bus.fail()
    before = asyncio.get_running_loop().time()
    found = await alone.process.cluster.inspect("foo", 0)

    assert (["other:1"], before) == (found.unanswered, asyncio.get_running_loop().time())


@virtual_time
async def test_w8_a_process_that_has_ended_is_not_asked() -> None:
    alone = Alone()
    await alone.open()
    alone.hear(ProcessAlive("other", "other:1"), channel=ALL_PROCESSES)
    alone.hear(ProcessEnded("other"), channel=ALL_PROCESSES)
    found = await alone.process.cluster.inspect("foo", 0)

    assert (["bob"], []) == ([one.member for one in found.connections], found.unanswered)
