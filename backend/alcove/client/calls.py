"""Build the HTTP request of each client method. No I/O."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

import msgspec

from alcove import protocol
from alcove.access.signing import sign_token
from alcove.client.call import Call
from alcove.errors import InvalidError
from alcove.item_ids import ItemIdError, check_item_id
from alcove.library.entries import Entry, Members, Page, Unread, entry_of, page_of
from alcove.library.member import Member
from alcove.rooms.import_file import ImportRequest
from alcove.rooms.imports import Imported
from alcove.storage.base import Page as LogPage
from alcove.storage.base import UnreadCount

#: Seconds that the server may be silent, by default.
TIMEOUT_S = 30.0
#: Seconds that the token of a call is valid.
_TTL_S = 60
#: Who calls where no member does.
_CALLER = "alcove-client"


class _Unread(msgspec.Struct):
    """The response of `GET /api/unread`."""

    items: list[UnreadCount]


class _Mark(msgspec.Struct):
    """The response of `PUT …/read`."""

    seq: int


class CallBuilder:
    """Builds a Call for each method, with a token that gives no more rights than the call needs."""

    def __init__(self, secret: str) -> None:
        """Store the server's secret.

        Raises:
            SettingsError: The secret is too short.

        """
        self._secret = secret
        self._token({})  # raises SettingsError where the secret is too short

    def send(self, item: str, body: Any, by: Member, id: str | None) -> Call[Entry]:
        """Build the call that sends a message (W2)."""
        return self._write("POST", _entries(item), by, "rw", item=item, body={"body": body}, id=id)

    def event(self, item: str, text: str, by: Member, data: Any, id: str | None) -> Call[Entry]:
        """Build the call that sends an event (S14)."""
        body = {"text": text} | ({} if data is msgspec.UNSET else {"data": data})
        return self._write("POST", _entries(item), by, "rwm", item=item, body={"kind": "event", "body": body}, id=id)

    def edit(self, item: str, seq: int, body: Any, by: Member, id: str | None) -> Call[Entry]:
        """Build the call that replaces the body of a message (W11)."""
        return self._write(
            "PATCH", f"{_entries(item)}/{_number(seq)}", by, _rights(by), item=item, body={"body": body}, id=id
        )

    def delete(self, item: str, seq: int, by: Member, id: str | None) -> Call[Entry]:
        """Build the call that deletes a message (W11)."""
        return self._write("DELETE", f"{_entries(item)}/{_number(seq)}", by, _rights(by), item=item, body=None, id=id)

    def entries(self, item: str, before: int | None, after: int | None, limit: int) -> Call[Page]:
        """Build the call that reads a page of entries (W1)."""

        def decode(content: bytes) -> Page:
            return page_of(item, msgspec.json.decode(content, type=LogPage))

        query = [(name, _number(value)) for name, value in _optional(limit=limit, before=before, after=after).items()]
        return Call("GET", _entries(item), self._token({item: "r"}), decode, query=query)

    def members(self, item: str) -> Call[Members]:
        """Build the call that lists the connected members (W11)."""

        def decode(content: bytes) -> Members:
            return msgspec.json.decode(content, type=Members)

        return Call("GET", f"{_room(item)}/members", self._token({item: "r"}), decode)

    def unread(self, member: Member | str, items: Sequence[str]) -> Call[dict[str, Unread]]:
        """Build the call that counts a member's unread messages (W10)."""

        def decode(content: bytes) -> dict[str, Unread]:
            response = msgspec.json.decode(content, type=_Unread)
            return {item.item: Unread(item.head, item.unread) for item in response.items}

        token = self._token(dict.fromkeys(items, "r"), member)
        return Call("GET", "/api/unread", token, decode, query=[("item", item) for item in items])

    def mark_read(self, item: str, seq: int, by: Member | str) -> Call[int]:
        """Build the call that moves a read mark (P5)."""

        def decode(content: bytes) -> int:
            return msgspec.json.decode(content, type=_Mark).seq

        return Call("PUT", f"{_room(item)}/read", self._token({item: "r"}, by), decode, _json({"seq": _number(seq)}))

    def delete_room(self, item: str) -> Call[None]:
        """Build the call that deletes a room (W11)."""
        return Call("DELETE", _room(item), self._token({item: "rwm"}), _nothing)

    def export(self, item: str | None, member: Member | str | None) -> Call[bytes]:
        """Build the call that exports a room or a member (W14). Raises InvalidError unless exactly one is given."""
        if (item is None) == (member is None):
            raise InvalidError("give either an item or a member")
        if item is not None:
            return Call("GET", f"{_room(item)}/export", self._token({item: "rm"}), bytes)
        return Call("GET", f"/api/members/{_quote_id(member or '')}", self._token({"*": "rm"}), bytes)

    def erase(self, member: Member | str, by: Member) -> Call[None]:
        """Build the call that erases a member (W14)."""
        return Call("DELETE", f"/api/members/{_quote_id(member)}", self._token({"*": "rwm"}, by), _nothing)

    def import_lines(self, request: ImportRequest) -> Call[Imported]:
        """Build the call that imports a chunk of lines (W14)."""

        def decode(content: bytes) -> Imported:
            return msgspec.json.decode(content, type=Imported)

        token, query = self._token({"*": "rwm"}), [("line", request.line)]
        kind = "application/x-ndjson"
        return Call("POST", "/api/import", token, decode, request.data, query=query, content_type=kind)

    def ban(
        self,
        member: Member | str,
        item: str | None,
        right: Literal["write", "all"],
        until: datetime | None,
        reason: str | None,
    ) -> Call[None]:
        """Build the call that bans a member on an item, or with None on all (W15)."""
        if until is not None and until.tzinfo is None:
            raise InvalidError("until: expected a time with a time zone, as datetime.now(UTC) + …")
        until_ms = None if until is None else int(until.timestamp() * 1000)
        body = _json({"right": right} | _optional(until=until_ms, reason=reason))
        return Call("PUT", _ban(member, item), self._token({item or "*": "rwm"}), _nothing, body)

    def unban(self, member: Member | str, item: str | None) -> Call[None]:
        """Build the call that lifts a ban (W15)."""
        return Call("DELETE", _ban(member, item), self._token({item or "*": "rwm"}), _nothing)

    def revoke(self, member: Member | str, item: str | None) -> Call[None]:
        """Build the call that revokes a member's tokens and closes their connections (A7)."""
        body = _json({"sub": _id(member)} | _optional(item=item))
        return Call("POST", "/api/revoke", self._token({item or "*": "rwm"}), _nothing, body)

    def _write(
        self,
        method: str,
        path: str,
        by: Member,
        rights: str,
        *,
        item: str,
        body: Mapping[str, Any] | None,
        id: str | None,
    ) -> Call[Entry]:
        """Build a call that stores an entry on behalf of `by`.

        `rights`: the letters that its token gives on the item.
        """

        def decode(content: bytes) -> Entry:
            return entry_of(item, msgspec.json.decode(content, type=protocol.Entry))

        return Call(method, path, self._token({item: rights}, by), decode, None if body is None else _json(body), id=id)

    def _token(self, items: Mapping[str, str], member: Member | str = _CALLER) -> str:
        """Sign a token of the member, given as a Member or by id, with letters of rights by item or pattern."""
        if isinstance(member, str):
            return sign_token(self._secret, member, items, ttl_s=_TTL_S)
        return sign_token(
            self._secret,
            str(member.id),
            items,
            name=member.name,
            picture=member.picture,
            role=member.role,
            ttl_s=_TTL_S,
        )


