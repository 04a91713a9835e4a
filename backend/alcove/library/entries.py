"""Represent entries, members and unread counts of rooms as Python objects, for callers of the library and clients."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from alcove import protocol
from alcove.protocol import Person
from alcove.storage.base import Page as LogPage


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of an item's room.

    Attributes:
        item: The item id.
        seq: The number of the entry in its room, from 1.
        kind: `message`, `edit`, `delete` or `event`.
        id: The id that the sender chose; if they chose none, a generated one.
        by: The author.
        at: When the entry was stored, in UTC.
        body: The decoded JSON body; None if the entry has no body, or if the body was erased.
        target: The seq of the message that an `edit` or `delete` changes; None for other kinds.
        edited: When the message was last edited, in UTC; None: never.
        deleted: When the message was deleted, in UTC; None: it was not.

    """

    item: str
    seq: int
    kind: Literal["message", "edit", "delete", "event"]
    id: str
    by: Person
    at: datetime
    body: Any = None  # Any: JSON of the application
    target: int | None = None
    edited: datetime | None = None
    deleted: datetime | None = None


@dataclass(frozen=True, slots=True)
class Message(Entry):
    """An entry of kind `message`."""


@dataclass(frozen=True, slots=True)
class Page:
    """Consecutive entries of a room, in ascending order. Iterating over a page yields its entries.

    Attributes:
        entries: The entries.
        head: The seq of the room's last entry; 0 if the room is empty.
        oldest: The seq of the oldest entry that the room still keeps.
        log: The id of the room's history, which changes if entries were lost (R5).

    """

    entries: list[Entry]
    head: int
    oldest: int
    log: str

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


@dataclass(frozen=True, slots=True)
class Members:
    """Up to 100 connected members of a room, and the exact number of connected members."""

    members: list[Person]
    count: int


@dataclass(frozen=True, slots=True)
class Unread:
    """The head of a room, and the number of messages by others after a member's read mark (at most 1000)."""

    head: int
    unread: int


def entry_of(item: str, entry: protocol.Entry) -> Entry:
    """Convert an entry of the log, and decode its body. An entry of kind `message` becomes a Message."""
    kind = Message if entry.kind == "message" else Entry
    return kind(
        item,
        entry.seq,
        entry.kind,
        entry.id,
        entry.by,
        _time(entry.at),
        None if isinstance(entry.body, UnsetType) else msgspec.json.decode(entry.body),
        None if entry.target is UNSET else entry.target,
        None if entry.edited is UNSET else _time(entry.edited),
        None if entry.deleted is UNSET else _time(entry.deleted),
    )


def page_of(item: str, page: LogPage) -> Page:
    """Convert a page of the log of this item."""
    return Page([entry_of(item, entry) for entry in page.entries], page.head, page.oldest, page.log)


def _time(ms: int) -> datetime:
    """Convert ms since the epoch to a datetime in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC)
