"""How often something may be done, and who goes on regardless (L2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alcove.limits import EXCESS_S, Excess, KeyedLimiter, TokenBucket
from alcove.observability.metrics import registry


def test_l2_a_burst_goes_through_at_once_and_no_more() -> None:
    rate = TokenBucket(20, 60, now=0)

    assert [0] * 60 == [rate.take(0) for _ in range(60)]
    assert rate.take(0) > 0


def test_l2_a_refusal_says_when_the_next_send_is_granted() -> None:
    rate = TokenBucket(20, 1, now=0)
    rate.take(0)
    retry_ms = rate.take(0)

    assert 50 == retry_ms
    assert rate.take(0.049) > 0
    assert 0 == rate.take(0.05)


def test_l2_after_silence_no_more_than_a_burst_is_saved_up() -> None:
    rate = TokenBucket(20, 3, now=0)

    granted = [rate.take(1000) for _ in range(5)].count(0)

    assert 3 == granted


def test_l2_no_rate_is_no_limit() -> None:
    rate = TokenBucket(0, 1, now=0)

    assert {0} == {rate.take(0) for _ in range(100_000)}


def sends(rate: TokenBucket, excess: Excess, now: float) -> bool:
    """Send at `now`; return whether the excess has gone on for too long."""
    retry_ms = rate.take(now)
    return bool(retry_ms) and excess.refused(now, retry_ms)


def test_l2_over_ten_seconds_of_continuous_excess_are_excessive() -> None:
    rate, excess = TokenBucket(20, 60, now=0), Excess()
    tenths = 0
    while not any(sends(rate, excess, tenths / 10) for _ in range(10)):  # 100 sends a second
        tenths += 1

    assert EXCESS_S < tenths / 10 < EXCESS_S + 2


def test_l2_a_second_of_calm_ends_an_excess() -> None:
    rate, excess = TokenBucket(1, 1, now=0), Excess()

    for second in range(0, 60, 2):
        assert [False] * 3 == [sends(rate, excess, second + late) for late in (0, 0, 0.5)]


@pytest.mark.parametrize("gap", [0.0, 0.9])
def test_l2_excess_with_short_breaks_is_continuous(gap: float) -> None:
    rate, excess = TokenBucket(0.001, 1, now=0), Excess()
    rate.take(0)
    now, excessive = 0.0, False
    while now <= EXCESS_S + 2:
        excessive = sends(rate, excess, now)
        now += 0.05 + gap

    assert excessive


@given(st.floats(0.1, 1000), st.integers(1, 100), st.lists(st.floats(0, 3), min_size=1, max_size=200))
def test_l2_never_more_than_burst_and_rate_together_allow(per_s: float, burst: int, pauses: list[float]) -> None:
    rate = TokenBucket(per_s, burst, now=0)
    now = 0.0
    granted = 0
    for pause in pauses:
        now += pause
        granted += rate.take(now) == 0

    assert granted <= burst + now * per_s + 1e-6


def test_l2_who_waits_as_told_is_never_excessive() -> None:
    rate, excess = TokenBucket(20, 1, now=0), Excess()
    now = 0.0
    for _ in range(1000):
        retry_ms = rate.take(now)
        assert not (retry_ms and excess.refused(now, retry_ms))
        now += retry_ms / 1000

    assert now > 2 * EXCESS_S


def test_l2_who_waits_as_told_is_not_in_excess_though_another_connection_takes_all() -> None:
    rate, patient, greedy = TokenBucket(20, 1, now=0), Excess(), Excess()
    now, next_try = 0.0, 0.0
    while now < 3 * EXCESS_S:
        sends(rate, greedy, now)
        if now >= next_try:
            retry_ms = rate.take(now)
            assert not (retry_ms and patient.refused(now, retry_ms))
            next_try = now + retry_ms / 1000
        now += 0.01

    assert greedy.refused(now, 50)


def test_l2_each_key_has_its_rate() -> None:
    rates = KeyedLimiter[str](1, 1)

    assert (0, 0) == (rates.take("a", 0), rates.take("b", 0))
    assert 1000 == rates.take("a", 0) == rates.wait("b", 0)
    assert 0 == rates.wait("nobody", 0)


def test_l2_without_a_limit_nothing_is_kept() -> None:
    rates = KeyedLimiter[int](0, 1)

    assert {0} == {rates.take(key, 0) for key in range(100)}
    assert 0 == len(rates)


def test_l2_a_table_of_rates_keeps_the_latest_ones_and_counts_what_it_forgets_in_use() -> None:
    rates = KeyedLimiter[int](1, 2, size=10, limit="send_rates")
    before = registry.get_sample_value("alcove_limits_reached_total", {"limit": "send_rates"}) or 0
    for key in range(25):
        rates.take(key, 0)

    assert 10 == len(rates)
    assert before + 15 == registry.get_sample_value("alcove_limits_reached_total", {"limit": "send_rates"})
    assert [0, 0] == [rates.take(24, 0), rates.take(0, 0)]
    assert rates.take(24, 0) > 0


def test_l2_idle_rates_are_forgotten_as_new_ones_come() -> None:
    rates = KeyedLimiter[int](1, 1, size=1000)
    for key in range(100):
        rates.take(key, 0)
    for key in range(100, 200):
        rates.take(key, 60)

    assert 100 == len(rates)
