"""Test the table of bans (A8)."""

import pytest

from alcove.access.bans import Ban, Bans
from alcove.errors import Refusal
from alcove.protocol import Right

RW: frozenset[Right] = frozenset({"read", "write", "moderate"})


def test_a8_the_last_ban_of_a_member_on_an_item_counts_until_it_ends_or_is_lifted() -> None:
    bans = Bans()
    bans.add(Ban("ada", "foo", "all", until=100), 0)
    bans.add(Ban("ada", "foo", "write"), 0)

    assert bans.restrict(RW, "ada", "foo", 500) == RW - {"write"}
    assert RW == bans.restrict(RW, "ada", "bar", 500) == bans.restrict(RW, "bob", "foo", 500)
    bans.check("ada", "foo", 50)
    bans.add(Ban("ada", "foo"), 0)
    assert (bans.restrict(RW, "ada", "foo", 50), len(bans)) == (RW, 0)


def test_a8_a_ban_on_all_items_counts_on_each_beside_those_on_one() -> None:
    bans = Bans()
    bans.add(Ban("ada", None, "all", until=100, reason="spam"), 0)
    bans.add(Ban("ada", "foo", "write"), 0)

    with pytest.raises(Refusal, match="you are banned: spam"):
        bans.check("ada", "bar", 99)
    bans.check("ada", "bar", 100)
    assert (bans.take_ended(100), bans.next_end()) == ([Ban("ada", None, "all", until=100, reason="spam")], None)
    assert (bans.restrict(RW, "ada", "foo", 100), bans.items_of("ada"), len(bans)) == (RW - {"write"}, ["foo"], 1)


def test_a8_a_ban_that_ended_is_not_kept() -> None:
    bans = Bans()
    bans.add(Ban("ada", "foo", "all", until=100), 100)

    assert len(bans) == 0


def test_w15_a_full_table_takes_only_what_lifts_or_replaces_a_ban() -> None:
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
