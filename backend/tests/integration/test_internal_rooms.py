"""The internal rooms are bounded by the bans and revocations that count, on both engines (A7, W5, W15)."""

import asyncio
import time

import pytest

from alcove import Alcove
from alcove.access.bans import BANS_ITEM, Ban, Bans
from alcove.access.revocations import REVOCATIONS_ITEM, Revocation
from alcove.rooms import ban_log, revocation_log
from tests.support.clients import TIMEOUT_S, pause_briefly
from tests.support.storage import count_rows

BANS = "entries WHERE room = (SELECT room FROM alcove.rooms WHERE item = '!bans')"
REVOCATIONS = BANS.replace(BANS_ITEM, REVOCATIONS_ITEM)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compact from 20 entries on, in snapshots of three bans."""
    monkeypatch.setattr(revocation_log, "_COMPACT_ENTRIES", 20)
    monkeypatch.setattr(ban_log, "_COMPACT_ENTRIES", 20)
    monkeypatch.setattr(ban_log, "_SNAPSHOT_BANS", 3)


def table(alcove: Alcove) -> Bans:
    """Return the table of bans of an Alcove instance."""
    assert alcove._services is not None
    return alcove._services.authenticator._bans


def banned(alcove: Alcove) -> set[str]:
    """Return which members of this test are banned, as the Alcove knows it."""
    bans = table(alcove)
    return {member for member in ("ada", *(f"bob-{n}" for n in range(7))) if bans.get(member, "order-1", 0)}


async def until_short(storage: str, room: str = BANS) -> None:
    """Wait until the room has few entries."""
    async with asyncio.timeout(TIMEOUT_S):
        while await count_rows(storage, room) > 30:
            await pause_briefly()


async def test_w15_the_room_of_bans_stays_short_and_a_restart_knows_every_ban(storage: str) -> None:
    async with Alcove(storage) as alcove:
        for n in range(7):
            await alcove.ban(f"bob-{n}", "order-1", right="write", reason="spam")
        for _ in range(40):
            await alcove.ban("ada", "order-1")
            await alcove.unban("ada", "order-1")
        await alcove.unban("bob-6", "order-1")
        await until_short(storage)
        before = banned(alcove)
    assert before == {f"bob-{n}" for n in range(6)}

    async with Alcove(storage) as restarted:
        assert banned(restarted) == before
        assert table(restarted).get("bob-1", "order-1", 0) == Ban("bob-1", "order-1", "write", reason="spam")


async def test_w15_x1_other_processes_keep_their_bans_while_the_room_is_compacted(postgres_url: str) -> None:
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
        await until_short(postgres_url)
        for alcove in (first, second):
            async with asyncio.timeout(TIMEOUT_S):
                while banned(alcove) != {"bob-1", "bob-4"}:
                    await pause_briefly()


async def test_w15_a_long_room_is_compacted_at_the_start(storage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ban_log, "_COMPACT_ENTRIES", 1000)
    async with Alcove(storage) as alcove:
        for _ in range(25):
            await alcove.ban("ada", "order-1")
            await alcove.unban("ada", "order-1")
    assert await count_rows(storage, BANS) == 50
    monkeypatch.setattr(ban_log, "_COMPACT_ENTRIES", 20)
    async with Alcove(storage):
        await until_short(storage)


def revoked(alcove: Alcove) -> set[tuple[str | None, str | None, str | None, float]]:
    """Return the revocations that an Alcove instance knows; those of a member in one second count the same."""
    assert alcove._services is not None
    current = alcove._services.authenticator._revocations.current()
    return {(revocation.sub, revocation.item, revocation.digest, revocation.not_before) for revocation in current}


async def test_a7_w5_the_room_of_revocations_stays_short_and_a_restart_knows_every_one(storage: str) -> None:
    async with Alcove(storage) as alcove:
        now = time.time()
        for n in range(50):
            await alcove.revoke(f"member-{n % 5}", "order-1" if n % 2 else None)
            await alcove._rooms().revoke(Revocation.of_login(f"ended-{n}", now - 1))
        await alcove._rooms().revoke(Revocation.of_login("login", now + 3600))
        await until_short(storage, REVOCATIONS)
        before = revoked(alcove)
    assert len(before) == 11

    async with Alcove(storage) as restarted:
        assert revoked(restarted) == before


async def test_a7_x1_two_processes_compact_and_revoke_at_once_and_lose_nothing(postgres_url: str) -> None:
    async with (
        Alcove(postgres_url, bus_url=postgres_url) as first,
        Alcove(postgres_url, bus_url=postgres_url) as second,
    ):

        async def revoke(alcove: Alcove, members: str) -> None:
            for n in range(60):
                await alcove.revoke(f"{members}-{n % 4}")

        await asyncio.gather(revoke(first, "ada"), revoke(second, "bob"))
        await until_short(postgres_url, REVOCATIONS)
        async with asyncio.timeout(TIMEOUT_S):
            while revoked(first) != revoked(second):
                await pause_briefly()
        expected = revoked(first)
    async with Alcove(postgres_url, bus_url=postgres_url) as restarted:
        assert revoked(restarted) == expected
        assert len(expected) == 8
