"""Call a server from asynchronous code."""

from collections.abc import Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

import httpx
from msgspec import UNSET

from alcove.client.call import Call, check_server_url
from alcove.client.calls import TIMEOUT_S, CallBuilder
from alcove.errors import UnavailableError
from alcove.library.entries import Entry, Members, Page, Unread
from alcove.library.imports import AsyncSource, ImportJob, ImportResult, OnProgress, async_parts_of
from alcove.library.member import Member

T = TypeVar("T")


class AsyncClient:
    """Calls a server over HTTP with the methods, arguments, results and errors of `Alcove`.

    If the server does not answer, a call raises UnavailableError; a call with an `id` may be repeated. Unlike sends of
    `Alcove`, those of a client count against the member's rate (L2): RateLimitedError, with `retry_ms`.

    Example:
        >>> client = AsyncClient("http://127.0.0.1:8000", secret)  # doctest: +SKIP
        >>> await client.send("order-17", "shipped", by=Member("shop", "The shop"))  # doctest: +SKIP

    """

    def __init__(self, url: str, secret: str, *, timeout_s: float = TIMEOUT_S) -> None:
        """Create a client, which signs a short-lived token for each call.

        Args:
            url: The address of the server, such as `https://chat.example`.
            secret: The server's ALCOVE_SECRET.
            timeout_s: Seconds without data after which a call fails.

        Raises:
            SettingsError: The secret is too short, or `url` is not the address of a server.
            InvalidError: The secret is not a string.

        """
        self._builder = CallBuilder(secret)
        self._http = httpx.AsyncClient(base_url=check_server_url(url), timeout=timeout_s)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections to the server."""
        await self._http.aclose()

    async def send(self, item: str, body: Any, *, by: Member, id: str | None = None) -> Entry:
        """Store a message as the next entry of the item's room; the same `id` again stores nothing (S5).

        Args:
            item: The item id.
            body: A text, or any JSON value.
            by: The author.
            id: An id that makes repeating the call safe; None: the call is not recognized when repeated.

        Returns:
            The stored entry.

        Raises:
            RequestError: The server refuses the message, or cannot be reached.

        """
        return await self._run(self._builder.send(item, body, by, id))

    async def event(self, item: str, text: str, *, by: Member, data: Any = UNSET, id: str | None = None) -> Entry:
        """Store an event of the application, which clients show as a line without an author's avatar (S14).

        Args:
            item: The item id.
            text: The text that clients show.
            by: The author of the entry.
            data: Any JSON value for the application's own use.
            id: An id that makes repeating the call safe; None: the call is not recognized when repeated.

        Returns:
            The stored entry.

        Raises:
            RequestError: The server refuses the event, or cannot be reached.

        """
        return await self._run(self._builder.event(item, text, by, data, id))

    async def edit(self, item: str, seq: int, body: Any, *, by: Member, id: str | None = None) -> Entry:
        """Replace the body of a message; `by` must be its author, or have the right to moderate (S8).

        Args:
            item: The item id.
            seq: The seq of the message.
            body: The new body: a text, or any JSON value.
            by: The member who edits.
            id: An id that makes repeating the call safe; None: the call is not recognized when repeated.

        Returns:
            The entry of kind `edit`.

        Raises:
            RequestError: The server refuses the edit, or cannot be reached.

        """
        return await self._run(self._builder.edit(item, seq, body, by, id))

    async def delete(self, item: str, seq: int, *, by: Member, id: str | None = None) -> Entry:
        """Delete a message and erase its body; `by` must be its author, or have the right to moderate (S8, S9).

        Args:
            item: The item id.
            seq: The seq of the message.
            by: The member who deletes.
            id: An id that makes repeating the call safe; None: the call is not recognized when repeated.

        Returns:
            The entry of kind `delete`.

        Raises:
            RequestError: The server refuses the deletion, or cannot be reached.

        """
        return await self._run(self._builder.delete(item, seq, by, id))

    async def entries(self, item: str, *, before: int | None = None, after: int | None = None, limit: int = 50) -> Page:
        """Read a page of the item's entries, in ascending order (W1).

        Args:
            item: The item id.
            before: Read the last entries before this seq.
            after: Read the first entries after this seq; with neither bound, the latest entries are read.
            limit: The maximum number of entries, 1 to 500.

        Raises:
            RequestError: The server refuses the call, or cannot be reached.

        """
        return await self._run(self._builder.entries(item, before, after, limit))

    async def members(self, item: str) -> Members:
        """Read who is connected to the item's room, on all processes: up to 100 members, and their number (W11).

        Raises:
            RequestError: The server refuses the call, or cannot be reached.

        """
        return await self._run(self._builder.members(item))

    async def unread(self, member: Member | str, items: Sequence[str]) -> dict[str, Unread]:
        """Read the head and the number of unread messages of each item, for a member (W10).

        Args:
            member: The member, or their id.
            items: Up to 500 item ids.

        Returns:
            The counts by item id.

        Raises:
            RequestError: The server refuses the call, or cannot be reached.

        """
        return await self._run(self._builder.unread(member, items))

    async def mark_read(self, item: str, seq: int, *, by: Member | str) -> int:
        """Move a member's read mark forward to `seq`, at most to the head, and return its position (P5).

        Raises:
            RequestError: The server refuses the call, or cannot be reached.

        """
        return await self._run(self._builder.mark_read(item, seq, by))

    async def delete_room(self, item: str) -> None:
        """Delete the item's room with all its data: entries, ids and read marks (W11).

        Raises:
            RequestError: The server refuses the call, or cannot be reached.

        """
        return await self._run(self._builder.delete_room(item))

    async def export(self, item: str | None = None, *, member: Member | str | None = None) -> bytes:
        """Read a whole room, or everything that a member wrote, as NDJSON (W14).

        Args:
            item: The item whose room is exported; None if `member` is given.
            member: The member, or their id; None if `item` is given.

        Raises:
            InvalidError: Both or neither are given.
            RequestError: The server refuses the call, or cannot be reached.

        """
        return await self._run(self._builder.export(item, member))

    async def import_entries(self, source: AsyncSource, *, on_progress: OnProgress | None = None) -> ImportResult:
        """Store existing entries with their authors and times (W14); stored entries stay unchanged.

        Args:
            source: `ImportEntry` objects, or lines of JSON as `export` returns them: as bytes, parts or a file.
            on_progress: Called after each chunk with how many lines or entries are imported, and how many there are.

        Raises:
            InvalidError: A line or an entry is invalid, or `source` has another type.
            TooLargeError: A line is longer than the server accepts.
            RequestError: The server refuses the call, or cannot be reached; it may be repeated.

        """
        with ImportJob(on_progress) as job:
            async for part in async_parts_of(source):
                job.add(part)
            async for request in job.async_requests():
                with job.located_errors(request):
                    job.record(request, await self._run(self._builder.import_lines(request)))
            return job.result

    async def erase(self, member: Member | str, *, by: Member) -> None:
        """Erase a member in every room: messages, name, picture, role, events and read marks (W14).

        Args:
            member: The member, or their id.
            by: The author of the entries that delete the messages.

        Raises:
            RequestError: The server refuses the call, or cannot be reached.

        """
        return await self._run(self._builder.erase(member, by))

    async def ban(
        self,
        member: Member | str,
        item: str | None = None,
        *,
        right: Literal["write", "all"] = "all",
        until: datetime | None = None,
        reason: str | None = None,
    ) -> None:
        """Ban a member from writing or from everything; this replaces an earlier ban on the same item (W15).

        Args:
            member: The member, or their id.
            item: The item id; None: all items.
            right: `write`: the member may still read. `all`: the member's connections are closed, too.
            until: When the ban ends, with a time zone; None: when it is lifted.
            reason: A text of 1 to 200 characters for the member and for moderators.

        Raises:
            RequestError: The server refuses the call, or cannot be reached.

        """
        return await self._run(self._builder.ban(member, item, right, until, reason))

    async def unban(self, member: Member | str, item: str | None = None) -> None:
        """Lift a member's ban on the item, or if `item` is None, their ban on all items (W15).

        Raises:
            RequestError: The server refuses the call, or cannot be reached.

        """
        return await self._run(self._builder.unban(member, item))

    async def revoke(self, member: Member | str, item: str | None = None) -> None:
        """Revoke all current tokens of a member and close their connections, on one item or (None) on all (A7).

        Raises:
            RequestError: The server refuses the call, or cannot be reached.

        """
        return await self._run(self._builder.revoke(member, item))

    async def _run(self, call: Call[T]) -> T:
        """Send the request of a call, and decode its response.

        Raises:
            UnavailableError: The server does not answer.
            RequestError: The server refuses the request.

        """
        try:
            response = await self._http.request(
                call.method, call.path, params=list(call.query), content=call.body, headers=call.headers
            )
        except httpx.TransportError as error:
            raise UnavailableError(f"the server does not answer: {error}", 1000) from error
        return call.result(response.status_code, response.content)
