"""Test when a failed delivery is retried, and when its item is parked (K3)."""

from hypothesis import given
from hypothesis import strategies as st

from alcove.storage.consumers import Failure
from alcove.webhooks.retries import RetryPolicy

DAY_MS = 86_400_000
THREE_DAYS = RetryPolicy(give_up_ms=3 * DAY_MS)


def fail_until_parked(policy: RetryPolicy, chance: float = 0) -> list[Failure]:
    """Return the failures of an item whose attempts all fail; each attempt is made when it is due."""
    failures = [policy.next_failure(None, "HTTP 500", now=0, chance=chance)]
    while not failures[-1].parked:
        failures.append(policy.next_failure(failures[-1], "HTTP 500", now=failures[-1].due, chance=chance))
    return failures


def test_k3_delays_double_from_a_second_to_an_hour() -> None:
    due_times = [failure.due for failure in fail_until_parked(THREE_DAYS)]
    delays = [later - earlier for earlier, later in zip([0, *due_times], due_times, strict=False)]

    assert delays[:4] == [1000, 2000, 4000, 8000]
    assert max(delays) == 3_600_000
    assert delays[12:-2] == [3_600_000] * len(delays[12:-2])


def test_k3_an_item_is_parked_after_the_attempt_at_three_days() -> None:
    *earlier, last = fail_until_parked(THREE_DAYS)

    assert last == Failure(len(earlier) + 1, 0, 3 * DAY_MS, "HTTP 500", parked=True)
    assert earlier[-1].due == 3 * DAY_MS
    assert not any(failure.parked for failure in earlier)


def test_k5_a_policy_with_limited_attempts_parks_after_the_last() -> None:
    assert [failure.parked for failure in fail_until_parked(RetryPolicy(attempts=3))] == [False, False, True]


def test_k3_retry_after_of_a_receiver_is_honoured_up_to_an_hour() -> None:
    assert THREE_DAYS.next_failure(None, "HTTP 429", now=0, chance=0, wait_ms=30_000).due == 30_000
    assert THREE_DAYS.next_failure(None, "HTTP 429", now=0, chance=0, wait_ms=10**12).due == 3_600_000


@given(st.floats(0, 1), st.integers(1, 200))
def test_k3_jitter_shortens_a_delay_by_at_most_a_fifth(chance: float, attempts: int) -> None:
    failure = Failure(attempts, since=0, due=0, error="")
    jittered_due = RetryPolicy().next_failure(failure, "HTTP 500", now=0, chance=chance).due
    due = RetryPolicy().next_failure(failure, "HTTP 500", now=0, chance=0).due

    assert 0.8 * due - 1 <= jittered_due <= due
