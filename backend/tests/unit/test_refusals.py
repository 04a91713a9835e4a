"""Which credentials and addresses have to wait after refusals (L)."""

from alcove.access.refusals import RefusedCredentials
from alcove.errors import Refusal
from alcove.limits import KeyedLimiter


def refusals(*, size: int = 100) -> RefusedCredentials:
    """Allow one credential three refusals, and one address two unknown credentials."""
    return RefusedCredentials(KeyedLimiter(0.001, 3, size=size), KeyedLimiter(0.001, 2), size=size)


def fails(table: RefusedCredentials, credential: str, address: str = "here") -> bool:
    """Try a bad credential; return whether it was looked at, and not turned away before."""
    try:
        table.check(credential, address, 0)
    except Refusal:
        return False
    table.refused(credential, address, 0)
    return True


def test_l_a_repeated_credential_waits_and_costs_its_address_one_refusal() -> None:
    table = refusals()

    assert [True, True, True, False, False] == [fails(table, "bad") for _ in range(5)]
    assert [True, False] == [fails(table, guess) for guess in ("guess", "another")]


def test_l_a_repeated_credential_waits_at_every_address() -> None:
    table = refusals()

    assert [True, True, True, False] == [fails(table, "bad", f"address {number}") for number in range(4)]


def test_l_a_credential_that_was_good_passes_at_an_address_that_has_to_wait() -> None:
    table = refusals()
    table.check("good", "here", 0)
    table.accepted("good")
    assert [True, True, False] == [fails(table, f"guess {number}") for number in range(3)]

    table.check("good", "here", 0)
    # Once it is refused, it is like any other that was.
    table.refused("good", "here", 0)
    assert [True, True, False] == [fails(table, "good") for _ in range(3)]


def test_l_only_the_latest_good_credentials_are_kept() -> None:
    table = refusals(size=10)
    for number in range(20):
        table.accepted(f"good {number}")
    fails(table, "guess")
    fails(table, "another")

    assert [False] * 10 + [True] * 10 == [fails(table, f"good {number}") for number in range(20)]
