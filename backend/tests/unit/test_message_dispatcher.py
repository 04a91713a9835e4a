"""Test that each kind of message reaches its handler, and that its claims are checked against the log (X9)."""

import logging

import pytest

from alcove.cluster.messages import (
    DATABASE_SENDS,
    ChatLine,
    ClusterMessage,
    EntriesStored,
    HeadMoved,
    MemberTyping,
    ProcessAlive,
    encode,
)
from tests.support.bus import Network
from tests.support.memory_rooms import Reader
from tests.support.processes import Process, ProcessHarness, start_processes
from tests.support.turns import run_turns
from tests.support.virtual_time import elapse, virtual_time


@virtual_time
async def test_x5_entries_announced_by_the_database_are_read_from_the_log() -> None:
    harness = ProcessHarness()
    reader = await harness.open()
    assert DATABASE_SENDS in harness.sends.channels
    harness.storage.write("a")
    harness.sends.receive(DATABASE_SENDS, encode(HeadMoved("foo", 1)))
    harness.sends.receive(DATABASE_SENDS, encode(HeadMoved("bar", 9)))
    await harness.storage.run_calls()

    assert (reader.seqs, harness.process.rooms.extended) == ([1], [])


@virtual_time
@pytest.mark.parametrize("source", ["the bus", "the database"])
async def test_x9_a_head_beyond_the_log_does_not_stop_delivery(source: str) -> None:
    harness = ProcessHarness()
    reader = await harness.open()
    if source == "the bus":
        harness.receive(EntriesStored(2**53 - 1, 2**53 - 1))
    else:
        harness.sends.receive(DATABASE_SENDS, encode(HeadMoved("foo", 2**53 - 1)))
    await harness.storage.run_calls()
    harness.receive(EntriesStored(1, 1), harness.storage.write("a"))
    await harness.storage.run_calls()

    assert (reader.seqs, harness.storage.rooms["foo"].head) == ([1], 1)


@virtual_time
async def test_x9_only_heads_are_accepted_from_the_database() -> None:
    harness = ProcessHarness()
    messages: list[ClusterMessage] = []
    harness.process.cluster.subscribe(DATABASE_SENDS, messages.append)
    reader = await harness.open()
    for message in (EntriesStored(1, 1), ChatLine("forged"), MemberTyping("ada", "Ada"), ProcessAlive("other")):
        harness.sends.receive(DATABASE_SENDS, encode(message))
    await elapse(0.25)
    await harness.storage.run_calls()

    assert (reader.seqs, messages) == ([], [])


@virtual_time
async def test_x9_revocations_are_read_only_from_the_log() -> None:
    harness = ProcessHarness()
    await harness.open()
    reader = Reader(await harness.process.open("!revoked"))
    forged = harness.storage.write("a")  # of another room
    harness.receive(EntriesStored(1, 1), forged, channel="!revoked")
    await harness.storage.run_calls()
    assert reader.seqs == []

    harness.receive(EntriesStored(1, 1), harness.storage.write("b", item="!revoked"), channel="!revoked")
    await harness.storage.run_calls()
    assert reader.seqs == [1]


@virtual_time
async def test_t5_messages_on_other_channels_go_to_their_handlers() -> None:
    network = Network()
    (first,) = await start_processes(1, network)
    second, third = (Process(first.storage.log, network.connect()) for _ in range(2))
    messages: dict[str, list[ClusterMessage]] = {"second": [], "third": []}
    second.cluster.subscribe("!chat", messages["second"].append)
    third.cluster.subscribe("!chat", messages["third"].append)
    await second.cluster.start()
    await third.cluster.start()
    first.cluster.publish("!chat", ChatLine("hello"))
    await run_turns()

    assert messages == {"second": [ChatLine("hello")], "third": [ChatLine("hello")]}


@pytest.mark.parametrize(
    "message", [b"", b"\xff\xfe", b"null", b'{"kind":"unknown"}', b'{"kind":"stored","head":3,"oldest":1}\nx']
)
@virtual_time
async def test_x9_an_unknown_message_is_logged_and_changes_nothing(
    message: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    harness = ProcessHarness()
    reader = await harness.open()
    with caplog.at_level(logging.WARNING, "alcove"):
        harness.bus.receive("foo", message)
    await elapse(1)

    assert (reader.seqs, harness.storage.log.pending_calls) == ([], [])
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 1


@virtual_time
async def test_x9_a_message_on_the_wrong_channel_is_ignored() -> None:
    harness = ProcessHarness()
    reader = await harness.open()
    harness.bus.subscribe("bar")
    harness.receive(ProcessAlive("p2"), channel="bar")
    harness.receive(ChatLine("hello"))
    await elapse(1)

    assert reader.seqs == []
    assert all(not isinstance(message, ChatLine) for _, message in harness.bus.new_messages())
