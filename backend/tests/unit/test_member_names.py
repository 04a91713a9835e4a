"""Test that members' names must have a visible character (H2)."""

import pytest

from alcove.names import has_visible_character


@pytest.mark.parametrize("name", ["Ada", "ñandú 👋", "\u202eadA", "日", "\u200bx", "7", "-", "é", "e\u0301"])
def test_h2_a_name_with_a_visible_character_is_accepted(name: str) -> None:
    assert has_visible_character(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "\u200b",
        "\u200b\u200d\u2060\ufeff",
        "\u202e",
        "\u00ad",
        "\u3164",
        "\u115f",
        "\u2800",
        "\u3000",
        "\u0301",
    ],
)
def test_h2_a_name_without_a_visible_character_is_refused(name: str) -> None:
    assert not has_visible_character(name)
