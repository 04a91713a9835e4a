"""Item ids: which text may name an item (H3). Sockets, HTTP, tokens and SQL all follow this one definition."""

import re
import sys
import unicodedata
from functools import cache

#: Characters that an id may have.
MAX_CHARS = 128
_SIGNS = "._:@-"
_EXPECTED = f"1 to {MAX_CHARS} letters, marks and digits of any script and . _ : @ -"
#: Most ids are ASCII, in which every text is in NFC.
_ASCII = re.compile(r"[0-9A-Za-z._:@-]*")
#: Longer text is refused as it stands: no canonical composition shortens text by more than this factor, and putting
#: marks into canonical order takes time that grows with the square of their number.
_NORMALIZED_CHARS = 4 * MAX_CHARS


class ItemIdError(ValueError):
    """The text is no item id; the message says what was expected, and the id in NFC where there is one.

    Attributes:
        normalized: that id (or pattern); None where the text's form is not all that is wrong.

    """

    def __init__(self, expected: str, normalized: str | None = None) -> None:
        super().__init__(f"expected {expected}")
        self.normalized = normalized


def is_item_id(text: str) -> bool:
    """Tell whether `text` is an item id (H3)."""
    return _has_characters(text, 1) and text not in {".", ".."}


def check_item_id(text: str) -> str:
    """Return `text` if it is an item id (H3). Raises ItemIdError."""
    if is_item_id(text):
        return text
    raise _error(text)


def check_pattern(pattern: str) -> str:
    """Return `pattern` if it is an item id, or the beginning of one followed by `*` (A3). Raises ItemIdError."""
    if not pattern.endswith("*"):
        return check_item_id(pattern)
    prefix = pattern[:-1]
    # `.` and `..` are no ids, but ids begin with them.
    if _has_characters(prefix, 0):
        return pattern
    raise _error(prefix, "*")


def usable_id(text: str) -> str:
    """Return an item id made from any text: in NFC, every character that no id may have replaced by `_`."""
    kept = unicodedata.normalize("NFC", text[:_NORMALIZED_CHARS])[:MAX_CHARS]
    made = "".join(char if _is_allowed(char) else "_" for char in kept) or "_"
    return "_" * len(made) if made in {".", ".."} else made


@cache
def characters() -> str:
    """Return all allowed characters as the inside of a regular expression's bracket, for SQL: ranges, then `-`."""
    ranges: list[list[int]] = []
    for code in range(sys.maxunicode + 1):
        if chr(code) != "-" and _is_allowed(chr(code)):
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(rf"\U{first:08X}-\U{last:08X}" for first, last in ranges) + "-"


def _has_characters(text: str, least: int) -> bool:
    if not least <= len(text) <= MAX_CHARS:
        return False
    if text.isascii():
        return _ASCII.fullmatch(text) is not None
    return all(map(_is_allowed, text)) and unicodedata.is_normalized("NFC", text)


def _is_allowed(char: str) -> bool:
    return char in _SIGNS or unicodedata.category(char) in {"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd"}


def _error(text: str, ending: str = "") -> ItemIdError:
    """Make the error that says what is wrong with `text`, which `ending` follows in a pattern."""
    if len(text) <= _NORMALIZED_CHARS:
        normalized = unicodedata.normalize("NFC", text)
        if normalized != text and _has_characters(normalized, 0 if ending else 1):
            return ItemIdError(f"Unicode form NFC: {normalized}{ending}", f"{normalized}{ending}")
    return ItemIdError(f"{_EXPECTED}, but not {text} alone" if text in {".", ".."} else _EXPECTED)
