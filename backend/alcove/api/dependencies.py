"""Authenticate requests and check rights: the dependencies that sockets and HTTP share (A)."""

from collections.abc import AsyncIterator
from contextlib import suppress
from ipaddress import IPv6Address
from typing import Annotated, Protocol

from fastapi import Depends, Header, Path, Query, Security
from fastapi.requests import HTTPConnection
from fastapi.security import SecurityScopes
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from alcove.access.address_limits import AddressLimits
from alcove.access.authenticator import Authenticator, Caller
from alcove.access.origin_policy import OriginPolicy
from alcove.access.unauthenticated_requests import PendingRequest
from alcove.api.login_cookie import EARLIER_COOKIE, is_secure, login_of
from alcove.errors import Close, Code, Reason, Refusal
from alcove.item_ids import MAX_CHARS, ItemIdError, check_item_id
from alcove.names import NOTHING_VISIBLE, is_visible
from alcove.protocol import Member, Right


def _check_item_id(text: str) -> str:
    """Check an item id. Raises pydantic's error, whose message is the reason alone."""
    try:
        return check_item_id(text)
    except ItemIdError as error:
        raise PydanticCustomError("item_id", "{reason}", {"reason": str(error)}) from None


_ITEM_ID_SCHEMA = {"minLength": 1, "maxLength": MAX_CHARS, "pattern": r"^[\p{L}\p{M}\p{Nd}._:@-]+$"}
#: An item's id (H3). The schema is for readers of the OpenAPI document; the check is stricter: it knows NFC.
ItemId = Annotated[str, Path(json_schema_extra=_ITEM_ID_SCHEMA), AfterValidator(_check_item_id)]
#: The same in a query.
CheckedItemId = Annotated[str, Field(json_schema_extra=_ITEM_ID_SCHEMA), AfterValidator(_check_item_id)]


def _check_visible(name: str) -> str:
    """Check that a name has a visible character. Raises pydantic's error."""
    if not is_visible(name):
        raise PydanticCustomError("name", "{reason}", {"reason": NOTHING_VISIBLE})
    return name


#: The name that a member gives themselves in open mode (H2).
Name = Annotated[
    Annotated[str, AfterValidator(_check_visible)] | None, Query(min_length=1, max_length=64, pattern=r"^[^\x00]*$")
]

_SAFE = {"GET", "HEAD", "OPTIONS"}


async def address_limits_of(connection: HTTPConnection) -> AsyncIterator[AddressLimits]:
    """Provide the address limits of this process, after they were applied to the request.

    Raises:
        Refusal: 4403 if open mode is reached from another machine (A2); 4429 if the address opens sockets too fast, or
            has too many requests in progress that are not authenticated (L).

    """
    limits: AddressLimits = connection.app.state.address_limits
    server, port = connection.scope.get("server") or ("", None)
    if port is not None:  # without a port it is a Unix socket, which only this machine reaches (ASGI)
        limits.check_server(server)
    address = address_of(connection)
    if connection.scope["type"] == "websocket":
        limits.check_handshake(address)
    claim = _token_in(connection.headers.get("authorization"), connection.query_params.get("token"))
    host = connection.client.host if connection.client else ""
    with limits.count_request(address, host, claim or login_of(connection) or "") as pending:
        connection.state.pending = pending
        yield limits


AddressLimitsDep = Annotated[AddressLimits, Depends(address_limits_of)]


async def authenticator_of(connection: HTTPConnection, _limits: AddressLimitsDep) -> Authenticator:
    """Return the authenticator of this process; the address limits are applied before it is used."""
    authenticator: Authenticator = connection.app.state.authenticator
    return authenticator


AuthenticatorDep = Annotated[Authenticator, Depends(authenticator_of)]


def address_of(connection: HTTPConnection) -> str:
    """Return the client's address, also behind trusted proxies; of IPv6, the network of one site."""
    host = connection.client.host if connection.client else "unknown"
    with suppress(ValueError):
        address = IPv6Address(host)
        # A socket for both versions reports IPv4 as `::ffff:192.0.2.1`: all of IPv4 would be one network.
        host = str(address.ipv4_mapped or address.exploded[: len("2001:0db8:0000:0000")])
    return host


