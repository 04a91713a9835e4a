"""Test the table of processes: which are alive, and which members are connected to each (P1, P3)."""

from collections import Counter
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from alcove.cluster.local_room import PresenceChange
from alcove.cluster.processes import ProcessTable
from tests.support.memory_rooms import ADA, BOB
from tests.support.storm import example_count


def test_p3_a_process_counts_as_new_only_at_its_first_heartbeat() -> None:
    table = ProcessTable()

    assert table.record_message("p1", 1.0)
    assert not table.record_message("p1", 2.0)
    assert table.alive() == {"p1"}


def test_p3_a_process_is_silent_if_its_heartbeat_is_too_old() -> None:
    table = ProcessTable()
    table.record_message("p1", 1.0)
    table.record_message("p2", 5.0)
    table.record_message("p1", 4.0)

    assert table.silent_since(4.0) == []
    assert table.silent_since(4.5) == ["p1"]
    assert sorted(table.silent_since(5.1)) == ["p1", "p2"]


def test_p3_no_process_is_silent_right_after_a_pause_of_the_bus() -> None:
    """No heartbeat could arrive while the bus was down, so a missing one does not mean that a process has ended."""
    table = ProcessTable()
    table.record_message("p1", 1.0)
    table.record_message("p2", 2.0)
    table.restart_silence(60.0)

    assert table.silent_since(60.0) == []
    assert table.alive() == {"p1", "p2"}


def test_p3_members_of_an_ended_process_leave_every_room() -> None:
    table = ProcessTable()
    table.record_message("p1", 1.0)
    table.update_members("foo", "p1", [("ada", "Ada", 2)], whole=True)
    table.update_members("bar", "p1", [("bob", "Bob", 1)], whole=True)
    table.update_members("bar", "p2", [("bob", "Bob", 1)], whole=True)

    assert table.remove("p1") == {"foo": [(ADA, -2)], "bar": [(BOB, -1)]}
    assert table.alive() == set()
    assert table.members("foo") == []
    assert table.members("bar") == [(BOB, 1)]
    assert table.remove("p1") == {}


def test_p3_a_process_that_returns_after_its_end_is_new() -> None:
    table = ProcessTable()
    table.record_message("p1", 1.0)
    table.remove("p1")

    assert table.record_message("p1", 2.0)


def test_p1_a_complete_report_removes_unnamed_members() -> None:
    table = ProcessTable()
    table.update_members("foo", "p1", [("ada", "Ada", 1), ("bob", "Bob", 3)], whole=True)

    assert table.update_members("foo", "p1", [("ada", "Ada", 2)], whole=True) == [(ADA, 1), (BOB, -3)]
    assert table.members("foo") == [(ADA, 2)]


def test_p1_a_partial_report_keeps_unnamed_members() -> None:
    table = ProcessTable()
    table.update_members("foo", "p1", [("ada", "Ada", 1), ("bob", "Bob", 3)], whole=True)

    assert table.update_members("foo", "p1", [("ada", "Ada", 0)], whole=False) == [(ADA, -1)]
    assert table.members("foo") == [(BOB, 3)]


def test_p1_a_repeated_report_changes_nothing() -> None:
    table = ProcessTable()
    table.update_members("foo", "p1", [("ada", "Ada", 2)], whole=False)

    assert table.update_members("foo", "p1", [("ada", "Ada", 2)], whole=False) == []
    assert table.update_members("foo", "p1", [("ada", "Ada", 2)], whole=True) == []


def test_p1_connections_of_one_member_in_two_processes_are_both_counted() -> None:
    table = ProcessTable()
    table.update_members("foo", "p1", [("ada", "Ada", 2)], whole=True)

    assert table.update_members("foo", "p2", [("ada", "Ada", 1)], whole=True) == [(ADA, 1)]
    assert table.members("foo") == [(ADA, 2), (ADA, 1)]


def test_p1_a_closed_room_is_forgotten() -> None:
    table = ProcessTable()
    table.update_members("foo", "p1", [("ada", "Ada", 2)], whole=True)
    table.forget_room("foo")
    table.forget_room("never opened")

    assert table.members("foo") == []
    assert table.remove("p1") == {}


processes = st.sampled_from(["p1", "p2", "p3"])
items = st.sampled_from(["foo", "bar"])
members = st.dictionaries(st.sampled_from(["ada", "bob", "cyd"]), st.integers(0, 3))
reports = st.tuples(st.just("report"), processes, items, members, st.booleans())
ends = st.tuples(st.just("end"), processes, items, members, st.booleans())


@settings(max_examples=example_count(30))
@given(st.lists(reports | ends))
def test_p1_p3_changes_add_up_to_the_last_report_of_each_process(
    steps: Sequence[tuple[str, str, str, dict[str, int], bool]],
) -> None:
    """After any reports and ends, each room counts exactly the connections that the live processes reported last."""
    table = ProcessTable()
    counts: dict[str, Counter[str]] = {"foo": Counter(), "bar": Counter()}
    #: The last report by item and process.
    latest: dict[tuple[str, str], dict[str, int]] = {}

    def apply_changes(item: str, changes: Sequence[PresenceChange]) -> None:
        for person, change in changes:
            counts[item][person.id] += change
            assert counts[item][person.id] >= 0

    for kind, process, item, connections, whole in steps:
        if kind == "end":
            for changed_item, changes in table.remove(process).items():
                apply_changes(changed_item, changes)
            latest = {key: report for key, report in latest.items() if key[1] != process}
        else:
            presences = [(id_, id_.title(), count) for id_, count in connections.items()]
            apply_changes(item, table.update_members(item, process, presences, whole=whole))
            before = {} if whole else latest.get((item, process), {})
            latest[item, process] = before | connections

        for room_item, room_counts in counts.items():
            reports_of_room = [report for (reported_item, _), report in latest.items() if reported_item == room_item]
            expected = sum(map(Counter, reports_of_room), Counter[str]())
            members_in_table = [Counter({person.id: count}) for person, count in table.members(room_item)]
            assert +room_counts == +expected
            assert sum(members_in_table, Counter[str]()) == expected


@settings(max_examples=example_count(30))
@given(st.lists(st.tuples(processes, st.sampled_from(["heartbeat", "end", "pause"]))))
def test_p3_the_table_is_correct_after_any_order_of_events(steps: Sequence[tuple[str, str]]) -> None:
    """A process is alive from its first heartbeat to its end, and silent since its last heartbeat or pause."""
    table = ProcessTable()
    #: The time of the last heartbeat or pause, by live process.
    heard: dict[str, float] = {}
    for now, (process, kind) in enumerate(steps):
        if kind == "heartbeat":
            assert table.record_message(process, now) == (process not in heard)
            heard[process] = now
        elif kind == "end":
            table.remove(process)
            heard.pop(process, None)
        else:
            table.restart_silence(now)
            heard = dict.fromkeys(heard, now)

        assert table.alive() == set(heard)
        for since in range(now + 2):
            assert set(table.silent_since(since)) == {name for name, at in heard.items() if at < since}
