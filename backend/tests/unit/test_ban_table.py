"""Test the table of bans (A8)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alcove.access.bans import Ban, Bans, BanSnapshot
from alcove.errors import Refusal
from alcove.protocol import Right

ALL_RIGHTS: frozenset[Right] = frozenset({"read", "write", "moderate"})


def test_a8_a_ban_on_an_item_replaces_the_earlier_one() -> None:
    bans = Bans()
    bans.add(Ban("ada", "foo", "all", until=100), 0)
    bans.add(Ban("ada", "foo", "write"), 0)

    assert bans.restrict(ALL_RIGHTS, "ada", "foo", 500) == ALL_RIGHTS - {"write"}
    assert ALL_RIGHTS == bans.restrict(ALL_RIGHTS, "ada", "bar", 500) == bans.restrict(ALL_RIGHTS, "bob", "foo", 500)
    bans.check("ada", "foo", 50)
    bans.add(Ban("ada", "foo"), 0)
    assert (bans.restrict(ALL_RIGHTS, "ada", "foo", 50), len(bans)) == (ALL_RIGHTS, 0)


def test_a8_a_ban_on_all_items_applies_beside_bans_on_one_item() -> None:
    bans = Bans()
    bans.add(Ban("ada", None, "all", until=100, reason="spam"), 0)
    bans.add(Ban("ada", "foo", "write"), 0)

    with pytest.raises(Refusal, match="you are banned: spam"):
        bans.check("ada", "bar", 99)
    bans.check("ada", "bar", 100)
    assert (bans.take_ended(100), bans.next_end()) == ([Ban("ada", None, "all", until=100, reason="spam")], None)
    assert (bans.restrict(ALL_RIGHTS, "ada", "foo", 100), bans.items_of("ada"), len(bans)) == (
        ALL_RIGHTS - {"write"},
        ["foo"],
        1,
    )


def test_a8_a_ban_that_ended_is_not_kept() -> None:
    bans = Bans()
    bans.add(Ban("ada", "foo", "all", until=100), 100)

    assert len(bans) == 0


def test_w15_a_full_table_only_lifts_or_replaces_bans() -> None:
    bans = Bans(limit=2)
    bans.add(Ban("ada", "foo", "all"), 0)
    assert bans.can_add(Ban("bob", None, "write"))
    bans.add(Ban("bob", None, "write", until=100), 0)

    assert not bans.can_add(Ban("ada", None, "all"))
    assert not bans.can_add(Ban("eve", "foo", "all"))
    assert bans.can_add(Ban("ada", "foo", "write"))
    assert bans.can_add(Ban("eve", "foo"))
    bans.take_ended(100)
    assert bans.can_add(Ban("eve", "foo", "all"))


KEYS = st.tuples(st.sampled_from(["ada", "bob", "cid"]), st.sampled_from([None, "foo"]))
#: A ban, the lifting of one, or a snapshot: how many entries its process lags behind, and the bans in each part.
STEPS = st.one_of(
    st.tuples(st.just("ban"), KEYS), st.tuples(st.just("lift"), KEYS), st.tuples(st.integers(0, 4), st.integers(1, 3))
)


def banned(bans: Bans) -> set[tuple[str, str | None]]:
    """Return the pairs of member and item that have a ban; the item None stands for all items."""
    members = ["ada", "bob", "cid"]
    return {(member, item) for member in members for item in (None, "foo") if bans.get(member, item, 0)}


def apply_record(bans: Bans, record: Ban | BanSnapshot, seq: int) -> None:
    """Apply one record, as a process that reads the log does."""
    if isinstance(record, Ban):
        bans.add(record, 0, seq)
    else:
        bans.apply_snapshot(record, 0)


@given(st.lists(STEPS, max_size=25))
def test_w15_compaction_keeps_all_bans_for_any_start(steps: list[tuple[Any, Any]]) -> None:
    log: list[Ban | BanSnapshot] = []
    expected: set[tuple[str, str | None]] = set()
    oldest = 1
    for change, value in steps:
        if isinstance(change, int):
            upto = max(len(log) - change, oldest - 1)
            lagging = Bans()
            for seq, record in enumerate(log[:upto], 1):
                apply_record(lagging, record, seq)
            log += lagging.snapshots(upto, value, 0)
            oldest = upto + 1
        else:
            member, item = value
            log.append(Ban(member, item, "write" if change == "ban" else None))
            expected = expected | {value} if change == "ban" else expected - {value}

    for start in range(len(log) + 1):  # a process that read so much before the log was compacted
        bans = Bans()
        for seq, record in enumerate(log, 1):
            if seq <= start or seq >= oldest:
                apply_record(bans, record, seq)
        assert banned(bans) == expected


def test_w15_a_snapshot_keeps_active_bans_and_omits_ended_ones() -> None:
    bans = Bans()
    active = [Ban("ada", None, "all", until=100, reason="spam"), Ban("bob", "foo", "write")]
    for ban in (*active, Ban("cid", "foo", "all", until=50)):
        bans.add(ban, 0)
    parts = bans.snapshots(7, 1, 60)

    assert [(part.upto, part.first, part.behind, part.bans) for part in parts] == [
        (7, "", "bob", active[:1]),
        (7, "bob", "cid", active[1:]),
        (7, "cid", None, []),
    ]
    restored = Bans()
    assert [restored.apply_snapshot(part, 60) for part in parts] == [active[:1], active[1:], []]