async def own_origin(
    connection: HTTPConnection,
    _limits: AddressLimitsDep,
    origin: Annotated[str | None, Header(include_in_schema=False)] = None,
    host: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> bool:
    """Return whether the request comes from a page whose cookie counts (A5): browsers send it for every page."""
    policy: OriginPolicy = connection.app.state.origin_policy
    return policy.allow(origin, host, secure=is_secure(connection))


OwnOriginDep = Annotated[bool, Depends(own_origin)]


def check_cookie(connection: HTTPConnection, *, own: bool) -> None:
    """Check that a cookie counts. Raises Refusal 4403 for a handshake or a change by another origin (A5)."""
    if not own and connection.scope.get("method") not in _SAFE:
        raise Refusal(Code.FORBIDDEN, Close.FORBIDDEN, "a cookie does not count from another origin")


def _token_in(authorization: str | None, token: str | None) -> str | None:
    """Return the credential of the header `Authorization`, else that of the query (A1)."""
    scheme, _, bearer = (authorization or "").partition(" ")
    return (bearer.strip() if scheme.lower() == "bearer" else "") or token


async def presented(
    connection: HTTPConnection,
    own: OwnOriginDep,
    authorization: Annotated[str | None, Header()] = None,
    token: Annotated[str | None, Query()] = None,
) -> str | None:
    """Return the credential: header `Authorization: Bearer`, else query `token`, else the login cookie (A1).

    Raises Refusal 4403 for a cookie that another origin made the browser send (A5).
    """
    if found := _token_in(authorization, token):
        return found
    if login := login_of(connection):
        check_cookie(connection, own=own)
        return login
    return None


PresentedDep = Annotated[str | None, Security(presented)]


async def credential(connection: HTTPConnection, found: PresentedDep) -> str:
    """Return the credential. Raises Refusal 4401 if there is none."""
    if found:
        return found
    expected = "no credential: send header `Authorization: Bearer`, query `token`, or sign in by POST /api/session"
    if EARLIER_COOKIE in connection.cookies:
        # A page of an earlier version shows this text; a page that is loaded today takes the login over.
        expected = f"Reload this page: the server was upgraded ({expected})"
    raise Refusal(Code.UNAUTHENTICATED, Close.UNAUTHENTICATED, expected, reason=Reason.MISSING)


def mark_authenticated(connection: HTTPConnection) -> None:
    """Stop counting the request as unauthenticated: it was authenticated, or needs no authentication (L)."""
    pending: PendingRequest = connection.state.pending
    pending.mark_authenticated()


async def authenticate(connection: HTTPConnection, authenticator: Authenticator, key: str, name: str | None) -> Caller:
    """Return the caller of a credential, and count a refusal (L). Raises Refusal."""
    if authenticator.open:
        found = await authenticator.authenticate(key, name)
    else:
        limits: AddressLimits = connection.app.state.address_limits
        with limits.count_attempt(key, address_of(connection)):
            found = await authenticator.authenticate(key, name)
    mark_authenticated(connection)
    return found


class Admission(Protocol):
    """Authorizes callers in place of tokens: the host application of an Alcove that runs inside it."""

    async def caller(self, connection: HTTPConnection, *, own: bool) -> Caller:
        """Return the caller; `own`: whether a cookie counts (A5). Raises Refusal."""
        ...


async def caller(
    *,
    connection: HTTPConnection,
    authenticator: AuthenticatorDep,
    own: OwnOriginDep,
    found: PresentedDep,
    name: Name = None,
) -> Caller:
    """Return the caller that the credential identifies, or that the host application admits.

    Raises Refusal 4401, 4403 or 4429; from a host application also 4400 and 1011.
    """
    admission: Admission | None = connection.app.state.admission
    if admission is None:
        return await authenticate(connection, authenticator, await credential(connection, found), name)
    admitted = await admission.caller(connection, own=own)
    mark_authenticated(connection)
    return admitted


CallerDep = Annotated[Caller, Security(caller)]


async def member(scopes: SecurityScopes, item_id: ItemId, authenticator: AuthenticatorDep, who: CallerDep) -> Member:
    """Return the caller as a member of the item's room. Raises Refusal 4403 if a right is missing."""
    found = authenticator.member_on(who, item_id)
    for right in scopes.scopes:
        if right not in found.can and not (right == "moderate" and authenticator.open):
            raise Refusal(Code.FORBIDDEN, Close.FORBIDDEN, f"this takes the right to {right} {item_id}")
    return found


def check_right(member: Member, right: Right, item: str) -> None:
    """Check that the member has a right on the item. Raises Refusal 4403."""
    if right not in member.can:
        raise Refusal(Code.FORBIDDEN, Close.FORBIDDEN, f"this takes the right to {right} {item}")


async def sender(found: Annotated[Member, Security(member)], item_id: ItemId) -> Member:
    """Return a member who may write, or moderate and so send events (S14). Raises Refusal 4403."""
    if "moderate" not in found.can:
        check_right(found, "write", item_id)
    return found


SenderDep = Annotated[Member, Security(sender)]
ReaderDep = Annotated[Member, Security(member, scopes=["read"])]
WriterDep = Annotated[Member, Security(member, scopes=["write"])]


async def strict_moderator(found: Annotated[Member, Security(member)], item_id: ItemId) -> Member:
    """Return a member who may moderate; open mode has none. Raises Refusal 4403."""
    check_right(found, "moderate", item_id)
    return found


StrictModeratorDep = Annotated[Member, Security(strict_moderator)]
#: In open mode every caller may see a room's connections (W8).
ModeratorDep = Annotated[Member, Security(member, scopes=["moderate"])]
