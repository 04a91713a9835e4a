"""Test the limit on the number of closed rooms whose positions are remembered (X8)."""

from typing import cast

from alcove.background import BackgroundTasks
from alcove.observability.metrics import process_registry
from alcove.rooms.closed_rooms import ClosedRoomPositions
from alcove.storage.base import Log, Position


def limit_count() -> float:
    """Return how often the limit was reached in this process."""
    return process_registry.get_sample_value("alcove_limits_reached_total", {"limit": "closed_rooms"}) or 0


def test_x8_the_oldest_closed_room_is_forgotten_at_the_limit() -> None:
    before = limit_count()
    rooms = ClosedRoomPositions(cast("Log", None), BackgroundTasks(), lambda _item, _log: None, limit=2)
    for item in ("a", "b", "a", "c"):
        rooms.remember(item, Position("log", 1, 1000))

    assert {item for item in "abc" if rooms.position(item)} == {"a", "c"}
    assert len(rooms) == 2
    assert limit_count() - before == 1
