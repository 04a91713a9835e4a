"""Ranges of item ids, so that a storage finds the items that somebody may read by their key (W4).

Ids are ordered by code points, as SQLite and PostgreSQL's collation "C" order them.
"""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence

#: From the first id up to, but without, the second text.
Range = tuple[str, str]

#: Behind every id that begins with the text in front of it: no id has this character.
_LAST = "\U0010ffff"
#: Directly behind an id: no id has this character, and every other one that ids have comes later.
_NEXT = "\x01"
#: The first text behind the internal rooms, whose items begin with `!`.
_FIRST = '"'
ALL_ITEMS: Range = (_FIRST, _LAST)


def readable_ranges(items: Mapping[str, str], without: Collection[str] = ()) -> list[Range]:
    r"""Return what a token's `items` lets its holder read, as ranges in order: the longest pattern counts (A3).

    `without` names items that cannot be read whatever the patterns say.

    Example:
        >>> readable_ranges({"order-*": "r", "order-7": ""})
        [('order-', 'order-7'), ('order-7\x01', 'order-\U0010ffff')]

    """
    letters = {**items, **dict.fromkeys(without, "")}
    spans = [(_span(pattern), "r" in given) for pattern, given in letters.items()]
    # A span lies within another one or beside it; the outer one first.
    spans.sort(key=lambda span: span[0][1], reverse=True)
    spans.sort(key=lambda span: span[0][0])
    found: list[Range] = []
    around: list[tuple[str, bool]] = [(_LAST, False)]
    position = _FIRST

    def advance(end: str) -> None:
        nonlocal position
        if around[-1][1] and position < end:
            if found and found[-1][1] == position:
                found[-1] = (found[-1][0], end)
            else:
                found.append((position, end))
        position = max(position, end)

    def leave(first: str) -> None:
        while len(around) > 1 and around[-1][0] <= first:
            advance(around[-1][0])
            around.pop()

    for (first, end), readable in spans:
        leave(first)
        advance(first)
        around.append((end, readable))
    leave(_LAST)
    return found


def within(ranges: Sequence[Range], prefix: str) -> list[Range]:
    """Return the part of the ranges whose ids begin with `prefix`."""
    first, end = _span(f"{prefix}*")
    cut = ((max(first, one[0]), min(end, one[1])) for one in ranges)
    return [one for one in cut if one[0] < one[1]]


def contains(ranges: Sequence[Range], item: str) -> bool:
    """Tell whether the item is in one of the ranges, which are in order."""
    place = bisect_right(ranges, item, key=lambda one: one[0])
    return place > 0 and item < ranges[place - 1][1]


def is_single(one: Range) -> bool:
    """Tell whether a range holds one id alone."""
    return one[1] == one[0] + _NEXT


def _span(pattern: str) -> Range:
    """The ids that a pattern matches."""
    if pattern.endswith("*"):
        return (pattern[:-1], pattern[:-1] + _LAST)
    return (pattern, pattern + _NEXT)
