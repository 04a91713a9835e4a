"""Test which tokens a revocation covers, and when a client may return with a new one (A7)."""

import time

import pytest

from alcove.access.revocations import Revocation, Revocations
from alcove.errors import Close, Refusal

#: The time of the revocation, with a fraction of a second.
REVOKED_AT = 1_795_000_000.75
LEEWAY_S = 2.0
#: The first whole second that is after that time on every clock within the leeway.
NOT_BEFORE = 1_795_000_003


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Replace the wall clock by a time that the test sets, in a list of one element."""
    clock = [REVOKED_AT]
    monkeypatch.setattr(time, "time", lambda: clock[0])
    return clock


def refusal_of(
    revocations: Revocations, iat: float | None, item: str | None = "foo"
) -> tuple[Close, int | None] | None:
    """Return the close code and `retry_ms` that refuse a token of Ada issued at `iat`, or None if it is accepted."""
    try:
        revocations.check("ada", item, iat, "digest")
    except Refusal as refusal:
        return refusal.close_code, refusal.retry_ms
    return None


def test_a7_not_before_is_later_than_any_clock_within_the_leeway(now: list[float]) -> None:
    for at, not_before in ((REVOKED_AT, NOT_BEFORE), (1000.0, 1003), (1000.999, 1003), (999.999, 1002)):
        now[0] = at
        assert Revocation.of_member("ada", None, LEEWAY_S).not_before == not_before
    now[0] = 1000.0
    assert Revocation.of_member("ada", None, 0).not_before == 1001


@pytest.mark.parametrize(
    "iat",
    [1.0, REVOKED_AT - 1, int(REVOKED_AT), REVOKED_AT, REVOKED_AT + 0.1, REVOKED_AT + LEEWAY_S, NOT_BEFORE - 0.001],
)
def test_a7_a_token_issued_before_is_refused_with_retry_ms(now: list[float], iat: float) -> None:
    revocations = Revocations()
    revocations.add(Revocation.of_member("ada", None, LEEWAY_S))

    assert refusal_of(revocations, iat) == (Close.UNAUTHENTICATED, 2250)
    now[0] = NOT_BEFORE - 0.25
    assert refusal_of(revocations, iat) == (Close.UNAUTHENTICATED, 250)


def test_a7_a_token_issued_after_the_leeway_is_accepted(now: list[float]) -> None:
    revocations = Revocations()
    revocations.add(Revocation.of_member("ada", None, LEEWAY_S))
    now[0] = NOT_BEFORE + 0.01

    assert refusal_of(revocations, NOT_BEFORE) is refusal_of(revocations, NOT_BEFORE + 0.01) is None


def test_a7_an_old_token_is_refused_for_good_after_the_leeway(now: list[float]) -> None:
    revocations = Revocations()
    revocations.add(Revocation.of_member("ada", None, LEEWAY_S))
    now[0] = NOT_BEFORE

    assert (Close.FORBIDDEN, None) == refusal_of(revocations, REVOKED_AT) == refusal_of(revocations, 1)
    # A token issued after the revocation comes from a clock that is behind; the signer's next token may be accepted.
    assert refusal_of(revocations, NOT_BEFORE - 1) == (Close.UNAUTHENTICATED, 1000)
    now[0] = NOT_BEFORE + LEEWAY_S + 1
    assert refusal_of(revocations, NOT_BEFORE - 1) == (Close.FORBIDDEN, None)


def test_a7_a_token_without_iat_is_refused_for_good_at_once(now: list[float]) -> None:  # noqa: ARG001 - the clock stands still
    revocations = Revocations()
    revocations.add(Revocation.of_member("ada", None, LEEWAY_S))

    assert refusal_of(revocations, None) == (Close.FORBIDDEN, None)


def test_a7_an_entry_of_an_earlier_version_covers_the_same_tokens(now: list[float]) -> None:
    revocations = Revocations()
    revocations.add(Revocation(REVOKED_AT, sub="ada"))
    now[0] = REVOKED_AT + 0.5

    assert (Close.FORBIDDEN, None) == refusal_of(revocations, REVOKED_AT) == refusal_of(revocations, None)
    assert refusal_of(revocations, REVOKED_AT + 0.001) is None


def test_a7_an_older_revocation_does_not_weaken_a_newer_one(now: list[float]) -> None:
    revocations = Revocations()
    revocations.add(Revocation.of_member("ada", None, LEEWAY_S))
    for earlier in (Revocation(REVOKED_AT - 100, sub="ada"), Revocation(0, sub="ada", not_before=1)):
        revocations.add(earlier)
    now[0] = NOT_BEFORE + 60

    assert refusal_of(revocations, REVOKED_AT) == (Close.FORBIDDEN, None)


def test_a7_a_revocation_on_one_item_does_not_cover_the_others(now: list[float]) -> None:  # noqa: ARG001 - the clock stands still
    revocations = Revocations()
    revocations.add(Revocation.of_member("ada", "foo", LEEWAY_S))

    assert refusal_of(revocations, 1, "bar") is refusal_of(revocations, 1, None) is None
    assert refusal_of(revocations, 1, "foo") is not None
