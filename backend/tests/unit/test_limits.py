"""How fast one connection may send (L2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alcove.limits import EXCESS_S, Rate


def test_l2_a_burst_goes_through_at_once_and_no_more() -> None:
    rate = Rate(20, 60, now=0)

    assert [0] * 60 == [rate.take(0) for _ in range(60)]
    assert rate.take(0) > 0


def test_l2_a_refusal_says_when_the_next_send_is_granted() -> None:
    rate = Rate(20, 1, now=0)
    rate.take(0)
    retry_ms = rate.take(0)

    assert 50 == retry_ms
    assert rate.take(0.049) > 0
    assert 0 == rate.take(0.05)


def test_l2_after_silence_no_more_than_a_burst_is_saved_up() -> None:
    rate = Rate(20, 3, now=0)

    granted = [rate.take(1000) for _ in range(5)].count(0)

    assert 3 == granted


def test_l2_no_rate_is_no_limit() -> None:
    rate = Rate(0, 1, now=0)

    assert {0} == {rate.take(0) for _ in range(100_000)}
    assert not rate.excessive()


def test_l2_over_ten_seconds_of_continuous_excess_are_excessive() -> None:
    rate = Rate(20, 60, now=0)
    tenths = 0
    while not rate.excessive():
        for _ in range(10):  # 100 sends a second
            rate.take(tenths / 10)
        tenths += 1

    assert EXCESS_S < (tenths - 1) / 10 < EXCESS_S + 2


def test_l2_a_second_of_calm_ends_an_excess() -> None:
    rate = Rate(1, 1, now=0)
    for second in range(0, 60, 2):
        rate.take(second)
        rate.take(second)
        rate.take(second + 0.5)

        assert not rate.excessive()


@pytest.mark.parametrize("gap", [0.0, 0.9])
def test_l2_excess_with_short_breaks_is_continuous(gap: float) -> None:
    rate = Rate(0.001, 1, now=0)
    rate.take(0)
    now = 0.0
    while now <= EXCESS_S + 2:
        rate.take(now)
        now += 0.05 + gap

    assert rate.excessive()


@given(st.floats(0.1, 1000), st.integers(1, 100), st.lists(st.floats(0, 3), min_size=1, max_size=200))
def test_l2_never_more_than_burst_and_rate_together_allow(per_s: float, burst: int, pauses: list[float]) -> None:
    rate = Rate(per_s, burst, now=0)
    now = 0.0
    granted = 0
    for pause in pauses:
        now += pause
        granted += rate.take(now) == 0

    assert granted <= burst + now * per_s + 1e-6


def test_l2_who_waits_as_told_is_never_excessive() -> None:
    rate = Rate(20, 1, now=0)
    now = 0.0
    for _ in range(1000):
        now += rate.take(now) / 1000

    assert now > 2 * EXCESS_S
    assert not rate.excessive()
