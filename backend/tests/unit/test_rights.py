"""Test the rights that a token's patterns give on an item (A3)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alcove.access import rights as rights_module
from alcove.access.rights import NO_RIGHTS, rights, rights_on
from alcove.protocol import Right
from tests.support.storm import example_count

ALL_RIGHTS: frozenset[Right] = frozenset({"read", "write", "moderate"})


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        ("", frozenset()),
        ("r", {"read"}),
        ("rw", {"read", "write"}),
        ("mwr", ALL_RIGHTS),
        ("w", {"write"}),
        ("rrrrr", {"read"}),
    ],
)
def test_a3_each_letter_gives_one_right_in_any_order(letters: str, expected: frozenset[Right]) -> None:
    assert rights(letters) == expected


@pytest.mark.parametrize("letters", ["x", "rwx", "R", "r w", "*", "é"])
def test_a3_any_other_letter_is_an_error(letters: str) -> None:
    with pytest.raises(ValueError, match=r"expected letters of 'rwm', got"):
        rights(letters)


def test_a3_the_cache_of_rights_is_bounded() -> None:
    """A signed token may repeat a letter any number of times."""
    for length in range(4, 200):
        rights("r" * length)

    assert len(rights_module._RIGHTS) <= 1 + 3 + 9 + 27


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ({}, NO_RIGHTS),
        ({"order-17": "rw"}, {"read", "write"}),
        ({"order-1": "rw"}, NO_RIGHTS),
        ({"order-177": "rw"}, NO_RIGHTS),
        ({"order-*": "r"}, {"read"}),
        ({"order-17*": "r"}, {"read"}),
        ({"*": "rwm"}, ALL_RIGHTS),
        ({"ticket-*": "rwm"}, NO_RIGHTS),
        ({"order-17": ""}, NO_RIGHTS),
        ({"order": "rwm"}, NO_RIGHTS),
    ],
)
def test_a3_a_pattern_matches_its_exact_item_or_a_prefix_before_the_star(
    items: dict[str, str], expected: frozenset[Right]
) -> None:
    assert rights_on(items, "order-17") == expected


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ({"*": "rwm", "order-*": "r"}, {"read"}),
        ({"order-*": "r", "*": "rwm"}, {"read"}),
        ({"order-1*": "", "order-*": "rwm"}, NO_RIGHTS),
        ({"order-17": "r", "order-17*": "rwm"}, {"read"}),
        ({"order-17": "", "*": "rwm"}, NO_RIGHTS),
    ],
)
def test_a3_only_the_longest_match_counts(items: dict[str, str], expected: frozenset[Right]) -> None:
    assert rights_on(items, "order-17") == expected


@pytest.mark.parametrize("pattern", ["*-17", "ord*17", "order-??", "order-[0-9]*", "**"])
def test_a3_a_star_elsewhere_and_other_wildcards_match_only_themselves(pattern: str) -> None:
    assert rights_on({pattern: "rwm"}, "order-17") == NO_RIGHTS


def test_a3_an_id_ending_in_a_star_gets_the_rights_of_the_pattern() -> None:
    """No item has such an id (H3); the pattern is not treated as an exact id."""
    assert rights_on({"order-*": "r"}, "order-*") == {"read"}
    assert rights_on({"order-*": "rwm", "order-**": "r"}, "order-*") == {"read"}


names = st.text(alphabet="ab-", max_size=4)


@settings(max_examples=example_count(50))
@given(st.dictionaries(st.one_of(names, names.map(lambda name: name + "*")), st.sampled_from(["", "r", "rw"])), names)
def test_a3_the_longest_matching_pattern_gives_the_rights(items: dict[str, str], item: str) -> None:
    """Compare with a second implementation: every matching pattern as a length and its letters."""
    matches = [(float(len(name)), letters) for name, letters in items.items() if name == item]
    prefixes = [(name[:-1], letters) for name, letters in items.items() if name.endswith("*")]
    # An exact id precedes a prefix of the same length.
    matches += [(len(prefix) - 0.5, letters) for prefix, letters in prefixes if item.startswith(prefix)]
    expected = rights(max(matches)[1]) if matches else NO_RIGHTS

    assert rights_on(items, item) == expected
