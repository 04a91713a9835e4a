"""Test which items a consumer delivers next, and which positions it stores (K2, K3)."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from alcove.storage.consumers import Failure, ItemPosition
from alcove.webhooks.schedule import Schedule


def position_of(
    item: str, seq: int = 0, head: int = 1, failure: Failure | None = None, revision: int = 0
) -> ItemPosition:
    """Return a position."""
    return ItemPosition(item, "log", head, seq, revision, failure)


def failure_due(due: int, *, parked: bool = False) -> Failure:
    """Return a failure whose retry is due at `due`."""
    return Failure(1, 0, due, "HTTP 500", parked)


def schedule_of(*positions: ItemPosition, items: int = 100, at_once: int = 4) -> Schedule:
    """Return a schedule that has these positions."""
    schedule = Schedule(max_items=items, max_deliveries=at_once)
    for position in positions:
        schedule.add(position)
    return schedule


def start_all(schedule: Schedule, now: int = 0) -> list[str]:
    """Start every delivery that can start, and return the items."""
    started = []
    while (position := schedule.start_next(now)) is not None:
        started.append(position.item)
    return started


def test_k2_items_are_delivered_side_by_side_each_once_at_a_time() -> None:
    schedule = schedule_of(position_of("a"), position_of("b"), position_of("c"), at_once=2)
    assert start_all(schedule) == ["a", "b"]
    schedule.record_head("a", 7)
    assert start_all(schedule) == []

    schedule.record_delivered("a", 1)
    schedule.finish("a")

    assert start_all(schedule) == ["c"]
    schedule.finish("b")
    assert start_all(schedule) == ["a"]


def test_k2_an_item_that_is_delivered_up_to_its_head_is_idle_until_its_log_grows() -> None:
    schedule = schedule_of(position_of("a"))
    assert start_all(schedule) == ["a"]
    schedule.record_delivered("a", 1)
    schedule.finish("a")
    assert (start_all(schedule), schedule.pending) == ([], 0)

    schedule.record_head("a", 2)

    assert start_all(schedule) == ["a"]


def test_k2_items_that_fail_leave_half_of_the_slots_to_new_entries() -> None:
    schedule = schedule_of(*(position_of(f"bad-{n}", failure=failure_due(0)) for n in range(9)), at_once=4)
    assert len(start_all(schedule)) == 2
    schedule.add(position_of("good"))
    assert start_all(schedule) == ["good"]


def test_k3_a_repetition_waits_until_it_is_due() -> None:
    schedule = schedule_of(position_of("a", failure=failure_due(500)))
    assert (start_all(schedule, 499), schedule.next_due()) == ([], 500)
    assert start_all(schedule, 500) == ["a"]
    schedule.record_failure("a", failure_due(900))
    schedule.finish("a")
    assert (start_all(schedule, 899), schedule.next_due()) == ([], 900)


def test_k3_a_parked_item_is_not_repeated_and_does_not_count_as_pending() -> None:
    schedule = schedule_of(position_of("a"))
    assert start_all(schedule) == ["a"]
    schedule.record_failure("a", failure_due(0, parked=True))
    schedule.finish("a")
    schedule.record_head("a", 9)
    assert (start_all(schedule, 10**15), schedule.next_due(), schedule.pending) == ([], None, 0)


def test_k3_items_whose_receiver_was_unreachable_are_retried_once_it_responds() -> None:
    schedule = schedule_of(position_of("a"), position_of("b"), position_of("c"))
    assert start_all(schedule) == ["a", "b", "c"]
    schedule.record_failure("a", failure_due(10**9), unreachable=True)
    schedule.record_failure("b", failure_due(10**9))
    schedule.finish("a")
    schedule.finish("b")
    assert start_all(schedule) == []

    schedule.record_delivered("c", 1)
    schedule.finish("c")

    assert start_all(schedule) == ["a"]


def test_k2_unknown_items_are_read_and_a_full_schedule_reports_an_overflow() -> None:
    schedule = schedule_of(position_of("a"), position_of("b"), items=2)
    schedule.record_head("c", 1)
    assert schedule.take_unread(9) == ["c"]
    assert schedule.take_unread(9) == []
    schedule.add(position_of("c"))
    assert (len(schedule), schedule.overflowed) == (2, True)

    assert start_all(schedule) == ["a", "b"]
    schedule.record_delivered("a", 1)
    schedule.finish("a")
    schedule.add(position_of("c"))
    assert start_all(schedule) == []  # the position of "a" is not stored yet, so it cannot be dropped
    changes = schedule.changes(9)
    schedule.mark_stored(changes, {"a"})
    schedule.add(position_of("c"))
    assert start_all(schedule) == ["c"]


def test_k2_only_the_latest_change_of_an_item_counts_as_stored() -> None:
    schedule = schedule_of(position_of("a", head=3))
    assert start_all(schedule) == ["a"]
    schedule.record_delivered("a", 1)
    changes = schedule.changes(9)
    schedule.record_delivered("a", 2)

    schedule.mark_stored(changes, {"a"})

    assert [position.seq for position, _ in schedule.changes(9)] == [2]
    schedule.mark_stored(schedule.changes(9), {"a"})
    assert not schedule.has_changes


def test_k3_an_item_that_an_operator_changed_is_read_again_after_its_delivery() -> None:
    schedule = schedule_of(position_of("a", head=3))
    assert start_all(schedule) == ["a"]
    schedule.record_delivered("a", 1)

    schedule.mark_stored(schedule.changes(9), set())  # storage has another revision

    assert schedule.position("a") is None
    schedule.record_delivered("a", 2)
    schedule.finish("a")
    assert (schedule.take_unread(9), schedule.has_changes) == (["a"], False)
    schedule.add(position_of("a", seq=2, head=3, revision=1))
    assert start_all(schedule) == ["a"]


def test_k3_after_a_command_all_items_with_a_failure_are_read_again() -> None:
    schedule = schedule_of(
        position_of("a", failure=failure_due(500)),
        position_of("b", failure=failure_due(0, parked=True)),
        position_of("c", seq=1),
    )
    schedule.reread_failing()
    assert sorted(schedule.take_unread(9)) == ["a", "b"]


def test_k2_a_room_with_another_history_is_read_again() -> None:
    schedule = schedule_of(position_of("a", seq=1), position_of("b"))
    assert start_all(schedule) == ["b"]
    schedule.record_head("a", 0)
    schedule.record_head("b", -1)
    assert schedule.take_unread(9) == ["a"]
    assert schedule.position("b") is None
    schedule.finish("b")
    assert schedule.take_unread(9) == ["b"]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["commit", "ok", "fail", "store", "lost"]))))
def test_k2_in_any_order_of_events_no_entry_is_lost_and_none_is_overtaken(  # noqa: C901 - the model is one piece
    steps: list[tuple[str, str]],
) -> None:
    """Compare with a model: storage is a dictionary, and every item is delivered in order up to its head."""
    heads: Counter[str] = Counter()
    stored: dict[str, ItemPosition] = {}
    arrived: dict[str, list[int]] = {item: [] for item in "abcdef"}
    schedule = Schedule(max_items=3, max_deliveries=2)
    delivering: list[str] = []
    now = 0

    def read(item: str) -> ItemPosition:
        old = stored.get(item, position_of(item))
        return position_of(item, old.seq, heads[item], old.failure, old.revision)

    def run(verdict: str) -> None:
        for item in schedule.take_unread(9):
            schedule.add(read(item))
        while (position := schedule.start_next(now)) is not None:
            delivering.append(position.item)
        for item in list(delivering):
            position = schedule.position(item)
            if position is not None and position.seq < position.head:
                if verdict == "ok":
                    arrived[item].append(position.seq + 1)
                    schedule.record_delivered(item, position.seq + 1)
                else:
                    schedule.record_failure(item, failure_due(now + 1))
            delivering.remove(item)
            schedule.finish(item)

    def store() -> None:
        changes = schedule.changes(9)
        for position, _ in changes:
            stored[position.item] = position
        schedule.mark_stored(changes, {position.item for position, _ in changes})

    for item, step in steps:
        now += 1
        if step == "commit":
            heads[item] += 1
            schedule.record_head(item, heads[item])
        elif step == "store":
            store()
        elif step == "lost":  # another process takes over
            schedule, delivering = Schedule(max_items=3, max_deliveries=2), []
            for name in heads:
                schedule.record_head(name, heads[name])
        else:
            run(step)
    for _ in range(40):
        now += 2
        run("ok")
        store()
        for name in heads:
            schedule.add(read(name))
    for item, seqs in arrived.items():
        assert set(seqs) == set(range(1, heads[item] + 1))
        for earlier, later in pairwise(seqs):
            assert later <= earlier + 1
