"""Test the checks of item ids and of their patterns (H3, A3)."""

import re
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alcove.item_ids import ItemIdError, character_ranges, check_item_id, check_pattern, make_item_id
from tests.support.item_ids import each_invalid_id, each_valid_id
from tests.support.storm import depth, storm

#: Arbitrary text, mixed with characters that are valid in ids, so that some examples are valid ids.
TEXT = st.text(st.characters() | st.sampled_from("aé._:@-٣\u0301\u0958"), max_size=140)


def is_id(text: str) -> bool:
    """Return whether the text is an item id."""
    try:
        return check_item_id(text) == text
    except ItemIdError:
        return False


@each_valid_id
def test_h3_an_item_id_is_accepted_unchanged(item_id: str) -> None:
    assert check_item_id(item_id) == item_id
    assert check_pattern(item_id) == item_id
    assert check_pattern(f"{item_id}*") == f"{item_id}*"


@each_invalid_id
def test_h3_refusal_of_an_invalid_id_names_its_normalized_form(invalid_id: str, normalized: str) -> None:
    with pytest.raises(ItemIdError, match=re.escape(normalized) or "expected 1 to 128"):
        check_item_id(invalid_id)


@pytest.mark.parametrize("pattern", ["*", ".*", "..*", "order-*", "é*", f"{'x' * 128}*"])
def test_a3_the_beginning_of_an_id_is_a_pattern(pattern: str) -> None:
    assert check_pattern(pattern) == pattern


@pytest.mark.parametrize("pattern", ["", "**", "a*b", "*a", "a b*", "!*", f"{'x' * 129}*", "e\u0301*"])
def test_a3_h3_a_pattern_that_begins_no_id_is_refused(pattern: str) -> None:
    with pytest.raises(ItemIdError):
        check_pattern(pattern)


def test_h3_a_refused_pattern_shows_its_normalized_form() -> None:
    with pytest.raises(ItemIdError, match=r"é\*$"):
        check_pattern("e\u0301*")


@storm
def test_h3_character_ranges_for_sql_match_check_item_id() -> None:
    allowed = re.compile(f"[{character_ranges()}]")
    categories = [unicodedata.category(chr(code_point)) for code_point in range(sys.maxunicode + 1)]

    def is_sampled(code_point: int) -> bool:
        """Select every 13th character, and both neighbors of each change of category; all would take seconds."""
        neighbors = {categories[code_point - 1], categories[(code_point + 1) % len(categories)]}
        return code_point % depth(13, 1) == 0 or neighbors != {categories[code_point]}

    def is_allowed(character: str) -> bool:
        """Return whether an id may contain the character, in NFC: the check refuses every other form."""
        return is_id(unicodedata.normalize("NFC", f"a{character}"))

    characters = [chr(code_point) for code_point in range(len(categories)) if is_sampled(code_point)]
    mismatches = [
        character for character in characters if (allowed.match(character) is not None) != is_allowed(character)
    ]

    assert mismatches == []


@settings(deadline=None)
@given(TEXT)
def test_h3_an_id_can_be_made_from_any_text(text: str) -> None:
    assert is_id(make_item_id(text))
    if is_id(normalized := unicodedata.normalize("NFC", text)):
        assert make_item_id(text) == normalized
