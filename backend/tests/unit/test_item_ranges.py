"""Test the ranges of item ids that a token gives the right to read (W4, A3)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alcove.access.rights import rights_on
from alcove.item_ranges import ALL_ITEMS, contains, is_single, readable_ranges, restrict_to_prefix
from tests.support.storm import example_count

NAMES = st.text(alphabet="ab-é!", min_size=1, max_size=4)
PATTERNS = st.one_of(NAMES, NAMES.map(lambda name: f"{name}*"), st.just("*"))
ITEMS = st.dictionaries(PATTERNS, st.sampled_from(["", "w", "r", "rw"]), max_size=8)


@settings(max_examples=example_count(100), deadline=None)
@given(ITEMS, st.sets(NAMES, max_size=2), st.lists(NAMES, max_size=20), st.text(alphabet="ab-é", max_size=2))
def test_w4_a3_ranges_contain_exactly_the_readable_items(
    items: dict[str, str], excluded: set[str], names: list[str], prefix: str
) -> None:
    ranges = readable_ranges(items, excluded)

    assert ranges == sorted(ranges)
    assert all(first < end for first, end in ranges)
    for name in names:
        readable = "read" in rights_on(items, name) and name not in excluded and not name.startswith("!")
        assert contains(ranges, name) == readable
        assert contains(restrict_to_prefix(ranges, prefix), name) == (readable and name.startswith(prefix))


@pytest.mark.parametrize(
    ("items", "count"),
    [
        ({}, 0),
        ({"*": "r"}, 1),
        ({"*": "r", "a*": "rw", "a-1": "r"}, 1),
        ({"a": "r", "b": "r"}, 2),
        ({"a*": "r", **{f"a-{n}": "" for n in range(100)}}, 101),
        ({"!*": "r", "!revoked": "r"}, 0),
    ],
)
def test_w4_ranges_are_as_few_as_possible(items: dict[str, str], count: int) -> None:
    assert len(readable_ranges(items)) == count


def test_w4_the_range_of_all_items_begins_after_the_internal_rooms() -> None:
    assert readable_ranges({"*": "r"}) == [ALL_ITEMS]
    assert not contains([ALL_ITEMS], "!revoked")
    assert contains([ALL_ITEMS], "\U0002ffff")


def test_w4_a_single_item_is_distinguished_from_a_prefix() -> None:
    single, prefix = readable_ranges({"a": "r", "b*": "r"})

    assert is_single(single)
    assert not is_single(prefix)


@pytest.mark.parametrize(
    ("patterns", "prefix", "inside", "outside"),
    [
        (["*"], "order-", ["order-1"], ["foo"]),
        (["order-*", "foo"], "order-1", ["order-1", "order-17"], ["order-2", "foo"]),
        (["order-17*", "order-18", "foo"], "order-1", ["order-17x", "order-18"], ["order-16", "foo"]),
        (["foo"], "foobar", [], ["foo", "foobar"]),
        (["foo*"], "fo", ["foo", "foobar"], ["fo"]),
        (["foo"], "foo", ["foo"], ["foobar"]),
        (["*"], "", ["foo"], []),
    ],
)
def test_w4_ranges_are_narrowed_to_a_prefix(
    patterns: list[str], prefix: str, inside: list[str], outside: list[str]
) -> None:
    ranges = restrict_to_prefix(readable_ranges(dict.fromkeys(patterns, "r")), prefix)

    assert all(contains(ranges, item) for item in inside)
    assert not any(contains(ranges, item) for item in outside)
