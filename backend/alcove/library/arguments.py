"""Check the arguments of `Alcove`'s methods: Python passes values of any type, and the log must not store them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Raw

from alcove.errors import InvalidError
from alcove.item_ids import ItemIdError, check_item_id
from alcove.library.member import Member
from alcove.protocol import Person, raw

_ID_CHARS = 64
_MEMBER_CHARS = 128
_REASON_CHARS = 200
_PAGE_ENTRIES = 500
_MAX_SEQ = 2**53 - 1


def item_argument(item: str, name: str = "item") -> str:
    """Return the item id (H3). Raises InvalidError, whose message begins with the argument's name."""
    if not isinstance(item, str):
        raise _error(name, "a text", item)
    try:
        return check_item_id(item)
    except ItemIdError as error:
        raise InvalidError(f"{name}: {error}") from None


def item_or_all(item: str | None) -> str | None:
    """Return the item id; None stands for all items. Raises InvalidError."""
    return None if item is None else item_argument(item)


def items_argument(items: Sequence[str]) -> list[str]:
    """Return the item ids, each once. Raises InvalidError if one is invalid, or if `items` is a single text."""
    if isinstance(items, str):
        raise _error("items", "several item ids, as a list", items)
    return [item_argument(item, "items") for item in dict.fromkeys(items)]


def seq_argument(seq: int) -> int:
    """Return the seq of an entry, from 1. Raises InvalidError."""
    return _integer("seq", seq, 1, _MAX_SEQ)


def mark_argument(seq: int) -> int:
    """Return the seq of a read mark, from 0. Raises InvalidError."""
    return _integer("seq", seq, 0, _MAX_SEQ)


def page_arguments(before: int | None, after: int | None, limit: int) -> tuple[int | None, int | None, int]:
    """Return the bounds of a page and its maximum number of entries. Raises InvalidError."""
    if before is not None and after is not None:
        raise InvalidError("`before` and `after` exclude each other: give one of them")
    return (
        None if before is None else _integer("before", before, 0, _MAX_SEQ),
        None if after is None else _integer("after", after, 0, _MAX_SEQ),
        _integer("limit", limit, 1, _PAGE_ENTRIES),
    )


def author_argument(by: Member) -> Member:
    """Return the author of an entry. Raises InvalidError unless `by` is a Member."""
    if not isinstance(by, Member):
        raise _error("by", "a Member", by)
    return by


def author_person(by: Member) -> Person:
    """Return the public profile of an entry's author. Raises InvalidError unless `by` is a Member."""
    return author_argument(by).person


def member_id(member: Member | str) -> str:
    """Return the id of a member who is given as a Member or by id. Raises InvalidError."""
    id_ = str(member.id) if isinstance(member, Member) else member
    if not isinstance(id_, str) or not 1 <= len(id_) <= _MEMBER_CHARS or "\0" in id_:
        raise _error("member", f"a Member or an id of 1 to {_MEMBER_CHARS} characters", member)
    return id_


def entry_id(id: str | None) -> str | None:
    """Return the id of an entry, if there is one. Raises InvalidError (S1)."""
    if id is not None and (not isinstance(id, str) or not 1 <= len(id) <= _ID_CHARS or "\0" in id):
        raise _error("id", f"1 to {_ID_CHARS} characters without NUL", id)
    return id


def event_text(text: str) -> str:
    """Return the text of an event. Raises InvalidError (S14)."""
    if not isinstance(text, str) or not text:
        raise _error("text", "at least one character", text)
    return text


def ban_reason(reason: str | None) -> str | None:
    """Return the reason of a ban, if there is one. Raises InvalidError (W15)."""
    if reason is not None and (not isinstance(reason, str) or not 1 <= len(reason) <= _REASON_CHARS or "\0" in reason):
        raise _error("reason", f"1 to {_REASON_CHARS} characters", reason)
    return reason


def end_ms(until: datetime | None) -> int | None:
    """Convert the end of a ban to ms since the epoch; None: it has no end. Raises InvalidError."""
    if until is None:
        return None
    if not isinstance(until, datetime) or until.tzinfo is None:
        raise _error("until", "a datetime with a time zone", until)
    return int(until.timestamp() * 1000)


def to_json(value: Any) -> Raw:
    """Encode the value as JSON. Raises InvalidError if that is not possible."""
    try:
        return raw(value)
    except (UnicodeEncodeError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidError(f"this is not JSON: {error}") from error


def _integer(name: str, value: object, low: int, high: int) -> int:
    """Return the value if it is an integer from `low` to `high`. Raises InvalidError."""
    if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
        return value
    raise _error(name, f"an integer from {low} to {high}", value)


def _error(name: str, expected: str, value: object) -> InvalidError:
    """Create the error of an argument: its name, what was expected, and the value, or its type if that is long."""
    text = repr(value)
    return InvalidError(f"{name}: expected {expected}, got {text if len(text) <= 80 else type(value).__name__}")
