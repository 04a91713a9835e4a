"""Convert a token's patterns to ranges of item ids, so that storage finds readable items by an index (W4).

Ids are ordered by code point, as SQLite and PostgreSQL's collation "C" order them.
"""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence

#: The ids from the first string (included) to the second one (excluded).
Range = tuple[str, str]

#: No id has this character: a prefix and this character come after every id with the prefix.
_LAST = "\U0010ffff"

#: The first string after the internal rooms, whose items begin with `!`.
_FIRST = '"'
#: All items except the internal ones.
ALL_ITEMS: Range = (_FIRST, _LAST)


def readable_ranges(items: Mapping[str, str], without: Collection[str] = ()) -> list[Range]:
    r"""Compute the items that a token gives the right to read, as disjoint ranges in ascending order (A3).

    Args:
        items: The token's letters by item or pattern; the longest pattern that matches an item decides.
        without: Items that cannot be read, whatever the patterns say.

    Example:
        >>> readable_ranges({"order-*": "r", "order-7": ""})
        [('order-', 'order-7'), ('order-7\x01', 'order-\U0010ffff')]

    """
    letters = {**items, **dict.fromkeys(without, "")}
    spans = [(_span(pattern), "r" in given) for pattern, given in letters.items()]
    # Two spans are nested or disjoint. Sort the outer one first.
    spans.sort(key=lambda span: span[0][1], reverse=True)
    spans.sort(key=lambda span: span[0][0])
    ranges: list[Range] = []
    enclosing: list[tuple[str, bool]] = [(_LAST, False)]
    position = _FIRST

    def advance(end: str) -> None:
        """Move `position` to `end`, and add the range between to the result if the innermost span is readable."""
        nonlocal position
        if enclosing[-1][1] and position < end:
            if ranges and ranges[-1][1] == position:
                ranges[-1] = (ranges[-1][0], end)
            else:
                ranges.append((position, end))
        position = max(position, end)

    def leave(first: str) -> None:
        """Close the spans that end at or before `first`, the innermost one first."""
        while len(enclosing) > 1 and enclosing[-1][0] <= first:
            advance(enclosing[-1][0])
            enclosing.pop()

    for (first, end), readable in spans:
        leave(first)
        advance(first)
        enclosing.append((end, readable))
    leave(_LAST)
    return ranges


def restrict_to_prefix(ranges: Sequence[Range], prefix: str) -> list[Range]:
    """Cut the ranges to the ids that begin with `prefix`; ranges without such ids are dropped."""
    first, end = _span(f"{prefix}*")
    cut = ((max(first, start), min(end, stop)) for start, stop in ranges)
    return [(start, stop) for start, stop in cut if start < stop]


def contains(ranges: Sequence[Range], item: str) -> bool:
    """Return whether the item is in one of the ranges, which must be in ascending order."""
    index = bisect_right(ranges, item, key=lambda range_: range_[0])
    return index > 0 and item < ranges[index - 1][1]


def is_single(range_: Range) -> bool:
    """Return whether a range contains exactly one id."""
    return range_[1] == next_text(range_[0])


def next_text(text: str) -> str:
    """Return the string that directly follows `text` in the order of code points, among strings without NUL."""
    return f"{text}\x01"


def _span(pattern: str) -> Range:
    """Return the range of the ids that a pattern matches: one id, or all ids with a prefix."""
    if pattern.endswith("*"):
        return (pattern[:-1], pattern[:-1] + _LAST)
    return (pattern, next_text(pattern))
