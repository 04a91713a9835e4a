"""Which items a consumer delivers next, and what it keeps of them (K2, K3)."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from alcove.storage.consumers import Failure, ItemPosition
from alcove.webhooks.schedule import Schedule


def at(item: str, seq: int = 0, head: int = 1, failure: Failure | None = None, revision: int = 0) -> ItemPosition:
    """Return a position."""
    return ItemPosition(item, "log", head, seq, revision, failure)


def failed(due: int, *, parked: bool = False) -> Failure:
    """Return a failure whose repetition is due then."""
    return Failure(1, 0, due, "HTTP 500", parked)


def schedule(*positions: ItemPosition, items: int = 100, at_once: int = 4) -> Schedule:
    """Return a schedule that has these positions."""
    made = Schedule(items=items, at_once=at_once)
    for position in positions:
        made.load(position)
    return made


def taken(made: Schedule, now: int = 0) -> list[str]:
    """Begin every delivery that can begin; return their items."""
    found = []
    while (position := made.take(now)) is not None:
        found.append(position.item)
    return found


def test_k2_items_are_delivered_side_by_side_each_once_at_a_time() -> None:
    made = schedule(at("a"), at("b"), at("c"), at_once=2)
    assert taken(made) == ["a", "b"]
    made.note("a", 7)
    assert taken(made) == []

    made.delivered("a", 1)
    made.end("a")

    assert taken(made) == ["c"]
    made.end("b")
    assert taken(made) == ["a"]


def test_k2_an_item_that_is_delivered_up_to_its_head_is_idle_until_its_log_grows() -> None:
    made = schedule(at("a"))
    assert taken(made) == ["a"]
    made.delivered("a", 1)
    made.end("a")
    assert (taken(made), made.pending) == ([], 0)

    made.note("a", 2)

    assert taken(made) == ["a"]


def test_k2_items_that_fail_leave_half_of_the_slots_to_new_entries() -> None:
    made = schedule(*(at(f"bad-{n}", failure=failed(0)) for n in range(9)), at_once=4)
    assert len(taken(made)) == 2
    made.load(at("good"))
    assert taken(made) == ["good"]


def test_k3_a_repetition_waits_until_it_is_due() -> None:
    made = schedule(at("a", failure=failed(500)))
    assert (taken(made, 499), made.next_due()) == ([], 500)
    assert taken(made, 500) == ["a"]
    made.failed("a", failed(900))
    made.end("a")
    assert (taken(made, 899), made.next_due()) == ([], 900)


def test_k3_a_parked_item_is_not_repeated_and_does_not_count_as_pending() -> None:
    made = schedule(at("a"))
    assert taken(made) == ["a"]
    made.failed("a", failed(0, parked=True))
    made.end("a")
    made.note("a", 9)
    assert (taken(made, 10**15), made.next_due(), made.pending) == ([], None, 0)


def test_k3_items_that_reached_nobody_are_repeated_once_somebody_answers() -> None:
    made = schedule(at("a"), at("b"), at("c"))
    assert taken(made) == ["a", "b", "c"]
    made.failed("a", failed(10**9), unreachable=True)
    made.failed("b", failed(10**9))
    made.end("a")
    made.end("b")
    assert taken(made) == []

    made.delivered("c", 1)
    made.end("c")

    assert taken(made) == ["a"]


def test_k2_unknown_items_are_read_and_a_full_schedule_says_that_it_left_some_out() -> None:
    made = schedule(at("a"), at("b"), items=2)
    made.note("c", 1)
    assert made.unknown(9) == ["c"]
    assert made.unknown(9) == []
    made.load(at("c"))
    assert (len(made), made.overflowed) == (2, True)

    assert taken(made) == ["a", "b"]
    made.delivered("a", 1)
    made.end("a")
    made.load(at("c"))
    assert taken(made) == []  # the position of "a" is not stored yet, so it cannot be dropped
    changes = made.changes(9)
    made.stored(changes, {"a"})
    made.load(at("c"))
    assert taken(made) == ["c"]


def test_k2_only_the_latest_change_of_an_item_counts_as_stored() -> None:
    made = schedule(at("a", head=3))
    assert taken(made) == ["a"]
    made.delivered("a", 1)
    changes = made.changes(9)
    made.delivered("a", 2)

    made.stored(changes, {"a"})

    assert [position.seq for position, _ in made.changes(9)] == [2]
    made.stored(made.changes(9), {"a"})
    assert not made.changed


def test_k3_an_item_that_an_operator_changed_is_read_again_after_its_delivery() -> None:
    made = schedule(at("a", head=3))
    assert taken(made) == ["a"]
    made.delivered("a", 1)

    made.stored(made.changes(9), set())  # storage has another revision

    assert made.position("a") is None
    made.delivered("a", 2)
    made.end("a")
    assert (made.unknown(9), made.changed) == (["a"], False)
    made.load(at("a", seq=2, head=3, revision=1))
    assert taken(made) == ["a"]


def test_k3_after_a_command_all_items_with_a_failure_are_read_again() -> None:
    made = schedule(at("a", failure=failed(500)), at("b", failure=failed(0, parked=True)), at("c", seq=1))
    made.reread_failing()
    assert sorted(made.unknown(9)) == ["a", "b"]


def test_k2_a_room_with_another_history_is_read_again() -> None:
    made = schedule(at("a", seq=1), at("b"))
    assert taken(made) == ["b"]
    made.note("a", 0)
    made.note("b", -1)
    assert made.unknown(9) == ["a"]
    assert made.position("b") is None
    made.end("b")
    assert made.unknown(9) == ["b"]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["note", "ok", "fail", "store", "lost"]))))
def test_k2_in_any_order_of_events_no_entry_is_lost_and_none_is_overtaken(  # noqa: C901 - the model is one piece
    steps: list[tuple[str, str]],
) -> None:
    """A model: storage is a dictionary, and each item is delivered in order up to its head in the end."""
    heads: Counter[str] = Counter()
    stored: dict[str, ItemPosition] = {}
    arrived: dict[str, list[int]] = {item: [] for item in "abcdef"}
    made = Schedule(items=3, at_once=2)
    delivering: list[str] = []
    now = 0

    def read(item: str) -> ItemPosition:
        old = stored.get(item, at(item))
        return at(item, old.seq, heads[item], old.failure, old.revision)

    def run(verdict: str) -> None:
        for item in made.unknown(9):
            made.load(read(item))
        while (position := made.take(now)) is not None:
            delivering.append(position.item)
        for item in list(delivering):
            position = made.position(item)
            if position is not None and position.seq < position.head:
                if verdict == "ok":
                    arrived[item].append(position.seq + 1)
                    made.delivered(item, position.seq + 1)
                else:
                    made.failed(item, failed(now + 1))
            delivering.remove(item)
            made.end(item)

    def store() -> None:
        changes = made.changes(9)
        for position, _ in changes:
            stored[position.item] = position
        made.stored(changes, {position.item for position, _ in changes})

    for item, step in steps:
        now += 1
        if step == "note":
            heads[item] += 1
            made.note(item, heads[item])
        elif step == "store":
            store()
        elif step == "lost":  # another process takes over
            made, delivering = Schedule(items=3, at_once=2), []
            for one in heads:
                made.note(one, heads[one])
        else:
            run(step)
    for _ in range(40):
        now += 2
        run("ok")
        store()
        for one in heads:
            made.load(read(one))
    for item, seqs in arrived.items():
        assert set(seqs) == set(range(1, heads[item] + 1))
        for earlier, later in pairwise(seqs):
            assert later <= earlier + 1
