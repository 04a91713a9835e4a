"""Test joining a room: who is admitted, up to which limits, and the first lines (H5, R1–R6, L3, P1, A7, Z1)."""

import asyncio
import time

import pytest

from alcove.access.authenticator import Authenticator
from alcove.access.revocations import Revocation, Revocations
from alcove.access.tokens import Keys
from alcove.errors import Close, Code, Refusal
from alcove.limits import ProcessLimits, Retention
from alcove.protocol import Entry, Gap, Hello, Member, Person
from alcove.rooms.start_position import StartPosition
from tests.support.fake_connection import FakeConnection
from tests.support.hubs import HubHarness
from tests.support.session_harness import send
from tests.support.turns import run_turns
from tests.support.virtual_time import virtual_time

SECRET = "s" * 32


def member(id: str = "ada", *, expires: float | None = None) -> Member:
    """Create a member; `expires` is the expiry of a token that was issued now, or None without a token."""
    iat, digest = (None, None) if expires is None else (time.time(), f"token of {id}")
    return Member(Person(id, id.title()), frozenset({"read", "write"}), expires, iat, digest)


def hello(socket: FakeConnection) -> Hello:
    """Return the first line that the client received."""
    line = socket.lines[0]
    assert isinstance(line, Hello)
    return line


def seqs(socket: FakeConnection) -> list[int]:
    """Return the seqs of the entries that the client received."""
    return [line.seq for line in socket.lines if isinstance(line, Entry)]


async def write_and_leave(harness: HubHarness, count: int) -> Hello:
    """Send `count` messages, each in its own transaction, and leave; return the `hello`."""
    session, socket = await harness.join(member("writer"))
    for n in range(count):
        session.on_text(send(f"m{n}"))
        await harness.settle()
    session.on_close(1000)
    return hello(socket)


@virtual_time
async def test_h5_p1_hello_comes_first_with_own_rights_and_all_members() -> None:
    harness = HubHarness()
    await harness.join(member("bob"))
    _, socket = await harness.join(member("ada"))
    greeting = hello(socket)

    assert (greeting.you.id, greeting.you.name, greeting.you.can) == ("ada", "Ada", ["read", "write"])
    assert ({person.id for person in greeting.members}, greeting.count) == ({"ada", "bob"}, 2)
    assert (greeting.item, greeting.head, greeting.oldest, greeting.reset) == ("foo", 0, 1, False)
    assert greeting.expires is None
    await harness.close()


@virtual_time
async def test_p1_hello_counts_a_member_with_two_connections_once() -> None:
    harness = HubHarness()
    first, _ = await harness.join(member())
    _, socket = await harness.join(member())
    assert (hello(socket).count, harness.hub.connections) == (1, 2)

    first.on_close(1000)
    _, bob_socket = await harness.join(member("bob"))
    assert hello(bob_socket).count == 2
    await harness.close()


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (StartPosition(), [1, 2, 3, 4, 5]),
        (StartPosition(tail=2), [4, 5]),
        (StartPosition(tail=0), []),
        (StartPosition(after=0), [1, 2, 3, 4, 5]),
        (StartPosition(after=3), [4, 5]),
        (StartPosition(after=5), []),
        (StartPosition(after=0, tail=2), [1, 2, 3, 4, 5]),
    ],
)
@virtual_time
async def test_r1_r2_r6_client_reads_from_its_start_position_to_the_head(
    start: StartPosition, expected: list[int]
) -> None:
    harness = HubHarness()
    await write_and_leave(harness, 5)
    _, socket = await harness.join_at(start, member())

    assert (hello(socket).head, hello(socket).reset) == (5, False)
    assert seqs(socket) == expected
    await harness.close()


@virtual_time
async def test_r5_client_resumes_in_its_log_and_is_reset_in_another() -> None:
    harness = HubHarness()
    log_id = (await write_and_leave(harness, 5)).log
    _, ada_socket = await harness.join_at(StartPosition(after=3, log_id=log_id), member("ada"))
    _, bob_socket = await harness.join_at(StartPosition(after=3, log_id="another", tail=4), member("bob"))

    assert (hello(ada_socket).reset, seqs(ada_socket)) == (False, [4, 5])
    assert (hello(bob_socket).reset, seqs(bob_socket), hello(bob_socket).log) == (True, [2, 3, 4, 5], log_id)
    await harness.close()


@virtual_time
async def test_r5_a_client_ahead_of_the_log_is_reset_to_the_tail() -> None:
    harness = HubHarness()
    await write_and_leave(harness, 5)
    _, socket = await harness.join_at(StartPosition(after=6, tail=1), member())

    assert (hello(socket).reset, hello(socket).head, seqs(socket)) == (True, 5, [5])
    await harness.close()


@virtual_time
async def test_r4_only_a_resuming_client_gets_a_gap() -> None:
    harness = HubHarness(Retention(entries=2))
    await write_and_leave(harness, 5)
    _, resumed = await harness.join_at(StartPosition(after=1), member("ada"))
    _, new_reader = await harness.join_at(StartPosition(), member("bob"))

    assert ([line for line in resumed.lines if isinstance(line, Gap)], seqs(resumed)) == ([Gap(2, 3)], [4, 5])
    assert ([line for line in new_reader.lines if isinstance(line, Gap)], seqs(new_reader)) == ([], [4, 5])
    assert 4 == hello(resumed).oldest == hello(new_reader).oldest
    await harness.close()


