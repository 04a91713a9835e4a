"""Test token buckets, keyed limiters, and the detection of connections that ignore `retry_ms` (L2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alcove.rate_limits import EXCESS_S, ExcessDetector, KeyedLimiter, TokenBucket


def test_l2_a_burst_is_granted_at_once_and_no_more() -> None:
    bucket = TokenBucket(20, 60, now=0)

    assert [bucket.take(0) for _ in range(60)] == [0] * 60
    assert bucket.take(0) > 0


def test_l2_a_refusal_has_the_delay_until_the_next_send() -> None:
    bucket = TokenBucket(20, 1, now=0)
    bucket.take(0)
    retry_ms = bucket.take(0)

    assert retry_ms == 50
    assert bucket.take(0.049) > 0
    assert bucket.take(0.05) == 0


def test_l2_a_pause_saves_no_more_than_a_burst() -> None:
    bucket = TokenBucket(20, 3, now=0)

    granted = [bucket.take(1000) for _ in range(5)].count(0)

    assert granted == 3


def test_l2_a_rate_of_zero_is_no_limit() -> None:
    bucket = TokenBucket(0, 1, now=0)

    assert {bucket.take(0) for _ in range(100_000)} == {0}


def send_in_excess(bucket: TokenBucket, excess: ExcessDetector, now: float) -> bool:
    """Send at `now`; return whether the excess has lasted too long."""
    retry_ms = bucket.take(now)
    return bool(retry_ms) and excess.record_refusal(now, retry_ms)


def test_l2_ten_seconds_of_continuous_excess_are_too_long() -> None:
    bucket = TokenBucket(20, 60, now=0)
    excess = ExcessDetector()
    ticks = 0  # of 0.1 s
    while not any(send_in_excess(bucket, excess, ticks / 10) for _ in range(10)):  # 100 sends a second
        ticks += 1

    assert EXCESS_S < ticks / 10 < EXCESS_S + 2


def test_l2_a_second_without_early_sends_ends_an_excess() -> None:
    bucket = TokenBucket(1, 1, now=0)
    excess = ExcessDetector()

    for second in range(0, 60, 2):
        assert [send_in_excess(bucket, excess, second + delay_s) for delay_s in (0, 0, 0.5)] == [False] * 3


@pytest.mark.parametrize("gap", [0.0, 0.9])
def test_l2_excess_with_short_breaks_is_continuous(gap: float) -> None:
    bucket = TokenBucket(0.001, 1, now=0)
    excess = ExcessDetector()
    bucket.take(0)
    now = 0.0
    excessive = False
    while now <= EXCESS_S + 2:
        excessive = send_in_excess(bucket, excess, now)
        now += 0.05 + gap

    assert excessive


@given(st.floats(0.1, 1000), st.integers(1, 100), st.lists(st.floats(0, 3), min_size=1, max_size=200))
def test_l2_never_grants_more_than_burst_and_rate_allow(per_s: float, burst: int, pauses: list[float]) -> None:
    bucket = TokenBucket(per_s, burst, now=0)
    now = 0.0
    granted = 0
    for pause in pauses:
        now += pause
        granted += bucket.take(now) == 0

    assert granted <= burst + now * per_s + 1e-6


def test_l2_a_connection_that_waits_retry_ms_is_never_in_excess() -> None:
    bucket = TokenBucket(20, 1, now=0)
    excess = ExcessDetector()
    now = 0.0
    for _ in range(1000):
        retry_ms = bucket.take(now)
        assert not (retry_ms and excess.record_refusal(now, retry_ms))
        now += retry_ms / 1000

    assert now > 2 * EXCESS_S


def test_l2_a_waiting_connection_is_not_in_excess_beside_a_greedy_one() -> None:
    bucket = TokenBucket(20, 1, now=0)
    patient_client, greedy_client = ExcessDetector(), ExcessDetector()
    now = next_try = 0.0
    while now < 3 * EXCESS_S:
        send_in_excess(bucket, greedy_client, now)
        if now >= next_try:
            retry_ms = bucket.take(now)
            assert not (retry_ms and patient_client.record_refusal(now, retry_ms))
            next_try = now + retry_ms / 1000
        now += 0.01

    assert greedy_client.record_refusal(now, 50)


def test_l2_each_key_has_its_own_bucket() -> None:
    limiter = KeyedLimiter[str](1, 1)

    assert (limiter.take("a", 0), limiter.take("b", 0)) == (0, 0)
    assert 1000 == limiter.take("a", 0) == limiter.wait_ms("b", 0)
    assert limiter.wait_ms("unused", 0) == 0


def test_l2_a_limiter_without_a_limit_keeps_no_buckets() -> None:
    limiter = KeyedLimiter[int](0, 1)

    assert {limiter.take(key, 0) for key in range(100)} == {0}
    assert len(limiter) == 0


def test_l2_a_limiter_keeps_the_latest_keys_and_reports_the_evicted_ones() -> None:
    evicted = list[None]()
    limiter = KeyedLimiter[int](1, 2, size=10, on_evicted=lambda: evicted.append(None))
    for key in range(25):
        limiter.take(key, 0)

    assert len(limiter) == 10
    assert len(evicted) == 15
    assert [limiter.take(24, 0), limiter.take(0, 0)] == [0, 0]
    assert limiter.take(24, 0) > 0


def test_l2_full_buckets_are_dropped_when_new_keys_arrive() -> None:
    limiter = KeyedLimiter[int](1, 1, size=1000)
    for key in range(100):
        limiter.take(key, 0)
    for key in range(100, 200):
        limiter.take(key, 60)

    assert len(limiter) == 100
