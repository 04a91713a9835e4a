"""Test that the internal rooms of bans and revocations are compacted, with both storage engines (A7, W5, W15)."""

import asyncio
import time

import pytest

from alcove import Alcove
from alcove.access.bans import BANS_ITEM, Ban, Bans
from alcove.access.revocations import REVOCATIONS_ITEM, Revocation
from alcove.rooms import ban_log, revocation_log
from alcove.rooms.directory import RoomDirectory
from tests.support.clients import TIMEOUT_S, pause_briefly
from tests.support.storage import count_rows

#: The entries of the room of bans: a table and a condition for `rows`.
BANS = "entries WHERE room = (SELECT room FROM alcove.rooms WHERE item = '!bans')"
REVOCATIONS = BANS.replace(BANS_ITEM, REVOCATIONS_ITEM)


@pytest.fixture(autouse=True)
def low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compact from 20 entries on, in snapshots of three bans."""
    monkeypatch.setattr(revocation_log, "_COMPACT_ENTRIES", 20)
    monkeypatch.setattr(ban_log, "_COMPACT_ENTRIES", 20)
    monkeypatch.setattr(ban_log, "_SNAPSHOT_BANS", 3)


def ban_table(alcove: Alcove) -> Bans:
    """Return the table of bans of an Alcove instance."""
    assert alcove._services is not None
    return alcove._services.authenticator._bans


def banned_members(alcove: Alcove) -> set[str]:
    """Return the members of this test that an Alcove instance knows as banned."""
    table = ban_table(alcove)
    return {member for member in ("ada", *(f"bob-{n}" for n in range(7))) if table.get(member, "order-1", 0)}


async def wait_until_compacted(storage: str, table: str = BANS) -> None:
    """Wait until the room has at most 30 entries, more than a compacted one has."""
    async with asyncio.timeout(TIMEOUT_S):
        while await count_rows(storage, table) > 30:
            await pause_briefly()


async def test_w15_ban_room_is_compacted_and_bans_survive_a_restart(storage: str) -> None:
    async with Alcove(storage) as alcove:
        for n in range(7):
            await alcove.ban(f"bob-{n}", "order-1", right="write", reason="spam")
        for _ in range(40):
            await alcove.ban("ada", "order-1")
            await alcove.unban("ada", "order-1")
        await alcove.unban("bob-6", "order-1")
        await wait_until_compacted(storage)
        before = banned_members(alcove)
    assert before == {f"bob-{n}" for n in range(6)}

    async with Alcove(storage) as restarted:
        assert banned_members(restarted) == before
        assert ban_table(restarted).get("bob-1", "order-1", 0) == Ban("bob-1", "order-1", "write", reason="spam")


async def test_w15_x1_compaction_keeps_the_bans_of_all_processes(postgres_url: str) -> None:
    async with (
        Alcove(postgres_url, bus_url=postgres_url) as first,
        Alcove(postgres_url, bus_url=postgres_url) as second,
    ):
        await first.ban("bob-1", "order-1")

        async def ban_and_lift(alcove: Alcove, member: str) -> None:
            for _ in range(30):
                await alcove.ban(member, "order-1")
                await alcove.unban(member, "order-1")

        await asyncio.gather(ban_and_lift(first, "bob-2"), ban_and_lift(second, "bob-3"))
        await second.ban("bob-4", "order-1")
        await wait_until_compacted(postgres_url)
        for alcove in (first, second):
            async with asyncio.timeout(TIMEOUT_S):
                while banned_members(alcove) != {"bob-1", "bob-4"}:
                    await pause_briefly()


async def test_w15_long_ban_room_is_compacted_at_the_start(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ban_log, "_COMPACT_ENTRIES", 1000)
    async with Alcove(storage) as alcove:
        for _ in range(25):
            await alcove.ban("ada", "order-1")
            await alcove.unban("ada", "order-1")
    assert await count_rows(storage, BANS) == 50
    monkeypatch.setattr(ban_log, "_COMPACT_ENTRIES", 20)
    async with Alcove(storage):
        await wait_until_compacted(storage)


async def test_w15_bans_stored_during_a_compaction_are_compacted_after_it(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, released = asyncio.Event(), asyncio.Event()
    remove_before = RoomDirectory.remove_before

    async def remove_once_released(rooms: RoomDirectory, item: str, seq: int) -> int:
        started.set()
        await released.wait()
        return await remove_before(rooms, item, seq)

    monkeypatch.setattr(RoomDirectory, "remove_before", remove_once_released)
    async with Alcove(storage) as alcove:
        for _ in range(25):
            await alcove.ban("ada", "order-1")
            await alcove.unban("ada", "order-1")
        await started.wait()
        for _ in range(25):
            await alcove.ban("ada", "order-1")
            await alcove.unban("ada", "order-1")
        released.set()
        await wait_until_compacted(storage)


def known_revocations(alcove: Alcove) -> set[tuple[str | None, str | None, str | None, float]]:
    """Return the revocations that an Alcove instance knows; those of a member in one second count the same."""
    assert alcove._services is not None
    current = alcove._services.authenticator._revocations.current()
    return {(revocation.sub, revocation.item, revocation.digest, revocation.not_before) for revocation in current}


async def test_a7_w5_revocation_room_is_compacted_and_survives_a_restart(storage: str) -> None:
    async with Alcove(storage) as alcove:
        now = time.time()
        for n in range(50):
            await alcove.revoke(f"member-{n % 5}", "order-1" if n % 2 else None)
            await alcove._rooms().revoke(Revocation.of_login(f"ended-{n}", now - 1))
        await alcove._rooms().revoke(Revocation.of_login("login", now + 3600))
        await wait_until_compacted(storage, REVOCATIONS)
        before = known_revocations(alcove)
    # Two of each of five members, and the login that has not expired.
    assert len(before) == 11

    async with Alcove(storage) as restarted:
        assert known_revocations(restarted) == before


async def test_a7_x1_concurrent_revocations_survive_compaction(postgres_url: str) -> None:
    async with (
        Alcove(postgres_url, bus_url=postgres_url) as first,
        Alcove(postgres_url, bus_url=postgres_url) as second,
    ):

        async def revoke(alcove: Alcove, members: str) -> None:
            for n in range(60):
                await alcove.revoke(f"{members}-{n % 4}")

        await asyncio.gather(revoke(first, "ada"), revoke(second, "bob"))
        await wait_until_compacted(postgres_url, REVOCATIONS)
        async with asyncio.timeout(TIMEOUT_S):
            while known_revocations(first) != known_revocations(second):
                await pause_briefly()
        expected = known_revocations(first)
    async with Alcove(postgres_url, bus_url=postgres_url) as restarted:
        assert known_revocations(restarted) == expected
        # One of each of eight members.
        assert len(expected) == 8