def _rights(by: Member) -> str:
    """Return the letters of the rights that a member's token needs to edit and delete."""
    return "rwm" if by.may_moderate else "rw"


def _room(item: str) -> str:
    """Return the path of an item's room in the API. Raises InvalidError if it is not an item id."""
    try:
        return f"/api/items/{quote(check_item_id(item), safe='')}"
    except ItemIdError as error:
        raise InvalidError(str(error)) from None


def _entries(item: str) -> str:
    """Return the path of an item's entries in the API."""
    return f"{_room(item)}/entries"


def _ban(member: Member | str, item: str | None) -> str:
    """Return the path of a member's ban on the item, or with None on all items."""
    return f"{'/api' if item is None else _room(item)}/bans/{_quote_id(member)}"


def _id(member: Member | str) -> str:
    """Return the id of a member who is given as a Member or by id."""
    return str(member.id) if isinstance(member, Member) else member


def _quote_id(member: Member | str) -> str:
    """Return the percent-encoded id of a member."""
    return quote(_id(member), safe="")


def _optional(**values: Any) -> dict[str, Any]:
    """Return the arguments that are not None."""
    return {name: value for name, value in values.items() if value is not None}


def _number(number: int) -> int:
    """Return a number that a request may have. Raises InvalidError if it is not a seq or a count."""
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 2**53:
        raise InvalidError(f"expected an integer from 0 to 2 ** 53 - 1, got {number!r:.80}")
    return number


def _json(value: object) -> bytes:
    """Encode the value as JSON. Raises InvalidError if that is not possible."""
    try:
        return msgspec.json.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidError(f"this is not JSON: {error}") from error


def _nothing(_content: bytes) -> None:
    """Ignore the body of a response."""
    return
