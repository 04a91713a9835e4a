"""Test commits whose answers are lost or late: rooms continue, and read the entries that they missed (S4, S7)."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from msgspec import UNSET, Raw

from alcove.errors import Close, Code, Refusal
from alcove.limits import Retention
from alcove.protocol import Ack, Entry, Error, Hello, Member, Person, ReadMark
from alcove.rooms.start_position import StartPosition
from tests.support.clients import eventually
from tests.support.fake_connection import FakeConnection
from tests.support.hubs import HubHarness
from tests.support.session_harness import send
from tests.support.turns import deliver, run_turns

ADA = Member(Person("ada", "Ada"), frozenset({"read", "write"}))
BOB = Member(Person("bob", "Bob"), frozenset({"read", "write"}))


@pytest.fixture
async def harness() -> AsyncIterator[HubHarness]:
    """Create a hub on a HeldLog; close the log afterwards."""
    harness = HubHarness()
    yield harness
    for room in harness.hub._rooms.all():
        room.close()
    await harness.log.close()


def seqs(socket: FakeConnection) -> list[int]:
    """Return the seqs of the entries that the client received."""
    return [line.seq for line in socket.lines if isinstance(line, Entry)]


async def test_r5_w1_a_cursor_beyond_the_room_resumes_if_the_log_has_it(harness: HubHarness) -> None:
    """A client may read an entry over HTTP once it is committed, while its delivery waits for the next batch."""
    ada, first = await harness.join(ADA)
    harness.log.holds_io_pending = True
    ada.on_text(send("a"))
    await run_turns()
    ada.on_text(send("b"))
    commit = harness.log.pending_calls[0]
    commit.perform()
    harness.log.resolve(commit)
    await run_turns()
    assert seqs(first) == []

    socket = FakeConnection()
    join_task = asyncio.create_task(harness.hub.join("foo", socket, BOB, StartPosition(after=1, log_id=harness.log.id)))
    await harness.settle_reads()
    await join_task
    (hello,) = [line for line in socket.lines if isinstance(line, Hello)]
    await harness.settle()

    assert (hello.head, hello.reset) == (1, False)
    assert seqs(socket) == [2]
    assert seqs(first) == [1, 2]


async def test_p5_a_mark_stored_during_a_join_reaches_the_room(harness: HubHarness) -> None:
    send_task = asyncio.create_task(harness.hub.writer.send("foo", Raw(b'"a"'), BOB.person))
    await harness.settle()
    await send_task
    socket = FakeConnection()
    join_task = asyncio.create_task(harness.hub.join("foo", socket, ADA, StartPosition()))
    await run_turns()
    harness.log.settle()  # the room's marks are read, its entries not yet
    await run_turns()
    mark_task = asyncio.create_task(harness.hub.writer.mark_read("foo", "bob", 1))
    await run_turns()
    (mark,) = [call for call in harness.log.pending_calls if call.writes]
    mark.perform()
    harness.log.resolve(mark)
    assert await mark_task == 1

    await harness.settle()
    await join_task

    await eventually(lambda: ReadMark("bob", 1) in socket.lines)


async def test_s4_a_room_opened_during_a_commit_has_the_entry_once(
    harness: HubHarness,
) -> None:
    """The commit's answer waits for the loop while the room is read from the log, which holds the entry already."""
    ada, _ = await harness.join(ADA)
    ada.on_text(send("a"))
    ada.on_close(1000)
    await run_turns()
    (commit,) = harness.log.pending_calls
    commit.perform()
    socket = FakeConnection()
    join_task = asyncio.create_task(harness.hub.join("foo", socket, BOB, StartPosition()))
    await harness.settle_reads()
    bob = await join_task
    harness.log.resolve(commit)
    await run_turns()

    assert seqs(socket) == [1]
    bob.on_text(send("b"))
    await harness.settle()
    assert seqs(socket) == [1, 2]


async def test_s7_an_unanswered_commit_is_delivered_with_the_next_one(harness: HubHarness) -> None:
    ada, socket = await harness.join(ADA)
    _, reader = await harness.join(BOB)
    ada.on_text(send("a"))
    await run_turns()
    harness.log.settle("answer lost")
    await run_turns()
    assert [line.code for line in socket.lines if isinstance(line, Error)] == ["unavailable"]
    assert seqs(reader) == []

    ada.on_text(send("b"))
    await harness.settle()
    assert [1, 2] == seqs(reader) == seqs(socket)


async def test_s5_s7_an_unanswered_commit_is_delivered_when_sent_again(
    harness: HubHarness,
) -> None:
    ada, socket = await harness.join(ADA)
    _, reader = await harness.join(BOB)
    ada.on_text(send("a"))
    await run_turns()
    harness.log.settle("answer lost")
    await run_turns()
    ada.on_text(send("a"))
    await harness.settle()

    (ack,) = [line for line in socket.lines if isinstance(line, Ack)]
    assert (ack.seq, ack.duplicate) == (1, True)
    assert [1] == seqs(reader) == seqs(socket)


async def test_d3_a_delivery_is_built_once_for_everyone_in_step(harness: HubHarness) -> None:
    ada, first = await harness.join(ADA)
    sockets = [first, *[(await harness.join(BOB))[1] for _ in range(3)]]
    for n in range(2):
        deliver(ada, "\n".join(send(f"{n}-{part}") for part in range(10)))
    await harness.settle()
    deliveries = [next(frame for frame in socket.frames if b'"entry"' in frame) for socket in sockets]

    assert deliveries[0].count(b'"entry"') == 20
    assert all(delivery is deliveries[0] for delivery in deliveries)


