"""Call a server from code with an event loop."""

from collections.abc import Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

import httpx
from msgspec import UNSET

from alcove.client.calls import TIMEOUT_S, Call, Calls
from alcove.errors import UnavailableError
from alcove.library.entries import Entry, Members, Page, Unread
from alcove.library.member import Member

T = TypeVar("T")


class AsyncClient:
    """Calls a server: the methods of `Alcove`, with its arguments, results and errors.

    Besides its errors there is UnavailableError where the server does not answer: a call with an `id` may be repeated.
    Unlike the library's, sends have the member's rate (L2): RateLimitedError, with `retry_ms`.

    Example:
        >>> client = AsyncClient("http://127.0.0.1:8000", secret)  # doctest: +SKIP
        >>> await client.send("order-17", "shipped", by=Member("shop", "The shop"))  # doctest: +SKIP

    """

    def __init__(self, url: str, secret: str, *, timeout_s: float = TIMEOUT_S) -> None:
        """Create a client, which signs a token for each call.

        Args:
            url: Where the server is, as in `https://chat.example`.
            secret: Its ALCOVE_SECRET.
            timeout_s: Seconds that the server may be silent.

        Raises:
            SettingsError: The secret is too short.

        """
        self._calls = Calls(secret)
        self._http = httpx.AsyncClient(base_url=url, timeout=timeout_s)

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
        """Send a message; the same `id` again stores nothing (S5)."""
        return await self._run(self._calls.send(item, body, by, id))

    async def event(self, item: str, text: str, *, by: Member, data: Any = UNSET, id: str | None = None) -> Entry:
        """Send an event: a line without an author's avatar (S14)."""
        return await self._run(self._calls.event(item, text, by, data, id))

    async def edit(self, item: str, seq: int, body: Any, *, by: Member, id: str | None = None) -> Entry:
        """Replace the body of a message; another member's only if `by` may moderate (S8)."""
        return await self._run(self._calls.edit(item, seq, body, by, id))

    async def delete(self, item: str, seq: int, *, by: Member, id: str | None = None) -> Entry:
        """Delete a message; another member's only if `by` may moderate (S8)."""
        return await self._run(self._calls.delete(item, seq, by, id))

    async def entries(self, item: str, *, before: int | None = None, after: int | None = None, limit: int = 50) -> Page:
        """Return entries before or after a seq, both exclusive; without either, the latest (W1)."""
        return await self._run(self._calls.entries(item, before, after, limit))

    async def members(self, item: str) -> Members:
        """Return who is connected to the item's room (W11)."""
        return await self._run(self._calls.members(item))

    async def unread(self, member: Member | str, items: Sequence[str]) -> dict[str, Unread]:
        """Return head and unread messages of each item for a member (W10)."""
        return await self._run(self._calls.unread(member, items))

    async def mark_read(self, item: str, seq: int, *, by: Member | str) -> int:
        """Move a member's read mark forward; return where it is (P5)."""
        return await self._run(self._calls.mark_read(item, seq, by))

    async def delete_room(self, item: str) -> None:
        """Delete the item's room with all its data (W11)."""
        return await self._run(self._calls.delete_room(item))

    async def export(self, item: str | None = None, *, member: Member | str | None = None) -> bytes:
        """Return a room, or what a member wrote, as lines of JSON (W14)."""
        return await self._run(self._calls.export(item, member))

    async def erase(self, member: Member | str, *, by: Member) -> None:
        """Erase a member in every room (W14)."""
        return await self._run(self._calls.erase(member, by))

    async def ban(
        self,
        member: Member | str,
        item: str | None = None,
        *,
        right: Literal["write", "all"] = "all",
        until: datetime | None = None,
        reason: str | None = None,
    ) -> None:
        """Ban a member on an item, or on all (W15)."""
        return await self._run(self._calls.ban(member, item, right, until, reason))

    async def unban(self, member: Member | str, item: str | None = None) -> None:
        """Lift the ban of a member on the item, or the one on all items (W15)."""
        return await self._run(self._calls.unban(member, item))

    async def revoke(self, member: Member | str, item: str | None = None) -> None:
        """Revoke a member's tokens and close their connections, on an item or on all (A7)."""
        return await self._run(self._calls.revoke(member, item))

    async def _run(self, call: Call[T]) -> T:
        """Send a request, and return what its response has. Raises RequestError."""
        try:
            response = await self._http.request(
                call.method, call.path, params=list(call.query), content=call.body, headers=call.headers
            )
        except httpx.TransportError as error:
            raise UnavailableError(f"the server does not answer: {error}", 1000) from error
        return call.result(response.status_code, response.content)
