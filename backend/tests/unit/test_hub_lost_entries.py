"""Test a log that loses entries of a room in memory: the loss is noticed, and clients read the new history (R5, X8)."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
from msgspec import UNSET, Raw

from alcove.access.revocations import REVOCATIONS_ITEM, Revocation, Revocations
from alcove.errors import Close, Refusal
from alcove.limits import ProcessLimits
from alcove.protocol import Ack, Entry, Hello, Limits, Member, Person
from alcove.rooms.hub import Hub
from alcove.rooms.session import Session
from alcove.rooms.start_position import StartPosition
from alcove.storage.base import Appended, Draft
from tests.support.fake_connection import FakeConnection
from tests.support.held_log import HeldLog
from tests.support.session_harness import send
from tests.support.turns import run_turns

ADA = Member(Person("ada", "Ada"), frozenset({"read", "write"}))


class LossyHub:
    """A hub on a HeldLog that can lose entries."""

    def __init__(self, tail_entries: int = 256) -> None:
        self.log = HeldLog()
        self.revocations = Revocations()
        limits = Limits(60_000, 0, 1)
        process_limits = ProcessLimits(tail_entries=tail_entries)
        self.hub = Hub(self.log, limits=limits, process_limits=process_limits, revocations=self.revocations)
        self.sessions: list[Session] = []

    async def settle(self) -> None:
        """Perform and answer storage calls until none is waiting."""
        await run_turns()
        while self.log.pending_calls:
            self.log.settle()
            await run_turns()

    async def join(self, start: StartPosition | None = None) -> FakeConnection:
        """Join the room, with three messages if it is empty, and read everything that is sent."""
        socket = FakeConnection()
        join_task = asyncio.create_task(self.hub.join("foo", socket, ADA, start or StartPosition()))
        await self.settle()
        session = await join_task
        self.sessions.append(session)
        if hello(socket).head == 0:
            for id_ in ("a", "b", "c"):
                session.on_text(send(id_))
                await self.settle()
        return socket

    async def leave(self) -> None:
        """Close all connections, so that no room is in memory."""
        while self.sessions:
            self.sessions.pop().on_close(Close.GOING_AWAY)
        await self.settle()
        assert not self.hub._rooms.all()

    def lose(self, item: str = "foo", head: int = 1) -> None:
        """Remove the room's entries after `head`."""
        database = self.log._connection
        (room,) = database.execute("SELECT room FROM rooms WHERE item = ?", (item,)).fetchone()
        database.execute("DELETE FROM entries WHERE room = ? AND seq > ?", (room, head))
        database.execute("UPDATE rooms SET head = ?, at = 1 WHERE room = ?", (head, room))

    async def post(self, id_: str) -> None:
        """Send a message through the hub, as the HTTP route does."""
        send_task = asyncio.create_task(self.hub.store_draft(message(id_)))
        await self.settle()
        await send_task


def message(id_: str, sent_at: int = 1) -> Draft:
    """Create the draft of a message, which was sent at `sent_at`."""
    return Draft("foo", "message", id_, ADA.person, sent_at, Raw(b'"hello"'))


@pytest.fixture
async def harness() -> AsyncIterator[LossyHub]:
    """Create a hub on a HeldLog; close the log afterwards."""
    harness = LossyHub()
    yield harness
    for room in harness.hub._rooms.all():
        room.close()
    await harness.log.close()


def hello(socket: FakeConnection) -> Hello:
    """Return the `hello` line that the client received."""
    (line,) = [line for line in socket.lines if isinstance(line, Hello)]
    return line


def ids(socket: FakeConnection) -> list[str]:
    """Return the ids of the entries that the client received."""
    return [line.id for line in socket.lines if isinstance(line, Entry)]


