"""Define which strings are item ids (H3). Sockets, HTTP, tokens and SQL all use this definition."""

import re
import sys
import unicodedata
from functools import cache

#: Maximum characters of an id.
MAX_CHARS = 128
#: The allowed characters besides letters, marks and digits.
_SIGNS = "._:@-"
_EXPECTED = f"1 to {MAX_CHARS} letters, marks and digits of any script and . _ : @ -"
#: Matches ASCII text of allowed characters; ASCII text is always in NFC.
_ASCII = re.compile(r"[0-9A-Za-z._:@-]*")
#: Longer text is not normalized: no canonical composition shortens text by more than this factor, and the time to put
#: marks into canonical order grows with the square of their number.
_NORMALIZED_CHARS = 4 * MAX_CHARS


class ItemIdError(ValueError):
    """The text is not an item id; the message says what was expected.

    Attributes:
        normalized: The id or pattern in Unicode form NFC, if only the form is wrong; else None.

    """

    def __init__(self, expected: str, normalized: str | None = None) -> None:
        """Store the normalized id, and build the message from `expected`."""
        super().__init__(f"expected {expected}")
        self.normalized = normalized


def is_item_id(text: str) -> bool:
    """Return whether `text` is an item id: 1 to 128 allowed characters in NFC, neither `.` nor `..` (H3)."""
    return _has_characters(text, 1) and text not in {".", ".."}


def is_internal(item: str) -> bool:
    """Return whether the item belongs to the server itself, like `!revoked`; an item id never begins with `!`."""
    return item.startswith("!")


def check_item_id(text: str) -> str:
    """Return `text` unchanged if it is an item id (H3).

    Raises:
        ItemIdError: `text` is not an item id.

    """
    if is_item_id(text):
        return text
    raise _error(text)


def check_pattern(pattern: str) -> str:
    """Return `pattern` unchanged if it is an item id, or the beginning of one followed by `*` (A3).

    Raises:
        ItemIdError: `pattern` is neither.

    """
    if not pattern.endswith("*"):
        return check_item_id(pattern)
    prefix = pattern[:-1]
    # `.` and `..` are not ids, but ids may begin with them.
    if _has_characters(prefix, 0):
        return pattern
    raise _error(prefix, "*")


def make_item_id(text: str) -> str:
    """Derive an item id from any text: convert to NFC, cut to 128 characters, replace each other character by `_`."""
    normalized = unicodedata.normalize("NFC", text[:_NORMALIZED_CHARS])[:MAX_CHARS]
    item_id = "".join(char if _is_allowed(char) else "_" for char in normalized) or "_"
    return "_" * len(item_id) if item_id in {".", ".."} else item_id


@cache
def character_ranges() -> str:
    """Return the allowed characters as ranges for a bracket expression of a regular expression in SQL, `-` last."""
    ranges: list[list[int]] = []
    for code_point in range(sys.maxunicode + 1):
        if chr(code_point) != "-" and _is_allowed(chr(code_point)):
            if ranges and ranges[-1][1] == code_point - 1:
                ranges[-1][1] = code_point
            else:
                ranges.append([code_point, code_point])
    return "".join(rf"\U{first:08X}-\U{last:08X}" for first, last in ranges) + "-"


def _has_characters(text: str, min_chars: int) -> bool:
    """Return whether the text is in NFC and has `min_chars` to 128 characters, all of them allowed."""
    if not min_chars <= len(text) <= MAX_CHARS:
        return False
    if text.isascii():
        return _ASCII.fullmatch(text) is not None
    return all(map(_is_allowed, text)) and unicodedata.is_normalized("NFC", text)


def _is_allowed(char: str) -> bool:
    """Return whether an item id may contain the character, by its Unicode general category."""
    return char in _SIGNS or unicodedata.category(char) in {"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd"}


def _error(text: str, ending: str = "") -> ItemIdError:
    """Create the error for `text`, with its NFC form if that form would be valid.

    Args:
        text: The id, or the part of a pattern before `*`.
        ending: What follows in the pattern: `*`, or "".

    """
    if len(text) <= _NORMALIZED_CHARS:
        normalized = unicodedata.normalize("NFC", text)
        if normalized != text and _has_characters(normalized, 0 if ending else 1):
            return ItemIdError(f"Unicode form NFC: {normalized}{ending}", f"{normalized}{ending}")
    return ItemIdError(f"{_EXPECTED}, but not {text} alone" if text in {".", ".."} else _EXPECTED)
