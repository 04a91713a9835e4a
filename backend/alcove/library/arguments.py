"""Check the arguments of `Alcove`'s methods: Python does not enforce types, and no invalid value may reach the log."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeGuard

from msgspec import Raw

from alcove.errors import InvalidError
from alcove.item_ids import ItemIdError, check_item_id
from alcove.library.member import Member
from alcove.protocol import raw

_MAX_ENTRY_ID_CHARS = 64
_MAX_MEMBER_ID_CHARS = 128
_MAX_REASON_CHARS = 200
_MAX_PAGE_ENTRIES = 500
#: The largest integer that every JSON parser reads exactly.
_MAX_SEQ = 2**53 - 1


def check_item(item: str, name: str = "item") -> str:
    """Return the item id (H3). Raises InvalidError, whose message begins with the argument's name."""
    if not isinstance(item, str):
        raise _error(name, "a string", item)
    try:
        return check_item_id(item)
    except ItemIdError as error:
        raise InvalidError(f"{name}: {error}") from None


def check_item_or_all(item: str | None) -> str | None:
    """Return the item id, or None, which stands for all items. Raises InvalidError if the id is invalid."""
    return None if item is None else check_item(item)


def check_items(items: Sequence[str]) -> list[str]:
    """Return the item ids, each once. Raises InvalidError if one is invalid, or if `items` is a single string."""
    if isinstance(items, str):
        raise _error("items", "several item ids, as a list", items)
    return [check_item(item, "items") for item in dict.fromkeys(items)]


def check_seq(seq: int) -> int:
    """Return the seq of an entry. Raises InvalidError unless it is an integer of at least 1."""
    return _integer("seq", seq, 1, _MAX_SEQ)


def check_read_mark(seq: int) -> int:
    """Return the seq of a read mark. Raises InvalidError unless it is an integer of at least 0 (0: nothing is read)."""
    return _integer("seq", seq, 0, _MAX_SEQ)


def check_page(before: int | None, after: int | None, limit: int) -> tuple[int | None, int | None, int]:
    """Return the bounds of a page and its maximum number of entries.

    Raises:
        InvalidError: Both bounds are given, or a value is not an integer in its range.

    """
    if before is not None and after is not None:
        raise InvalidError("`before` and `after` exclude each other: give one of them")
    return (
        None if before is None else _integer("before", before, 0, _MAX_SEQ),
        None if after is None else _integer("after", after, 0, _MAX_SEQ),
        _integer("limit", limit, 1, _MAX_PAGE_ENTRIES),
    )


def check_author(by: Member) -> Member:
    """Return the author of an entry. Raises InvalidError unless `by` is a Member."""
    if not isinstance(by, Member):
        raise _error("by", "a Member", by)
    return by


def check_member_id(member: Member | str) -> str:
    """Return the id of a member who is given as a Member or by id. Raises InvalidError if the id is invalid."""
    id_ = str(member.id) if isinstance(member, Member) else member
    if not _is_text(id_, _MAX_MEMBER_ID_CHARS):
        raise _error("member", f"a Member, or an id of {_characters(_MAX_MEMBER_ID_CHARS)}", member)
    return id_


def check_entry_id(id: str | None) -> str | None:
    """Return the id that the caller chose for an entry, or None. Raises InvalidError if it is malformed (S1)."""
    if id is not None and not _is_text(id, _MAX_ENTRY_ID_CHARS):
        raise _error("id", f"a string of {_characters(_MAX_ENTRY_ID_CHARS)}", id)
    return id


def check_event_text(text: str) -> str:
    """Return the text of an event. Raises InvalidError if it is empty or not a string (S14)."""
    if not isinstance(text, str) or not text:
        raise _error("text", "a string of at least one character", text)
    return text


def check_ban_reason(reason: str | None) -> str | None:
    """Return the reason of a ban, or None if there is none. Raises InvalidError if it is malformed (W15)."""
    if reason is not None and not _is_text(reason, _MAX_REASON_CHARS):
        raise _error("reason", f"a string of {_characters(_MAX_REASON_CHARS)}", reason)
    return reason


def ban_end_ms(until: datetime | None) -> int | None:
    """Convert the end of a ban to ms since the epoch; None: it has no end. Raises InvalidError without a time zone."""
    if until is None:
        return None
    if not isinstance(until, datetime) or until.tzinfo is None:
        raise _error("until", "a datetime with a time zone", until)
    return int(until.timestamp() * 1000)


def encode_json(name: str, value: Any) -> Raw:
    """Encode the value of the argument `name` as JSON. Raises InvalidError if that is not possible."""
    try:
        return raw(value)
    except (UnicodeEncodeError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidError(f"{name}: cannot be encoded as JSON: {error}") from error


def _is_text(value: object, max_chars: int) -> TypeGuard[str]:
    """Return whether the value is a string of 1 to `max_chars` characters without NUL."""
    return isinstance(value, str) and 1 <= len(value) <= max_chars and "\0" not in value


def _characters(max_chars: int) -> str:
    """Describe in an error what `_is_text` requires."""
    return f"1 to {max_chars} characters without NUL"


def _integer(name: str, value: object, low: int, high: int) -> int:
    """Return the value if it is an integer from `low` to `high`. Raises InvalidError."""
    if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
        return value
    raise _error(name, f"an integer from {low} to {high}", value)


def _error(name: str, expected: str, value: object) -> InvalidError:
    """Create the error of an argument, with its name, what was expected, and the value.

    If the value's repr is longer than 80 characters, the error has the value's type instead.
    """
    text = repr(value)
    return InvalidError(f"{name}: expected {expected}, got {text if len(text) <= 80 else type(value).__name__}")
