"""Compute the rights that a token gives on an item (A3)."""

from collections.abc import Mapping

from alcove.protocol import Right

#: A cache: the rights by letters. Only strings as short as `LETTERS` are kept, which bounds it.
_RIGHTS: dict[str, frozenset[Right]] = {}
#: The letters of a token, and the right that each gives.
LETTERS: dict[str, Right] = {"r": "read", "w": "write", "m": "moderate"}
NO_RIGHTS: frozenset[Right] = frozenset()


def rights(letters: str) -> frozenset[Right]:
    """Translate a token's letters into rights: `r` read, `w` write, `m` moderate.

    Raises:
        ValueError: `letters` has another letter.

    """
    result = _RIGHTS.get(letters)
    if result is None:
        if set(letters) - set(LETTERS):
            raise ValueError(f"expected letters of 'rwm', got {letters!r}")
        result = frozenset(LETTERS[letter] for letter in letters)
        if len(letters) <= len(LETTERS):
            _RIGHTS[letters] = result
    return result


def rights_on(items: Mapping[str, str], item: str) -> frozenset[Right]:
    """Return the rights on an item, from the longest pattern in the token's `items` that matches it.

    Args:
        items: Letters by item id or pattern. A pattern ends in `*`, which matches any text, also the empty one. An
            exact id takes precedence over every pattern.
        item: The item id.

    Raises:
        ValueError: The matching pattern has a letter other than r, w and m.

    """
    exact = items.get(item)
    if exact is not None and not item.endswith("*"):
        return rights(exact)
    best = max(
        (pattern for pattern in items if pattern.endswith("*") and item.startswith(pattern[:-1])),
        key=len,
        default=None,
    )
    return NO_RIGHTS if best is None else rights(items[best])
