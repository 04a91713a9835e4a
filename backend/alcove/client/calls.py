"""Build the HTTP request of each client method. No I/O."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

import msgspec

from alcove import protocol
from alcove.access.signing import check_secret, sign_token
from alcove.client.call import Call
from alcove.errors import InvalidError
from alcove.library.arguments import (
    ban_end_ms,
    check_author,
    check_ban_reason,
    check_entry_id,
    check_event_text,
    check_item,
    check_items,
    check_member_id,
    check_page,
    check_read_mark,
    check_seq,
)
from alcove.library.entries import Entry, Members, Page, Unread, entry_of, page_of
from alcove.library.member import Member
from alcove.rooms.import_file import ImportRequest
from alcove.rooms.imports import Imported
from alcove.storage.base import Page as LogPage
from alcove.storage.base import UnreadCount

#: Seconds without data after which a call fails, by default.
TIMEOUT_S = 30.0
#: Seconds that the token of a call is valid.
_TTL_S = 60
#: The member id in the token of a call that no member makes.
_CLIENT_ID = "alcove-client"


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
            InvalidError: The secret is not a text.

        """
        check_secret(secret)
        self._secret = secret

    def send(self, item: str, body: Any, by: Member, id: str | None) -> Call[Entry]:
        """Build the call that sends a message (W2)."""
        return self._build_write("POST", _entries_path(item), by, "rw", item=item, body={"body": body}, id=id)

    def event(self, item: str, text: str, by: Member, data: Any, id: str | None) -> Call[Entry]:
        """Build the call that sends an event (S14)."""
        body = {"text": check_event_text(text)} | ({} if data is msgspec.UNSET else {"data": data})
        return self._build_write(
            "POST", _entries_path(item), by, "rwm", item=item, body={"kind": "event", "body": body}, id=id
        )

    def edit(self, item: str, seq: int, body: Any, by: Member, id: str | None) -> Call[Entry]:
        """Build the call that replaces the body of a message (W11)."""
        return self._build_write(
            "PATCH",
            f"{_entries_path(item)}/{check_seq(seq)}",
            by,
            _change_rights(by),
            item=item,
            body={"body": body},
            id=id,
        )

    def delete(self, item: str, seq: int, by: Member, id: str | None) -> Call[Entry]:
        """Build the call that deletes the message `seq`; `id` is the id of the delete itself (W11)."""
        return self._build_write(
            "DELETE", f"{_entries_path(item)}/{check_seq(seq)}", by, _change_rights(by), item=item, body=None, id=id
        )

    def entries(self, item: str, before: int | None, after: int | None, limit: int) -> Call[Page]:
        """Build the call that reads a page of entries (W1)."""

        def decode(content: bytes) -> Page:
            return page_of(item, msgspec.json.decode(content, type=LogPage))

        path = _entries_path(item)
        before, after, limit = check_page(before, after, limit)
        query = list(_without_none(limit=limit, before=before, after=after).items())
        return Call("GET", path, self._token({item: "r"}), decode, query=query)

    def members(self, item: str) -> Call[Members]:
        """Build the call that lists the connected members (W11)."""

        def decode(content: bytes) -> Members:
            return msgspec.json.decode(content, type=Members)

        path = f"{_room_path(item)}/members"
        return Call("GET", path, self._token({item: "r"}), decode)

    def unread(self, member: Member | str, items: Sequence[str]) -> Call[dict[str, Unread]]:
        """Build the call that counts a member's unread messages (W10)."""

        def decode(content: bytes) -> dict[str, Unread]:
            response = msgspec.json.decode(content, type=_Unread)
            return {item.item: Unread(item.head, item.unread) for item in response.items}

        unique = check_items(items)
        token = self._token(dict.fromkeys(unique, "r"), member)
        return Call("GET", "/api/unread", token, decode, query=[("item", item) for item in unique])

    def mark_read(self, item: str, seq: int, by: Member | str) -> Call[int]:
        """Build the call that moves a member's read mark forward to `seq` (P5). Its result is the stored mark's seq."""

        def decode(content: bytes) -> int:
            return msgspec.json.decode(content, type=_Mark).seq

        path = f"{_room_path(item)}/read"
        body = _encode({"seq": check_read_mark(seq)})
        return Call("PUT", path, self._token({item: "r"}, by), decode, body)

    def delete_room(self, item: str) -> Call[None]:
        """Build the call that deletes a room (W11)."""
        path = _room_path(item)
        return Call("DELETE", path, self._token({item: "rwm"}), _decode_nothing)

    def export(self, item: str | None, member: Member | str | None) -> Call[bytes]:
        """Build the call that exports a room or a member (W14). Raises InvalidError unless exactly one is given."""
        if (item is None) == (member is None):
            raise InvalidError("give either an item or a member")
        if item is not None:
            path = f"{_room_path(item)}/export"
            return Call("GET", path, self._token({item: "rm"}), bytes)
        return Call("GET", _member_path(member), self._token({"*": "rm"}), bytes)

    def erase(self, member: Member | str, by: Member) -> Call[None]:
        """Build the call that erases a member (W14)."""
        return Call("DELETE", _member_path(member), self._token({"*": "rwm"}, check_author(by)), _decode_nothing)

    def import_lines(self, request: ImportRequest) -> Call[Imported]:
        """Build the call that imports a chunk of lines (W14)."""

        def decode(content: bytes) -> Imported:
            return msgspec.json.decode(content, type=Imported)

        token = self._token({"*": "rwm"})
        return Call(
            "POST",
            "/api/import",
            token,
            decode,
            request.data,
            query=[("line", request.first_line)],
            content_type="application/x-ndjson",
        )

    def ban(
        self,
        member: Member | str,
        item: str | None,
        right: Literal["write", "all"],
        until: datetime | None,
        reason: str | None,
    ) -> Call[None]:
        """Build the call that bans a member on an item; `item` None: on all items (W15)."""
        path = _ban_path(member, item)
        body = _encode({"right": right} | _without_none(until=ban_end_ms(until), reason=check_ban_reason(reason)))
        return Call("PUT", path, self._token({item or "*": "rwm"}), _decode_nothing, body)

    def unban(self, member: Member | str, item: str | None) -> Call[None]:
        """Build the call that lifts a ban (W15)."""
        path = _ban_path(member, item)
        return Call("DELETE", path, self._token({item or "*": "rwm"}), _decode_nothing)

    def revoke(self, member: Member | str, item: str | None) -> Call[None]:
        """Build the call that revokes a member's tokens and closes their connections (A7)."""
        body = _encode({"sub": _member_id(member)} | ({} if item is None else {"item": check_item(item)}))
        return Call("POST", "/api/revoke", self._token({item or "*": "rwm"}), _decode_nothing, body)

    def _build_write(
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

        `rights`: the letters of the rights on the item that the call's token gives.
        """

        def decode(content: bytes) -> Entry:
            return entry_of(item, msgspec.json.decode(content, type=protocol.Entry))

        token = self._token({item: rights}, check_author(by))
        return Call(method, path, token, decode, None if body is None else _encode(body), id=_idempotency_key(id))

    def _token(self, items: Mapping[str, str], member: Member | str = _CLIENT_ID) -> str:
        """Sign a token of a member (or of the id of one). `items`: rights as letters, by item or pattern."""
        if not isinstance(member, Member):
            return sign_token(self._secret, _member_id(member), items, ttl_s=_TTL_S)
        return sign_token(
            self._secret,
            _member_id(member),
            items,
            name=member.name,
            picture=member.picture,
            role=member.role,
            ttl_s=_TTL_S,
        )


def _change_rights(by: Member) -> str:
    """Return the letters of the rights that a member's token needs to edit and delete."""
    return "rwm" if check_author(by).may_moderate else "rw"


def _room_path(item: str) -> str:
    """Return the path of an item's room in the API. Raises InvalidError if it is not an item id."""
    return f"/api/items/{quote(check_item(item), safe='')}"


def _entries_path(item: str) -> str:
    """Return the path of an item's entries in the API."""
    return f"{_room_path(item)}/entries"


def _ban_path(member: Member | str, item: str | None) -> str:
    """Return the path of a member's ban on the item, or all items (None). Raises InvalidError for a wrong id."""
    return f"{'/api' if item is None else _room_path(item)}/bans/{quote(_member_id(member), safe='')}"


def _member_path(member: Member | str | None) -> str:
    """Return the path of a member's data in the API. Raises InvalidError if the id is invalid."""
    return f"/api/members/{quote(_member_id(member), safe='')}"


def _member_id(member: Member | str | None) -> str:
    """Return the id of a member who is given as a Member or by id. Raises InvalidError if no request can contain it."""
    id_ = check_member_id(member)  # type: ignore[arg-type] # it refuses None
    try:
        id_.encode()
    except UnicodeEncodeError:
        raise InvalidError(f"member: expected a Member or an id without lone surrogates, got {id_!r:.80}") from None
    return id_


def _idempotency_key(id: str | None) -> str | None:
    """Return the id of an entry, or None if there is none. Raises InvalidError if no header can contain the id."""
    key = check_entry_id(id)
    if key is not None and not (key.isascii() and key.isprintable() and key == key.strip()):
        raise InvalidError(f"id: expected printable ASCII without spaces around it, got {key!r:.80}")
    return key


def _without_none(**values: Any) -> dict[str, Any]:
    """Return the arguments that are not None."""
    return {name: value for name, value in values.items() if value is not None}


def _encode(value: object) -> bytes:
    """Encode the value as JSON. Raises InvalidError if that is not possible."""
    try:
        return msgspec.json.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidError(f"the body cannot be encoded as JSON: {error}") from error


def _decode_nothing(_content: bytes) -> None:
    """Ignore the body of a response."""
