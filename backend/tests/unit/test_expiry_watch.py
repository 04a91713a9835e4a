"""Test that connections are closed at the expiry or revocation of their token (A4, A7, W5)."""

import asyncio
import time
from dataclasses import dataclass, field

import pytest

from alcove.access.expiry import ExpiryWatch
from alcove.access.revocations import Revocation
from alcove.errors import Close, Refusal
from alcove.protocol import Member
from tests.support.memory_rooms import ADA, BOB
from tests.support.virtual_time import elapse, virtual_time

#: The wall clock at the start of each test, in seconds since the epoch.
START = 1_795_000_000.0
#: The maximum time from the expiry of a token to the close of its connection, in seconds.
MARGIN_S = 1.0


@dataclass(eq=False)
class Connection:
    """A connection (Revocable) that records the refusals with which it was ended."""

    refusals: list[Refusal] = field(default_factory=list)

    def end(self, refusal: Refusal) -> None:
        """Record the refusal (Revocable)."""
        self.refusals.append(refusal)

    @property
    def codes(self) -> list[Close]:
        """The close codes of the refusals."""
        return [refusal.close_code for refusal in self.refusals]


def member(expires: float | None = 3600, *, iat: float | None = 0, digest: str = "token", id: str = "ada") -> Member:
    """Create a member; `expires` and `iat` are in seconds after the start."""
    person = {"ada": ADA, "bob": BOB}[id]
    until = None if expires is None else START + expires
    return Member(person, frozenset({"read"}), until, None if iat is None else START + iat, digest)


@pytest.fixture(autouse=True)
def wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the wall clock follow the virtual time."""
    monkeypatch.setattr(time, "time", lambda: START + asyncio.get_running_loop().time())


@virtual_time
async def test_a4_a_connection_is_closed_with_4401_when_its_token_expires() -> None:
    watch = ExpiryWatch()
    connection = Connection()
    watch.watch(connection, member(60), "foo")
    await elapse(59.9)
    assert connection.codes == []

    await elapse(0.1 + MARGIN_S)
    assert connection.codes == [Close.UNAUTHENTICATED]
    await elapse(3600)
    assert len(connection.codes) == 1


@virtual_time
async def test_a4_a_token_expired_in_the_handshake_closes_the_connection() -> None:
    watch = ExpiryWatch()
    connection = Connection()
    watch.watch(connection, member(-5), "foo")
    await elapse(MARGIN_S)

    assert connection.codes == [Close.UNAUTHENTICATED]


@virtual_time
@pytest.mark.parametrize("step", [100.0, 1e6])
async def test_a4_expiry_follows_the_wall_clock_after_it_stepped(monkeypatch: pytest.MonkeyPatch, step: float) -> None:
    """A suspended machine looks the same: the event loop's clock stops, and the wall clock is ahead afterwards."""
    watch = ExpiryWatch()
    expired, valid = Connection(), Connection()
    watch.watch(expired, member(60), "foo")
    watch.watch(valid, member(1e7), "foo")
    await elapse(5)
    monkeypatch.setattr(time, "time", lambda: START + step + asyncio.get_running_loop().time())
    await elapse(MARGIN_S)

    assert (expired.codes, valid.codes) == ([Close.UNAUTHENTICATED], [])


