"""Test the rates of sends that a process keeps, by member and item (L2)."""

from alcove.limits import ProcessLimits
from alcove.observability.metrics import process_registry
from alcove.protocol import Limits
from alcove.rooms.hub import Hub
from tests.support.held_log import HeldLog


def eviction_count() -> float:
    """Return how many rates were dropped while they still limited a member."""
    return process_registry.get_sample_value("alcove_limits_reached_total", {"limit": "send_rates"}) or 0


async def test_l2_the_latest_send_rates_are_kept_and_evictions_counted() -> None:
    hub = Hub(HeldLog(), limits=Limits(60_000, 1, 2), process_limits=ProcessLimits(rate_limiters=10))
    before = eviction_count()
    for n in range(25):
        hub.take_send(f"member-{n}", "foo")

    assert eviction_count() == before + 15