async def test_d2_a_reader_of_the_log_buffers_at_most_256_kib(harness: HubHarness) -> None:
    ada, _ = await harness.join(ADA, after=None)
    for batch in range(20):
        deliver(ada, "\n".join(send(f"{batch}-{n}", "ñ" * 20) for n in range(200)))
        await harness.settle()
    session, reader = await harness.join(BOB, reads=False)
    sizes = []
    while seqs(reader)[-1:] != [4000]:
        sizes.append(reader.buffered_bytes())
        reader.let_peer_read(1)
        await harness.settle()

    assert max(sizes) <= 256 * 1024
    assert seqs(reader) == list(range(1, 4001))
    session.on_close(1000)


async def test_l3_a_cancelled_join_is_not_counted(harness: HubHarness) -> None:
    join_tasks = [
        asyncio.create_task(harness.hub.join("foo", FakeConnection(), member, StartPosition())) for member in (ADA, BOB)
    ]
    await run_turns()
    assert harness.hub.connections == 2
    join_tasks[0].cancel()
    await run_turns()
    assert harness.hub.connections == 1
    join_tasks[1].cancel()
    await harness.settle()

    assert (harness.hub._rooms.all(), harness.hub.connections) == ([], 0)


async def test_s7_l3_a_failed_join_is_not_counted(harness: HubHarness) -> None:
    join_tasks = [
        asyncio.create_task(harness.hub.join("foo", FakeConnection(), member, StartPosition())) for member in (ADA, BOB)
    ]
    await run_turns()
    harness.log.settle("nothing stored")
    results = await asyncio.gather(*join_tasks, return_exceptions=True)

    assert [error.code for error in results if isinstance(error, Refusal)] == [Code.UNAVAILABLE] * 2
    assert (harness.hub._rooms.all(), harness.hub.connections) == ([], 0)


async def test_z1_a_drain_refuses_a_join_in_progress(harness: HubHarness) -> None:
    """If it were admitted after the `bye`, it would be cut off without one."""
    join_task = asyncio.create_task(harness.hub.join("foo", FakeConnection(), ADA, StartPosition()))
    await run_turns()
    await harness.hub.drain()
    await harness.settle()

    with pytest.raises(Refusal) as refusal:
        await join_task
    assert refusal.value.close_code == Close.RESTART
    assert (harness.hub._rooms.all(), harness.hub.connections) == ([], 0)


async def test_d2_s9_a_reader_catches_up_while_messages_are_deleted(harness: HubHarness) -> None:
    """Each page is read before a delete and written after its delivery; it must not show the deleted body."""
    ada, _ = await harness.join(ADA, after=None)
    for batch in range(4):
        deliver(ada, "\n".join(send(f"{batch}-{n}", "secret") for n in range(250)))
        await harness.settle()
    reader = FakeConnection()
    join_task = asyncio.create_task(harness.hub.join("foo", reader, BOB, StartPosition(after=0)))
    await run_turns()
    for page in range(2):
        (read,) = harness.log.pending_calls
        read.perform()
        ada.on_text(f'{{"type":"delete","id":"d{page}","target":{250 * page + 1}}}')
        await run_turns()
        harness.log.pending_calls[-1].perform()
        harness.log.resolve(harness.log.pending_calls[-1])
        await run_turns()
        harness.log.resolve(read)
        await run_turns()
        assert seqs(reader)[-1] == 250 * (page + 1)
    await harness.settle()
    await join_task

    entries = {line.seq: line for line in reader.lines if isinstance(line, Entry)}
    # The messages 1 to 1000 and two deletes, of the first message of each page of 250; deletes have no body either.
    assert list(entries) == list(range(1, 1003))
    assert {seq for seq, entry in entries.items() if entry.deleted is not UNSET} == {1, 251}
    assert {seq for seq, entry in entries.items() if entry.body is UNSET} == {1, 251, 1001, 1002}


async def test_l5_the_hello_after_a_send_has_the_oldest_kept_seq() -> None:
    harness = HubHarness(Retention(entries=3))
    ada, _ = await harness.join(ADA)
    deliver(ada, "\n".join(send(str(n)) for n in range(10)))
    await harness.settle()
    _, socket = await harness.join(BOB)

    assert isinstance(hello := socket.lines[0], Hello)
    assert (hello.oldest, hello.head) == (8, 10)
    assert seqs(socket) == [8, 9, 10]
    for room in harness.hub._rooms.all():
        room.close()
    await harness.log.close()


async def test_l5_a_room_in_memory_keeps_entries_no_longer_than_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """A member stays for days in a silent room. Retention removes its entries from the log; the tail must follow."""
    harness = HubHarness(Retention(days=1))
    ada, _ = await harness.join(ADA)
    deliver(ada, "\n".join(send(str(n)) for n in range(3)))
    await harness.settle()
    now = harness.hub.now_ms()
    monkeypatch.setattr(harness.hub, "now_ms", lambda: now + 23 * 3_600_000)
    _, earlier_reader = await harness.join(BOB, after=None)
    monkeypatch.setattr(harness.hub, "now_ms", lambda: now + 25 * 3_600_000)
    _, later_reader = await harness.join(BOB, after=None)

    assert seqs(earlier_reader) == [1, 2, 3]
    assert seqs(later_reader) == []
    assert isinstance(hello := later_reader.lines[0], Hello)
    assert (hello.oldest, hello.head) == (4, 3)
    for room in harness.hub._rooms.all():
        room.close()
    await harness.log.close()