@virtual_time
async def test_a4_setting_the_wall_clock_back_postpones_the_expiry(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = ExpiryWatch()
    connection = Connection()
    watch.watch(connection, member(60), "foo")
    monkeypatch.setattr(time, "time", lambda: START - 100 + asyncio.get_running_loop().time())
    await elapse(159)
    assert connection.codes == []

    await elapse(1 + MARGIN_S)
    assert connection.codes == [Close.UNAUTHENTICATED]


@virtual_time
async def test_a4_closed_connections_take_no_memory() -> None:
    watch = ExpiryWatch()
    valid = Connection()
    watch.watch(valid, member(60), "foo")
    for _ in range(5000):
        closed = Connection()
        watch.watch(closed, member(1e6), "foo")
        watch.forget(closed)

    # The queue is rebuilt once about 1000 of its entries belong to closed connections.
    assert len(watch._expiries) < 2000
    await elapse(60 + MARGIN_S)
    assert valid.codes == [Close.UNAUTHENTICATED]


@virtual_time
async def test_a4_a_new_token_replaces_the_expiry_of_the_old_one() -> None:
    watch = ExpiryWatch()
    longer, shorter = Connection(), Connection()
    for connection in (longer, shorter):
        watch.watch(connection, member(60), "foo")
    watch.watch(longer, member(120), "foo")
    watch.watch(shorter, member(30), "foo")
    await elapse(30 + MARGIN_S)
    assert (longer.codes, shorter.codes) == ([], [Close.UNAUTHENTICATED])

    await elapse(60)
    assert longer.codes == []
    await elapse(30)
    assert longer.codes == [Close.UNAUTHENTICATED]


@virtual_time
async def test_a4_a_forgotten_connection_is_not_ended() -> None:
    watch = ExpiryWatch()
    connection = Connection()
    watch.watch(connection, member(60), "foo")
    assert connection in watch
    watch.forget(connection)
    watch.forget(connection)
    watch.end_revoked(Revocation(START + 1, sub="ada"))
    await elapse(120)

    assert (len(watch), connection.codes) == (0, [])


@virtual_time
async def test_a2_a_connection_without_a_token_is_not_watched() -> None:
    watch = ExpiryWatch()
    connection = Connection()
    watch.watch(connection, member(None), "foo")
    await elapse(1e6)

    assert (len(watch), connection.codes) == (0, [])


@pytest.mark.parametrize(
    ("revocation", "expected"),
    [
        (Revocation(START + 10, sub="ada"), [Close.FORBIDDEN]),
        (Revocation(START + 10, sub="ada", item="foo"), [Close.FORBIDDEN]),
        (Revocation(START + 10, sub="ada", item="bar"), []),
        (Revocation(START + 10, sub="bob"), []),
        (Revocation(START + 5, sub="ada"), [Close.FORBIDDEN]),
        (Revocation(START + 4.9, sub="ada"), []),
        (Revocation(START + 4.9, sub="ada", item="foo"), []),
        (Revocation(START + 4, sub="ada", not_before=int(START) + 6), [Close.FORBIDDEN]),
        (Revocation(START + 2, sub="ada", not_before=int(START) + 5), []),
    ],
)
@virtual_time
async def test_a7_a_revocation_covers_tokens_issued_up_to_it(revocation: Revocation, expected: list[Close]) -> None:
    watch = ExpiryWatch()
    connection = Connection()
    watch.watch(connection, member(iat=5), "foo")
    watch.end_revoked(revocation)

    assert connection.codes == expected


@virtual_time
async def test_a7_every_revocation_covers_a_token_without_iat() -> None:
    watch = ExpiryWatch()
    connection = Connection()
    watch.watch(connection, member(iat=None), "foo")
    watch.end_revoked(Revocation(START - 1e6, sub="ada"))

    assert connection.codes == [Close.FORBIDDEN]


@virtual_time
async def test_a7_a_revocation_closes_exactly_the_members_connections() -> None:
    """A connection that closes at once is forgotten while the others are still checked."""

    class LeavingConnection(Connection):
        def end(self, refusal: Refusal) -> None:
            super().end(refusal)
            watch.forget(self)

    watch = ExpiryWatch()
    connections_of_ada = [LeavingConnection() for _ in range(3)]
    bob, ada_in_bar, ada_without_item = Connection(), Connection(), Connection()
    for ada in connections_of_ada:
        watch.watch(ada, member(), "foo")
    watch.watch(bob, member(id="bob"), "foo")
    watch.watch(ada_in_bar, member(), "bar")
    watch.watch(ada_without_item, member(), None)
    watch.end_revoked(Revocation(START + 1, sub="ada", item="foo"))
    assert [ada.codes for ada in connections_of_ada] == [[Close.FORBIDDEN]] * 3
    assert (bob.codes, ada_in_bar.codes, ada_without_item.codes) == ([], [], [])

    watch.end_revoked(Revocation(START + 1, sub="ada"))
    assert (bob.codes, ada_in_bar.codes, ada_without_item.codes) == ([], [Close.FORBIDDEN], [Close.FORBIDDEN])
    assert [len(ada.codes) for ada in connections_of_ada] == [1] * 3


@virtual_time
async def test_w5_the_end_of_a_login_closes_only_the_connections_of_its_token() -> None:
    watch = ExpiryWatch()
    ended_login, other_login = Connection(), Connection()
    watch.watch(ended_login, member(digest="this"), "foo")
    watch.watch(other_login, member(digest="that"), "foo")
    watch.end_revoked(Revocation(START, digest="this", expires=START + 3600))

    assert (ended_login.codes, other_login.codes) == ([Close.UNAUTHENTICATED], [])