@virtual_time
async def test_l3_a_full_process_refuses_with_1013_until_a_member_leaves() -> None:
    harness = HubHarness(process_limits=ProcessLimits(connections=2))
    first, _ = await harness.join(member("ada"), item="foo")
    await harness.join(member("bob"), item="bar")
    refusal = await harness.expect_refusal(member("cyd"))
    assert (refusal.code, refusal.close_code) == (Code.AT_CAPACITY, Close.AT_CAPACITY)
    assert refusal.retry_ms
    assert harness.hub.connections == 2

    first.on_close(1000)
    await harness.join(member("cyd"))
    assert harness.hub.connections == 2
    await harness.close()


@virtual_time
async def test_l3_joins_waiting_for_storage_are_counted() -> None:
    harness = HubHarness(process_limits=ProcessLimits(connections=2))
    join_tasks = [
        asyncio.create_task(harness.hub.join("foo", FakeConnection(), member(id_), StartPosition()))
        for id_ in ("ada", "bob", "cyd")
    ]
    await run_turns()
    assert isinstance(join_tasks[2].exception(), Refusal)

    await harness.settle()
    assert [task.done() and task.exception() is None for task in join_tasks[:2]] == [True, True]
    await harness.close()


@virtual_time
async def test_l3_connections_of_a_member_are_limited_per_item() -> None:
    harness = HubHarness(process_limits=ProcessLimits(member_connections=2))
    first, _ = await harness.join(member())
    await harness.join(member())
    refusal = await harness.expect_refusal(member())
    assert (refusal.code, refusal.close_code) == (Code.TOO_MANY, Close.TOO_MANY)
    assert refusal.retry_ms

    await harness.join(member(), item="bar")
    await harness.join(member("bob"))
    first.on_close(1000)
    await harness.join(member())
    assert harness.hub.connections == 4
    await harness.close()


@virtual_time
async def test_l3_a_refused_connection_leaves_no_trace() -> None:
    harness = HubHarness(process_limits=ProcessLimits(member_connections=0))
    await harness.expect_refusal(member(expires=time.time() + 3600))

    assert (harness.hub._rooms.all(), harness.hub.connections, len(harness.hub._expiry)) == ([], 0, 0)
    await harness.close()


@virtual_time
async def test_d1_a_room_leaves_memory_with_its_last_connection() -> None:
    harness = HubHarness()
    first, _ = await harness.join(member("ada"))
    second, _ = await harness.join(member("bob"))
    first.on_close(1000)
    assert set(harness.hub._rooms.items()) == {"foo"}

    second.on_close(1006)
    assert (harness.hub._rooms.all(), harness.hub.connections) == ([], 0)
    await harness.close()


@virtual_time
async def test_a4_hello_has_the_expiry_and_closing_ends_the_watch() -> None:
    harness = HubHarness()
    expires = float(int(time.time()) + 3600)
    session, socket = await harness.join(member(expires=expires))
    assert (hello(socket).expires, len(harness.hub._expiry)) == (int(expires * 1000), 1)

    session.on_close(1000)
    assert len(harness.hub._expiry) == 0
    await harness.close()


@pytest.mark.parametrize(
    ("revocation", "expected"),
    [
        (Revocation(time.time() + 3600, sub="ada"), Close.FORBIDDEN),
        (Revocation(time.time() + 3600, sub="ada", item="foo"), Close.FORBIDDEN),
        (Revocation(time.time(), digest="token of ada", expires=time.time() + 3600), Close.UNAUTHENTICATED),
        (Revocation(time.time() + 3600, sub="ada", item="bar"), None),
        (Revocation(time.time() + 3600, sub="bob"), None),
    ],
)
@virtual_time
async def test_a7_w5_revocation_during_a_join_refuses_the_connection(
    revocation: Revocation, expected: Close | None
) -> None:
    revocations = Revocations()
    harness = HubHarness(authenticator=Authenticator(Keys(SECRET, None, 0), revocations))
    join_task = asyncio.create_task(
        harness.hub.join("foo", FakeConnection(), member(expires=time.time() + 3600), StartPosition())
    )
    await run_turns()
    revocations.add(revocation)
    await harness.settle()

    error = join_task.exception()
    assert (error.close_code if isinstance(error, Refusal) else None) == expected
    assert harness.hub.connections == len(harness.hub._expiry) == (1 if expected is None else 0)
    await harness.close()


@virtual_time
async def test_z1_draining_server_refuses_with_1012_without_a_query() -> None:
    harness = HubHarness()
    await harness.hub.drain()
    refusal = await harness.expect_refusal(member())

    assert refusal.close_code == Close.RESTART
    assert refusal.retry_ms
    assert (harness.log.pending_calls, harness.hub.connections) == ([], 0)
    await harness.close()