async def assert_reset_after_close(harness: LossyHub, before: FakeConnection, *expected: str) -> None:
    """Check that the connection was closed with 1012, and that a resume is reset and reads the entries of the log."""
    assert before.close_code == Close.RESTART
    after = await harness.join(StartPosition(after=3, log_id=hello(before).log))
    assert hello(before).log != hello(after).log
    assert hello(after).reset
    assert ids(after) == [*expected]
    rejoined = await harness.join(StartPosition(after=1, log_id=hello(after).log))
    assert (hello(rejoined).reset, hello(rejoined).log) == (False, hello(after).log)
    assert ids(rejoined) == [*expected[1:]]


async def test_x8_a_send_notices_lost_entries(harness: LossyHub) -> None:
    ada = await harness.join()
    harness.lose()
    await harness.post("d")

    assert ids(ada) == ["a", "b", "c"]
    await assert_reset_after_close(harness, ada, "a", "d")


async def test_x8_a_send_is_not_acked_in_a_lost_history(harness: LossyHub) -> None:
    socket = FakeConnection()
    join_task = asyncio.create_task(harness.hub.join("foo", socket, ADA, StartPosition()))
    await harness.settle()
    session = await join_task
    for id_ in ("a", "b", "c"):
        session.on_text(send(id_))
        await harness.settle()
    harness.lose()
    session.on_text(send("d"))
    await harness.settle()

    assert [line.id for line in socket.lines if isinstance(line, Ack)] == ["a", "b", "c"]
    await assert_reset_after_close(harness, socket, "a", "d")
    session.on_close(Close.RESTART)
    assert harness.hub.connections == 2


@pytest.mark.parametrize("rewritten", [False, True], ids=["behind", "another entry"])
async def test_x8_a_read_of_the_log_notices_lost_entries(harness: LossyHub, rewritten: bool) -> None:  # noqa: FBT001 - a case
    ada = await harness.join()
    harness.lose()
    if rewritten:
        harness.log.store.append([message("x"), message("y"), message("z")])
        harness.hub._rooms._cluster._recovery.verify_history("foo")
    else:
        harness.hub._rooms._cluster._recovery.check_heads(["foo"])
    await harness.settle()

    await assert_reset_after_close(harness, ada, "a", *("xyz" if rewritten else ""))


async def test_x8_entries_that_contradict_memory_are_checked_in_the_log(harness: LossyHub) -> None:
    ada = await harness.join()
    harness.lose()
    (outcome,) = harness.log.store.append([message("x")])
    assert isinstance(outcome, Appended)
    harness.hub._rooms._cluster._recovery.deliver("foo", [outcome.entry], 1, hello(ada).log)
    await harness.settle()

    await assert_reset_after_close(harness, ada, "a", "x")


async def test_x8_a_page_for_a_gap_is_compared_with_memory(harness: LossyHub) -> None:
    ada = await harness.join()
    harness.hub._rooms._cluster._recovery._sole_writer = False
    harness.lose()
    harness.log.store.append([message("x"), message("y"), message("z")])
    harness.hub._rooms._cluster._recovery.check_reported("foo")
    while ada.close_code is None:
        await run_turns(1)
        await harness.settle()

    assert ids(ada) == ["a", "b", "c"]
    await assert_reset_after_close(harness, ada, "a", "x", "y", "z")


async def test_x8_a_head_behind_the_one_in_memory_is_checked_in_the_log(harness: LossyHub) -> None:
    ada = await harness.join()
    harness.lose()
    harness.log.store.append([message("x")])
    harness.hub._rooms._cluster._recovery.check_reported("foo")
    await harness.settle()

    await assert_reset_after_close(harness, ada, "a", "x")


async def test_x8_a_message_of_another_history_alone_closes_no_connection(harness: LossyHub) -> None:
    ada = await harness.join()
    harness.hub._rooms._cluster._recovery.deliver("foo", [Entry(4, "message", "x", ADA.person, 1)], 1, "another")
    await harness.settle()

    assert ada.close_code is None
    assert ids(ada) == ["a", "b", "c"]


async def test_x8_a_reader_of_the_log_notices_lost_entries() -> None:
    harness = LossyHub(tail_entries=0)
    ada = await harness.join()
    harness.lose()
    join_task = asyncio.create_task(harness.hub.join("foo", FakeConnection(), ADA, StartPosition(after=1)))
    await harness.settle()
    await join_task
    await run_turns(1)
    await harness.settle()

    await assert_reset_after_close(harness, ada, "a")
    await harness.log.close()


