"""Which rights a token gives on which item (A3)."""

from collections.abc import Mapping

from alcove.protocol import Right

READ: frozenset[Right] = frozenset({"read"})
#: Rights by the letters that a token gives, each set made once.
_RIGHTS: dict[str, frozenset[Right]] = {}
_LETTERS: dict[str, Right] = {"r": "read", "w": "write", "m": "moderate"}
NONE: frozenset[Right] = frozenset()


def rights(letters: str) -> frozenset[Right]:
    """The rights that letters stand for. Raises ValueError for a letter other than r, w and m."""
    known = _RIGHTS.get(letters)
    if known is None:
        if set(letters) - set(_LETTERS):
            raise ValueError(f"expected letters of 'rwm', got {letters!r}")
        known = frozenset(_LETTERS[letter] for letter in letters)
        if len(letters) <= len(_LETTERS):
            _RIGHTS[letters] = known
    return known


def rights_on(items: Mapping[str, str], item: str) -> frozenset[Right]:
    """The rights on an item: those of the longest pattern that matches; `*` ends a pattern and stands for anything.

    An exact name is longer than any pattern that ends in `*`.
    """
    exact = items.get(item)
    if exact is not None and not item.endswith("*"):
        return rights(exact)
    best = max(
        (pattern for pattern in items if pattern.endswith("*") and item.startswith(pattern[:-1])),
        key=len,
        default=None,
    )
    return NONE if best is None else rights(items[best])
