"""Test which credentials and addresses are limited after refusals (L)."""

from alcove.access.refused_credentials import RefusedCredentials
from alcove.errors import Refusal
from alcove.rate_limits import KeyedLimiter


def create_limiter(*, size: int = 100) -> RefusedCredentials:
    """Create a limiter of three refusals of one credential, and two unknown credentials of one address."""
    return RefusedCredentials(KeyedLimiter(0.001, 3, size=size), KeyedLimiter(0.001, 2), size=size)


def try_credential(limiter: RefusedCredentials, credential: str, address: str = "here") -> bool:
    """Try an invalid credential; return False if it is refused without being verified."""
    try:
        limiter.check(credential, address, 0)
    except Refusal:
        return False
    limiter.record_refused(credential, address, 0)
    return True


def test_l_a_repeated_credential_waits_and_costs_its_address_one_refusal() -> None:
    limiter = create_limiter()

    assert [try_credential(limiter, "bad") for _ in range(5)] == [True, True, True, False, False]
    assert [try_credential(limiter, guess) for guess in ("guess", "another")] == [True, False]


def test_l_a_repeated_credential_waits_at_every_address() -> None:
    limiter = create_limiter()

    assert [try_credential(limiter, "bad", f"address {n}") for n in range(4)] == [True, True, True, False]


def test_l_an_accepted_credential_passes_at_a_limited_address() -> None:
    limiter = create_limiter()
    limiter.check("good", "here", 0)
    limiter.record_accepted("good")
    assert [try_credential(limiter, f"guess {n}") for n in range(3)] == [True, True, False]

    limiter.check("good", "here", 0)
    # After a refusal it is treated like any other refused credential.
    limiter.record_refused("good", "here", 0)
    assert [try_credential(limiter, "good") for _ in range(3)] == [True, True, False]


def test_l_only_the_latest_accepted_credentials_are_remembered() -> None:
    limiter = create_limiter(size=10)
    for n in range(20):
        limiter.record_accepted(f"good {n}")
    try_credential(limiter, "guess")
    try_credential(limiter, "another")

    assert [try_credential(limiter, f"good {n}") for n in range(20)] == [False] * 10 + [True] * 10
