"""Define the methods of `Alcove`, which do what the HTTP API can do (W11, S14, W14, W15, A7)."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Literal

from msgspec import UNSET

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
from alcove.library.arguments import (
    ban_end_ms,
    check_author,
    check_ban_reason,
    check_entry_id,
    check_event_text,
    check_item,
    check_item_or_all,
    check_items,
    check_member_id,
    check_page,
    check_read_mark,
    check_seq,
    encode_json,
)
from alcove.library.entries import Entry, Members, Page, Unread, entry_of, page_of
from alcove.library.imports import AsyncSource, ImportJob, ImportResult, OnProgress, async_parts_of
from alcove.library.member import Member
from alcove.rooms.hub import Hub
from alcove.rooms.writing import EventBody
from alcove.storage.base import ListRefusedError, LogUnavailableError, UnstorableError


class Methods:
    """Reads and writes rooms on behalf of the application, without rate limits (L2).

    Entries are durable when a call returns. If a method fails, it raises a RequestError: InvalidError, TooLargeError,
    ForbiddenError, OverloadedError or UnavailableError; and NotStartedError while the lifespan is not running.
    """

    #: Provides the rooms; None while the lifespan is not running.
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
            written = await self._rooms().writer.send(
                check_item(item), encode_json("body", body), check_author(by).person, id=check_entry_id(id)
            )
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
            body = EventBody(check_event_text(text), UNSET if data is UNSET else encode_json("data", data))
            written = await self._rooms().writer.send_event(
                check_item(item), body, check_author(by).person, id=check_entry_id(id)
            )
            return entry_of(item, written.entry)

    async def edit(self, item: str, seq: int, body: Any, *, by: Member, id: str | None = None) -> Entry:
        """Replace the body of the message `seq`; `by` must be its author, or have the right to moderate (S8).

        Returns:
            The entry of kind `edit`.

        """
        with _typed_errors():
            written = await self._rooms().writer.edit(
                check_item(item),
                check_seq(seq),
                encode_json("body", body),
                check_author(by).person,
                moderate=check_author(by).may_moderate,
                id=check_entry_id(id),
            )
            return entry_of(item, written.entry)

    async def delete(self, item: str, seq: int, *, by: Member, id: str | None = None) -> Entry:
        """Delete the message `seq` and erase its body; `by` must be its author, or have the right to moderate (S8, S9).

        Returns:
            The entry of kind `delete`.

        """
        with _typed_errors():
            written = await self._rooms().writer.delete(
                check_item(item),
                check_seq(seq),
                check_author(by).person,
                moderate=check_author(by).may_moderate,
                id=check_entry_id(id),
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
            before, after, limit = check_page(before, after, limit)
            return page_of(
                item, await self._rooms().queries.read(check_item(item), before=before, after=after, limit=limit)
            )

    async def members(self, item: str) -> Members:
        """Return who is connected to the item's room on all processes: up to 100 members, and their number (W11)."""
        with _typed_errors():
            return Members(*await self._rooms().queries.members(check_item(item)))

    async def unread(self, member: Member | str, items: Sequence[str]) -> dict[str, Unread]:
        """Return, by item, the head and the number of messages that a member (or the id of one) has not read (W10)."""
        with _typed_errors():
            counts = await self._rooms().queries.count_unread(check_items(items), check_member_id(member))
            return {count.item: Unread(count.head, count.unread) for count in counts}

    async def mark_read(self, item: str, seq: int, *, by: Member | str) -> int:
        """Move a member's read mark forward to `seq`, at most to the head; return its position (P5)."""
        with _typed_errors():
            return await self._rooms().writer.mark_read(check_item(item), check_member_id(by), check_read_mark(seq))

    async def delete_room(self, item: str) -> None:
        """Delete the item's room with all its data: entries, ids and read marks (W11)."""
        with _typed_errors():
            await self._rooms().writer.delete_room(check_item(item))

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
                data.export_room(check_item(item))
                if item is not None
                else data.export_member(check_member_id(member or ""))
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
                with job.located_errors(request):
                    job.record(request, await importer.import_lines(request.data, request.first_line))
            return job.result

    async def erase(self, member: Member | str, *, by: Member) -> None:
        """Erase a member in every room: messages, name, picture, role, events and read marks (W14).

        Args:
            member: The member, or their id.
            by: The author of the `delete` entries that tell clients about the erased messages.

        """
        with _typed_errors():
            await self._rooms().personal_data.erase_member(check_member_id(member), check_author(by).person)

    async def ban(
        self,
        member: Member | str,
        item: str | None = None,
        *,
        right: Literal["write", "all"] = "all",
        until: datetime | None = None,
        reason: str | None = None,
    ) -> None:
        """Ban a member from writing or from everything, on one item or on all items (W15, A8).

        The ban replaces an earlier one on the same item, or on all items.

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
            ban = Ban(
                check_member_id(member), check_item_or_all(item), right, ban_end_ms(until), check_ban_reason(reason)
            )
            await self._rooms().ban(ban)

    async def unban(self, member: Member | str, item: str | None = None) -> None:
        """Lift a member's ban on the item, or if `item` is None, their ban on all items (W15).

        Do nothing if there is no such ban.
        """
        with _typed_errors():
            await self._rooms().ban(Ban(check_member_id(member), check_item_or_all(item)))

    async def revoke(self, member: Member | str, item: str | None = None) -> None:
        """Close a member's connections to the item, or if `item` is None, to all items, on every process (A7).

        Call this when a user signs out or loses rights. When a client connects again, your dependency decides again.
        """
        with _typed_errors():
            await self._rooms().revoke(Revocation.of_member(check_member_id(member), check_item_or_all(item), 0))


@contextmanager
def _typed_errors() -> Iterator[None]:
    """Convert the errors of rooms and storage to RequestErrors; a value that cannot be stored is an InvalidError."""
    try:
        yield
    except Refusal as refusal:
        raise REQUEST_ERRORS.get(refusal.code, ForbiddenError)(refusal.message, refusal.retry_ms) from None
    except LogUnavailableError as error:
        raise UnavailableError(f"storage does not answer: {error}", 1000) from error
    except ListRefusedError as error:
        raise OverloadedError(str(error), 1000) from error
    except (UnstorableError, UnicodeEncodeError) as error:
        raise InvalidError(str(error)) from None
