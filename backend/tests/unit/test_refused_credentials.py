"""Test which credentials and addresses are limited after refusals (L)."""

from alcove.access.refused_credentials import RefusedCredentials
from alcove.errors import Refusal
from alcove.rate_limits import KeyedLimiter


def a_limiter(*, size: int = 100) -> RefusedCredentials:
    """Allow three refusals of one credential, and two unknown credentials of one address."""
    return RefusedCredentials(KeyedLimiter(0.001, 3, size=size), KeyedLimiter(0.001, 2), size=size)


def is_checked(limiter: RefusedCredentials, credential: str, address: str = "here") -> bool:
    """Try an invalid credential; return whether it would be verified, not refused before that."""
    try:
        limiter.check(credential, address, 0)
    except Refusal:
        return False
    limiter.record_refused(credential, address, 0)
    return True


def test_l_a_repeated_credential_waits_and_costs_its_address_one_refusal() -> None:
    limiter = a_limiter()

    assert [is_checked(limiter, "bad") for _ in range(5)] == [True, True, True, False, False]
    assert [is_checked(limiter, guess) for guess in ("guess", "another")] == [True, False]


def test_l_a_repeated_credential_waits_at_every_address() -> None:
    limiter = a_limiter()

    assert [is_checked(limiter, "bad", f"address {number}") for number in range(4)] == [True, True, True, False]


def test_l_a_credential_that_was_accepted_passes_at_an_address_that_has_to_wait() -> None:
    limiter = a_limiter()
    limiter.check("good", "here", 0)
    limiter.record_accepted("good")
    assert [is_checked(limiter, f"guess {number}") for number in range(3)] == [True, True, False]

    limiter.check("good", "here", 0)
    # After a refusal it is treated like any other refused credential.
    limiter.record_refused("good", "here", 0)
    assert [is_checked(limiter, "good") for _ in range(3)] == [True, True, False]


def test_l_only_the_latest_accepted_credentials_are_remembered() -> None:
    limiter = a_limiter(size=10)
    for number in range(20):
        limiter.record_accepted(f"good {number}")
    is_checked(limiter, "guess")
    is_checked(limiter, "another")

    assert [is_checked(limiter, f"good {number}") for number in range(20)] == [False] * 10 + [True] * 10
