"""Define the methods of `Alcove`: everything that the HTTP API can do, as calls (W11, S14, W14, W15, A7)."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Literal

from msgspec import UNSET, Raw

from alcove.access.bans import Ban
from alcove.access.revocations import Revocation
from alcove.errors import (
    REQUEST_ERRORS,
    ForbiddenError,
    InvalidError,
    NotStartedError,
    OverloadedError,
    Refusal,
    UnavailableError,
)
from alcove.item_ids import ItemIdError, check_item_id
from alcove.library.entries import Entry, Members, Page, Unread, entry_of, page_of
from alcove.library.imports import AsyncSource, ImportJob, ImportResult, OnProgress, async_parts_of
from alcove.library.member import Member
from alcove.protocol import raw
from alcove.rooms.hub import Hub
from alcove.rooms.writing import EventBody
from alcove.storage.base import ListRefusedError, LogUnavailableError, UnstorableError

_ID_CHARS = 64
_MEMBER_CHARS = 128
_REASON_CHARS = 200
_PAGE_ENTRIES = 500


class Methods:
    """Reads and writes rooms on behalf of the application, without rate limits (L2).

    Entries are durable when a call returns. Every method raises a RequestError: InvalidError, TooLargeError,
    ForbiddenError, OverloadedError or UnavailableError; and NotStartedError while the lifespan is not running.
    """

    _hub: Hub | None = None

    def _rooms(self) -> Hub:
        """Return the hub.

        Raises:
            NotStartedError: The lifespan is not running.

        """
        if self._hub is None:
            raise NotStartedError("this Alcove is not started: call it while its lifespan runs")
        return self._hub

    async def send(self, item: str, body: Any, *, by: Member, id: str | None = None) -> Entry:
        """Store a message as the next entry of the item's room (S2).

        Args:
            item: The item id.
            body: A text, or any JSON value.
            by: The author.
            id: An id that makes a repeated call store the message only once (S5); None: each call stores one.

        """
        with _typed_errors():
            written = await self._rooms().writer.send(check_item_id(item), _to_json(body), by.person, id=_check_id(id))
            return entry_of(item, written.entry)

    async def event(self, item: str, text: str, *, by: Member, data: Any = UNSET, id: str | None = None) -> Entry:
        """Store an event, which clients show as a line without an author's avatar (S14).

        Args:
            item: The item id.
            text: The text that clients show.
            by: The author.
            data: Any JSON value for the application's own use.
            id: See `send`.

        """
        with _typed_errors():
            if not isinstance(text, str) or not text:
                raise InvalidError("text: expected at least one character")
            body = EventBody(text, UNSET if data is UNSET else _to_json(data))
            written = await self._rooms().writer.event(check_item_id(item), body, by.person, id=_check_id(id))
            return entry_of(item, written.entry)

    async def edit(self, item: str, seq: int, body: Any, *, by: Member, id: str | None = None) -> Entry:
        """Replace the body of the message `seq`; of another member's message only if `by` may moderate (S8).

        Returns:
            The entry of kind `edit`.

        """
        with _typed_errors():
            written = await self._rooms().writer.edit(
                check_item_id(item), seq, _to_json(body), by.person, moderate=by.may_moderate, id=_check_id(id)
            )
            return entry_of(item, written.entry)

    async def delete(self, item: str, seq: int, *, by: Member, id: str | None = None) -> Entry:
        """Delete the message `seq` and erase its body; a message of another member only if `by` may moderate (S8, S9).

        Returns:
            The entry of kind `delete`.

        """
        with _typed_errors():
            written = await self._rooms().writer.delete(
                check_item_id(item), seq, by.person, moderate=by.may_moderate, id=_check_id(id)
            )
            return entry_of(item, written.entry)

    async def entries(self, item: str, *, before: int | None = None, after: int | None = None, limit: int = 50) -> Page:
        """Read a page of entries, in ascending order (W1).

        Args:
            item: The item id.
            before: Read the last entries before this seq.
            after: Read the first entries after this seq; with neither bound, the latest entries are read.
            limit: The maximum number of entries, 1 to 500.

        """
        with _typed_errors():
            if before is not None and after is not None:
                raise InvalidError("`before` and `after` exclude each other: give one of them")
            if not 1 <= limit <= _PAGE_ENTRIES:
                raise InvalidError(f"limit: expected 1 to {_PAGE_ENTRIES}, got {limit}")
            return page_of(
                item, await self._rooms().queries.read(check_item_id(item), before=before, after=after, limit=limit)
            )

    async def members(self, item: str) -> Members:
        """Return who is connected to the item's room on all processes: up to 100 members, and their number (W11)."""
        with _typed_errors():
            return Members(*await self._rooms().queries.members(check_item_id(item)))

    async def unread(self, member: Member | str, items: Sequence[str]) -> dict[str, Unread]:
        """Return by item the head and the number of unread messages for a member, given as a Member or by id (W10)."""
        with _typed_errors():
            counts = await self._rooms().queries.count_unread(
                [check_item_id(item) for item in dict.fromkeys(items)], _member_id(member)
            )
            return {count.item: Unread(count.head, count.unread) for count in counts}

    async def mark_read(self, item: str, seq: int, *, by: Member | str) -> int:
        """Move a member's read mark forward to `seq`, at most to the head; return its position (P5)."""
        with _typed_errors():
            return await self._rooms().writer.mark_read(check_item_id(item), _member_id(by), seq)

    async def delete_room(self, item: str) -> None:
        """Delete the item's room with all its data: entries, ids and read marks (W11)."""
        with _typed_errors():
            await self._rooms().writer.delete_room(check_item_id(item))

    async def export(self, item: str | None = None, *, member: Member | str | None = None) -> AsyncIterator[bytes]:
        """Yield a whole room, or everything that a member wrote, as NDJSON (W14).

        Args:
            item: The item whose room is exported; None if `member` is given.
            member: The member, or their id; None if `item` is given.

        Yields:
            One or more whole lines, as bytes.

        """
        with _typed_errors():
            if (item is None) == (member is None):
                raise InvalidError("give either an item or a member")
            data = self._rooms().personal_data
            async for lines in (
                data.export_room(check_item_id(item))
                if item is not None
                else data.export_member(_member_id(member or ""))
            ):
                yield lines

    async def import_entries(self, source: AsyncSource, *, on_progress: OnProgress | None = None) -> ImportResult:
        """Store existing entries with their authors and times (W14); stored entries stay unchanged.

        Args:
            source: `ImportEntry` objects, or lines of JSON as `export` yields them: as bytes, parts or a file.
            on_progress: Called after each chunk with how many lines or entries are imported, and how many there are.

        """
        importer = self._rooms().importer
        with _typed_errors(), ImportJob(on_progress) as job:
            async for part in async_parts_of(source):
                job.add(part)
            async for request in job.async_requests():
                with job.errors():
                    job.count(request, await importer.run(request.data, request.line))
            return job.result

    async def erase(self, member: Member | str, *, by: Member) -> None:
        """Erase a member in every room: messages, name, picture, role, events and read marks (W14).

        Args:
            member: The member, or their id.
            by: The author of the `delete` entries that tell clients about it.

        """
        with _typed_errors():
            await self._rooms().personal_data.erase_member(_member_id(member), by.person)

    async def ban(
        self,
        member: Member | str,
        item: str | None = None,
        *,
        right: Literal["write", "all"] = "all",
        until: datetime | None = None,
        reason: str | None = None,
    ) -> None:
        """Ban a member on an item, or on all; this replaces an earlier ban on the same item (W15, A8).

        Args:
            member: The member, or their id.
            item: The item id; None: all items.
            right: The right that they lose: `write`, or `all`.
            until: When the ban ends; None: when it is lifted.
            reason: A text for the member, 1 to 200 characters.

        """
        with _typed_errors():
            if right not in {"write", "all"}:
                raise InvalidError(f"right: expected 'write' or 'all', got {right!r}")
            if reason is not None and (not 1 <= len(reason) <= _REASON_CHARS or "\0" in reason):
                raise InvalidError(f"reason: expected 1 to {_REASON_CHARS} characters")
            if until is not None and until.tzinfo is None:
                raise InvalidError("until: expected a time with a time zone")
            until_ms = None if until is None else int(until.timestamp() * 1000)
            await self._rooms().ban(Ban(_member_id(member), _item_or_all(item), right, until_ms, reason))

    async def unban(self, member: Member | str, item: str | None = None) -> None:
        """Lift the ban of a member on the item, or with None the one on all items.

        Do nothing if there is none (W15).
        """
        with _typed_errors():
            await self._rooms().ban(Ban(_member_id(member), _item_or_all(item)))

    async def revoke(self, member: Member | str, item: str | None = None) -> None:
        """Close a member's connections on every process, on an item or on all (A7).

        Call it when a user signs out or loses rights. A client that comes back is admitted by your dependency again.
        """
        with _typed_errors():
            await self._rooms().revoke(Revocation.of_member(_member_id(member), _item_or_all(item), 0))


