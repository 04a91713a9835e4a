"""Test which items a consumer delivers next, and which positions it stores (K2, K3)."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from alcove.storage.consumers import Failure, ItemPosition
from alcove.webhooks.schedule import Schedule


def create_position(
    item: str, seq: int = 0, head: int = 1, failure: Failure | None = None, revision: int = 0
) -> ItemPosition:
    """Create the position of an item in the log `log`."""
    return ItemPosition(item, "log", head, seq, revision, failure)


def create_failure(due: int, *, parked: bool = False) -> Failure:
    """Create the first failure of an item; its retry is due at `due`, in ms."""
    return Failure(1, 0, due, "HTTP 500", parked)


def create_schedule(*positions: ItemPosition, max_items: int = 100, max_deliveries: int = 4) -> Schedule:
    """Create a schedule with these positions."""
    schedule = Schedule(max_items=max_items, max_deliveries=max_deliveries)
    for position in positions:
        schedule.add(position)
    return schedule


def start_all(schedule: Schedule, now: int = 0) -> list[str]:
    """Start every delivery that can start, and return the items."""
    started = []
    while (position := schedule.start_next(now)) is not None:
        started.append(position.item)
    return started


def test_k2_items_are_delivered_in_parallel_each_once_at_a_time() -> None:
    schedule = create_schedule(create_position("a"), create_position("b"), create_position("c"), max_deliveries=2)
    assert start_all(schedule) == ["a", "b"]
    schedule.record_head("a", 7)
    assert start_all(schedule) == []

    schedule.record_delivered("a", 1)
    schedule.finish("a")

    assert start_all(schedule) == ["c"]
    schedule.finish("b")
    assert start_all(schedule) == ["a"]


def test_k2_a_delivered_item_is_idle_until_its_log_grows() -> None:
    schedule = create_schedule(create_position("a"))
    assert start_all(schedule) == ["a"]
    schedule.record_delivered("a", 1)
    schedule.finish("a")
    assert (start_all(schedule), schedule.pending) == ([], 0)

    schedule.record_head("a", 2)

    assert start_all(schedule) == ["a"]


def test_k2_failing_items_leave_half_of_the_slots_to_others() -> None:
    schedule = create_schedule(
        *(create_position(f"bad-{n}", failure=create_failure(0)) for n in range(9)), max_deliveries=4
    )
    assert len(start_all(schedule)) == 2
    schedule.add(create_position("good"))
    assert start_all(schedule) == ["good"]


def test_k3_a_retry_waits_until_it_is_due() -> None:
    schedule = create_schedule(create_position("a", failure=create_failure(500)))
    assert (start_all(schedule, 499), schedule.next_due()) == ([], 500)
    assert start_all(schedule, 500) == ["a"]
    schedule.record_failure("a", create_failure(900))
    schedule.finish("a")
    assert (start_all(schedule, 899), schedule.next_due()) == ([], 900)


def test_k3_a_parked_item_is_neither_retried_nor_pending() -> None:
    schedule = create_schedule(create_position("a"))
    assert start_all(schedule) == ["a"]
    schedule.record_failure("a", create_failure(0, parked=True))
    schedule.finish("a")
    schedule.record_head("a", 9)
    assert (start_all(schedule, 10**15), schedule.next_due(), schedule.pending) == ([], None, 0)


def test_k3_a_response_retries_items_of_an_unreachable_receiver() -> None:
    schedule = create_schedule(create_position("a"), create_position("b"), create_position("c"))
    assert start_all(schedule) == ["a", "b", "c"]
    schedule.record_failure("a", create_failure(10**9), unreachable=True)
    schedule.record_failure("b", create_failure(10**9))
    schedule.finish("a")
    schedule.finish("b")
    assert start_all(schedule) == []

    schedule.record_delivered("c", 1)
    schedule.finish("c")

    assert start_all(schedule) == ["a"]


def test_k2_a_full_schedule_reports_an_overflow() -> None:
    schedule = create_schedule(create_position("a"), create_position("b"), max_items=2)
    schedule.record_head("c", 1)
    assert schedule.take_unloaded(9) == ["c"]
    assert schedule.take_unloaded(9) == []
    schedule.add(create_position("c"))
    assert (len(schedule), schedule.overflowed) == (2, True)

    assert start_all(schedule) == ["a", "b"]
    schedule.record_delivered("a", 1)
    schedule.finish("a")
    schedule.add(create_position("c"))
    assert start_all(schedule) == []  # the position of "a" is not stored yet, so it cannot be dropped
    changes = schedule.positions_to_store(9)
    schedule.record_stored(changes, {"a"})
    schedule.add(create_position("c"))
    assert start_all(schedule) == ["c"]


def test_k2_only_the_latest_change_of_an_item_counts_as_stored() -> None:
    schedule = create_schedule(create_position("a", head=3))
    assert start_all(schedule) == ["a"]
    schedule.record_delivered("a", 1)
    changes = schedule.positions_to_store(9)
    schedule.record_delivered("a", 2)

    schedule.record_stored(changes, {"a"})

    assert [position.seq for position, _ in schedule.positions_to_store(9)] == [2]
    schedule.record_stored(schedule.positions_to_store(9), {"a"})
    assert not schedule.has_changes


def test_k3_an_item_changed_by_an_operator_is_read_again() -> None:
    schedule = create_schedule(create_position("a", head=3))
    assert start_all(schedule) == ["a"]
    schedule.record_delivered("a", 1)

    schedule.record_stored(schedule.positions_to_store(9), set())  # storage has another revision

    assert schedule.position("a") is None
    schedule.record_delivered("a", 2)
    schedule.finish("a")
    assert (schedule.take_unloaded(9), schedule.has_changes) == (["a"], False)
    schedule.add(create_position("a", seq=2, head=3, revision=1))
    assert start_all(schedule) == ["a"]


def test_k3_all_items_with_a_failure_can_be_read_again() -> None:
    schedule = create_schedule(
        create_position("a", failure=create_failure(500)),
        create_position("b", failure=create_failure(0, parked=True)),
        create_position("c", seq=1),
    )
    schedule.reload_failing()
    assert sorted(schedule.take_unloaded(9)) == ["a", "b"]


def test_k2_a_room_with_another_history_is_read_again() -> None:
    schedule = create_schedule(create_position("a", seq=1), create_position("b"))
    assert start_all(schedule) == ["b"]
    schedule.record_head("a", 0)
    schedule.record_head("b", -1)
    assert schedule.take_unloaded(9) == ["a"]
    assert schedule.position("b") is None
    schedule.finish("b")
    assert schedule.take_unloaded(9) == ["b"]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["commit", "ok", "fail", "store", "takeover"]))))
def test_k2_no_order_of_events_loses_or_reorders_entries(  # noqa: C901 - the model is one piece
    steps: list[tuple[str, str]],
) -> None:
    """Compare with a model: storage is a dictionary, and every item is delivered in order up to its head."""
    heads: Counter[str] = Counter()
    stored: dict[str, ItemPosition] = {}
    delivered: dict[str, list[int]] = {item: [] for item in "abcdef"}
    schedule = Schedule(max_items=3, max_deliveries=2)
    in_flight: list[str] = []
    now = 0

    def load_position(item: str) -> ItemPosition:
        position = stored.get(item, create_position(item))
        return create_position(item, position.seq, heads[item], position.failure, position.revision)

    def run_deliveries(outcome: str) -> None:
        for item in schedule.take_unloaded(9):
            schedule.add(load_position(item))
        while (position := schedule.start_next(now)) is not None:
            in_flight.append(position.item)
        for item in list(in_flight):
            position = schedule.position(item)
            if position is not None and position.seq < position.head:
                if outcome == "ok":
                    delivered[item].append(position.seq + 1)
                    schedule.record_delivered(item, position.seq + 1)
                else:
                    schedule.record_failure(item, create_failure(now + 1))
            in_flight.remove(item)
            schedule.finish(item)

    def store_changes() -> None:
        changes = schedule.positions_to_store(9)
        for position, _ in changes:
            stored[position.item] = position
        schedule.record_stored(changes, {position.item for position, _ in changes})

    for item, step in steps:
        now += 1
        if step == "commit":
            heads[item] += 1
            schedule.record_head(item, heads[item])
        elif step == "store":
            store_changes()
        elif step == "takeover":  # by another process, which knows only the heads
            schedule, in_flight = Schedule(max_items=3, max_deliveries=2), []
            for other_item, head in heads.items():
                schedule.record_head(other_item, head)
        else:
            run_deliveries(step)
    for _ in range(40):  # enough turns to deliver everything
        now += 2
        run_deliveries("ok")
        store_changes()
        for other_item in heads:
            schedule.add(load_position(other_item))
    for item, seqs in delivered.items():
        assert set(seqs) == set(range(1, heads[item] + 1))
        for earlier, later in pairwise(seqs):
            assert later <= earlier + 1