async def assert_new_history(harness: LossyHub, before: FakeConnection, *expected: str) -> None:
    """Check that a resume of a client that left is reset to a new history with these entries."""
    after = await harness.join(StartPosition(after=3, log_id=hello(before).log))
    assert hello(before).log != hello(after).log
    assert hello(after).reset
    assert ids(after) == [*expected]


@pytest.mark.parametrize("rewritten", ["", "xyz"], ids=["behind", "another entry"])
async def test_x8_r5_entries_lost_while_closed_give_a_new_history(harness: LossyHub, rewritten: str) -> None:
    ada = await harness.join()
    await harness.leave()
    harness.lose()
    harness.log.store.append([message(id_) for id_ in rewritten])

    await assert_new_history(harness, ada, "a", *rewritten)


async def test_x8_r5_a_send_to_a_closed_room_notices_lost_entries(harness: LossyHub) -> None:
    ada = await harness.join()
    await harness.leave()
    harness.lose()
    for id_ in ("d", "e"):
        await harness.post(id_)

    await assert_new_history(harness, ada, "a", "d", "e")


async def test_x8_r5_lost_entries_of_a_never_opened_room_are_noticed(harness: LossyHub) -> None:
    for id_ in ("a", "b", "c"):
        await harness.post(id_)
    old_log = harness.log.store.read("foo", 0, None, 10, 1 << 20).log
    harness.lose()
    harness.log.store.append([message("x", sent_at=2), message("y", sent_at=2)])

    assert hello(await harness.join()).log != old_log


async def test_x8_r5_a_closed_room_keeps_its_history_if_nothing_is_lost(harness: LossyHub) -> None:
    ada = await harness.join()
    await harness.leave()
    harness.log.store.append([message(f"{n}") for n in range(60)])
    after = await harness.join(StartPosition(after=3, log_id=hello(ada).log))

    assert (hello(after).log, hello(after).reset, ids(after)[0]) == (hello(ada).log, False, "0")


async def test_x8_closed_rooms_are_checked_after_a_possible_failover(harness: LossyHub) -> None:
    ada = await harness.join()
    await harness.leave()
    harness.lose()
    harness.log.store.append([message("x"), message("y"), message("z")])
    harness.hub._rooms.cluster._dispatcher.on_database_gap(frozenset())
    await harness.settle()

    assert harness.log.store.read("foo", 0, None, 10, 1 << 20).log != hello(ada).log
    await harness.hub._tasks.close(1)


async def test_x8_a7_a_lost_revocation_stays_and_is_stored_again(harness: LossyHub) -> None:
    follow_task = asyncio.create_task(harness.hub.follow_access_records())
    await harness.settle()
    await follow_task
    for revocation in (Revocation(1.0, "ada"), Revocation(2.0, "bob", "foo"), Revocation(3.0, "bob", "bar")):
        revoke_task = asyncio.create_task(harness.hub.revoke(revocation))
        await harness.settle()
        await revoke_task
    harness.lose(REVOCATIONS_ITEM, head=1)
    harness.hub._rooms._cluster._recovery.check_heads([REVOCATIONS_ITEM])
    await harness.settle()

    for sub, item in (("ada", "any"), ("bob", "foo"), ("bob", "bar")):
        with pytest.raises(Refusal):
            harness.revocations.check(sub, item, 1.0, None)
    page = harness.log.store.read(REVOCATIONS_ITEM, 0, None, 10, 1 << 20)
    assert [entry.seq for entry in page.entries] == [1, 2, 3]
    restored = Revocations()
    for entry in page.entries:
        assert entry.body is not UNSET
        restored.add(msgspec.json.decode(entry.body, type=Revocation))
    for sub, item in (("ada", "any"), ("bob", "foo"), ("bob", "bar")):
        with pytest.raises(Refusal):
            restored.check(sub, item, 1.0, None)