@contextmanager
def _typed_errors() -> Iterator[None]:
    """Convert the errors of rooms and storage to a RequestError, and those of values to an InvalidError."""
    try:
        yield
    except Refusal as refusal:
        raise REQUEST_ERRORS.get(refusal.code, ForbiddenError)(refusal.message, refusal.retry_ms) from None
    except LogUnavailableError as error:
        raise UnavailableError(f"storage does not answer: {error}", 1000) from error
    except ListRefusedError as error:
        raise OverloadedError(str(error), 1000) from error
    except (UnstorableError, ItemIdError, UnicodeEncodeError) as error:
        raise InvalidError(str(error)) from None


def _to_json(value: Any) -> Raw:
    """Encode the value as JSON. Raises InvalidError if that is not possible."""
    try:
        return raw(value)
    except (UnicodeEncodeError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidError(f"this is not JSON: {error}") from error


def _item_or_all(item: str | None) -> str | None:
    """Check the item id and return it; None stands for all items."""
    return None if item is None else check_item_id(item)


def _check_id(id: str | None) -> str | None:
    """Check the id of an entry, if there is one, and return it. Raises InvalidError (S1)."""
    if id is not None and (not 1 <= len(id) <= _ID_CHARS or "\0" in id):
        raise InvalidError(f"id: expected 1 to {_ID_CHARS} characters without NUL")
    return id


def _member_id(member: Member | str) -> str:
    """Return the id of a member who is given as a Member or by id. Raises InvalidError."""
    id_ = str(member.id) if isinstance(member, Member) else member
    if not 1 <= len(id_) <= _MEMBER_CHARS or "\0" in id_:
        raise InvalidError(f"member: expected an id of 1 to {_MEMBER_CHARS} characters")
    return id_
