"""Compute the rights that a token gives on an item (A3)."""

from collections.abc import Mapping

from alcove.protocol import Right

#: Cache: rights by the letters of a token.
_RIGHTS: dict[str, frozenset[Right]] = {}
_LETTERS: dict[str, Right] = {"r": "read", "w": "write", "m": "moderate"}
NONE: frozenset[Right] = frozenset()


def rights(letters: str) -> frozenset[Right]:
    """Return the rights that letters stand for. Raises ValueError for a letter other than r, w and m."""
    found = _RIGHTS.get(letters)
    if found is None:
        if set(letters) - set(_LETTERS):
            raise ValueError(f"expected letters of 'rwm', got {letters!r}")
        found = frozenset(_LETTERS[letter] for letter in letters)
        if len(letters) <= len(_LETTERS):
            _RIGHTS[letters] = found
    return found


def rights_on(items: Mapping[str, str], item: str) -> frozenset[Right]:
    """Return the rights on an item: those of the longest pattern that matches it.

    A pattern may end in `*`, which matches any text. An exact id counts as longer than every pattern with `*`.
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
