"""Authenticate requests and check rights, in dependencies that WebSocket and HTTP routes share (A)."""

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
from alcove.api.login_cookie import EARLIER_COOKIE, is_secure, read_login
from alcove.errors import Close, Code, Reason, Refusal
from alcove.item_ids import MAX_CHARS, ItemIdError, check_item_id
from alcove.names import NO_VISIBLE_CHARACTER, has_visible_character
from alcove.protocol import Member, Right


def _check_item_id(text: str) -> str:
    """Return a valid item id of a request. Raises PydanticCustomError, so that the response names the parameter."""
    try:
        return check_item_id(text)
    except ItemIdError as error:
        raise PydanticCustomError("item_id", "{reason}", {"reason": str(error)}) from None


_ITEM_ID_SCHEMA = {"minLength": 1, "maxLength": MAX_CHARS, "pattern": r"^[\p{L}\p{M}\p{Nd}._:@-]+$"}
#: An item id in a path (H3). The schema is for readers of the OpenAPI document; the check also requires NFC.
ItemId = Annotated[str, Path(json_schema_extra=_ITEM_ID_SCHEMA), AfterValidator(_check_item_id)]
#: An item id in a query, with the same schema and check.
CheckedItemId = Annotated[str, Field(json_schema_extra=_ITEM_ID_SCHEMA), AfterValidator(_check_item_id)]


def _check_visible(name: str) -> str:
    """Return a name that has a visible character. Raises PydanticCustomError if it has none."""
    if not has_visible_character(name):
        raise PydanticCustomError("name", "{reason}", {"reason": NO_VISIBLE_CHARACTER})
    return name


#: The name that a member gives themselves in open mode (H2).
Name = Annotated[
    Annotated[str, AfterValidator(_check_visible)] | None, Query(min_length=1, max_length=64, pattern=r"^[^\x00]*$")
]

#: HTTP methods that change nothing (RFC 9110, section 9.2.1).
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


async def address_limits_of(connection: HTTPConnection) -> AsyncIterator[AddressLimits]:
    """Check the request against the limits of its client address, and count it as pending until it is authenticated.

    Raises:
        Refusal: 4403 if the server is in open mode and the request comes from another machine (A2); 4429 if the address
            opens sockets too fast, or has too many unauthenticated requests in progress (L).

    """
    limits: AddressLimits = connection.app.state.address_limits
    server, port = connection.scope.get("server") or ("", None)
    if (
        port is not None
    ):  # without a port, the server listens on a Unix socket, which only this machine can reach (ASGI)
        limits.check_server_address(server)
    address = client_address_key(connection)
    if connection.scope["type"] == "websocket":
        limits.check_handshake(address)
    token = _token_in(connection.headers.get("authorization"), connection.query_params.get("token"))
    host = connection.client.host if connection.client else ""
    with limits.count_request(address, host, token or read_login(connection) or "") as pending:
        connection.state.pending = pending
        yield limits


AddressLimitsDep = Annotated[AddressLimits, Depends(address_limits_of)]


async def authenticator_of(connection: HTTPConnection, _limits: AddressLimitsDep) -> Authenticator:
    """Return the authenticator of this process. FastAPI first checks the limits of the client's address."""
    authenticator: Authenticator = connection.app.state.authenticator
    return authenticator


AuthenticatorDep = Annotated[Authenticator, Depends(authenticator_of)]


def client_address_key(connection: HTTPConnection) -> str:
    """Return the key of the client's rate limits: its address, as the trusted proxies report it.

    IPv6 addresses are truncated to their /64 prefix, because one client usually controls all addresses in it.
    """
    host = connection.client.host if connection.client else "unknown"
    with suppress(ValueError):
        address = IPv6Address(host)
        # A socket for both versions reports IPv4 as `::ffff:192.0.2.1`: in one /64, all IPv4 clients would share a key.
        host = str(address.ipv4_mapped or address.exploded[: len("2001:0db8:0000:0000")])
    return host


async def is_trusted_origin(
    connection: HTTPConnection,
    _limits: AddressLimitsDep,
    origin: Annotated[str | None, Header(include_in_schema=False)] = None,
    host: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> bool:
    """Return whether a login cookie may authenticate the request, judged by its headers `Origin` and `Host` (A5)."""
    policy: OriginPolicy = connection.app.state.origin_policy
    return policy.allows_cookie(origin, host, secure=is_secure(connection))


TrustedOriginDep = Annotated[bool, Depends(is_trusted_origin)]


def check_cookie(connection: HTTPConnection, *, trusted_origin: bool) -> None:
    """Check that a login cookie may authenticate the request.

    Args:
        connection: The request or handshake.
        trusted_origin: Whether a page of the server or of a configured origin sent it (`is_trusted_origin`).

    Raises:
        Refusal: 4403 for a handshake or a changing request from a page of another origin (A5).

    """
    if not trusted_origin and connection.scope.get("method") not in _SAFE_METHODS:
        raise Refusal(Code.FORBIDDEN, Close.FORBIDDEN, "a cookie is not accepted from a page of another origin")


def _token_in(authorization: str | None, token: str | None) -> str | None:
    """Return the bearer token in `Authorization`; without one, the query's `token`; without both, None (A1)."""
    scheme, _, bearer = (authorization or "").partition(" ")
    return (bearer.strip() if scheme.lower() == "bearer" else "") or token


async def optional_credential(
    connection: HTTPConnection,
    trusted_origin: TrustedOriginDep,
    authorization: Annotated[str | None, Header()] = None,
    token: Annotated[str | None, Query()] = None,
) -> str | None:
    """Return the first of bearer token, query parameter `token` and login cookie that the request has, or None (A1).

    Raises:
        Refusal: 4403 for a cookie in a request from a page of another origin (A5).

    """
    if bearer := _token_in(authorization, token):
        return bearer
    if login := read_login(connection):
        check_cookie(connection, trusted_origin=trusted_origin)
        return login
    return None


OptionalCredentialDep = Annotated[str | None, Security(optional_credential)]


async def required_credential(connection: HTTPConnection, credential: OptionalCredentialDep) -> str:
    """Return the credential of the request, which may not be absent.

    Raises:
        Refusal: 4401 with reason `missing` if the request has no credential.

    """
    if credential:
        return credential
    message = "no credential: send header `Authorization: Bearer`, query `token`, or sign in by POST /api/session"
    if EARLIER_COOKIE in connection.cookies:
        # A page of an earlier version shows this text. When it is reloaded, `EarlierLogins` replaces the cookie.
        message = f"Reload this page: the server was upgraded ({message})"
    raise Refusal(Code.UNAUTHENTICATED, Close.UNAUTHENTICATED, message, reason=Reason.MISSING)


def mark_authenticated(connection: HTTPConnection) -> None:
    """Stop counting the request as unauthenticated: it was authenticated, or needs no authentication (L)."""
    pending: PendingRequest = connection.state.pending
    pending.mark_authenticated()


async def authenticate(
    connection: HTTPConnection, authenticator: Authenticator, credential: str, name: str | None
) -> Caller:
    """Authenticate a credential, and count the attempt against the limits of the credential and the address (L).

    Args:
        connection: The request or handshake.
        authenticator: The authenticator of this process.
        credential: A token, or in open mode any text.
        name: The name that the caller chooses in open mode; None: the name in the cookie, or the default name.

    Raises:
        Refusal: 4401 or 4403 if the credential is refused, 4429 after too many refusals.

    """
    if authenticator.open:
        caller = await authenticator.authenticate(credential, name)
    else:
        limits: AddressLimits = connection.app.state.address_limits
        with limits.count_attempt(credential, client_address_key(connection)):
            caller = await authenticator.authenticate(credential, name)
    mark_authenticated(connection)
    return caller


class Admission(Protocol):
    """Authorizes callers without tokens, where an application embeds Alcove (implemented by `HostAdmission`)."""

    async def authorize(self, connection: HTTPConnection, *, trusted_origin: bool) -> Caller:
        """Return the caller of a request. Raises Refusal if the request is not authorized.

        `trusted_origin`: whether a cookie may authenticate the request (A5).
        """
        ...


async def caller(
    *,
    connection: HTTPConnection,
    authenticator: AuthenticatorDep,
    trusted_origin: TrustedOriginDep,
    credential: OptionalCredentialDep,
    name: Name = None,
) -> Caller:
    """Authenticate the request: by its credential, or by the host application's dependency.

    Raises:
        Refusal: 4401, 4403 or 4429; from a host application also 4400 and 1011.

    """
    admission: Admission | None = connection.app.state.admission
    if admission is None:
        return await authenticate(connection, authenticator, await required_credential(connection, credential), name)
    admitted = await admission.authorize(connection, trusted_origin=trusted_origin)
    mark_authenticated(connection)
    return admitted


CallerDep = Annotated[Caller, Security(caller)]


async def member(scopes: SecurityScopes, item_id: ItemId, authenticator: AuthenticatorDep, caller: CallerDep) -> Member:
    """Compute the caller's rights on the item, and check that they have the rights that the route requires.

    The route names the rights as security scopes. In open mode every caller passes the check for `moderate`.

    Raises:
        Refusal: 4403 if a right is missing; 4401 or 4403 if access was revoked or the member is banned.

    """
    admitted = authenticator.member_on(caller, item_id)
    for right in scopes.scopes:
        if right not in admitted.can and not (right == "moderate" and authenticator.open):
            raise Refusal(Code.FORBIDDEN, Close.FORBIDDEN, f"this requires the right to {right} {item_id}")
    return admitted


def check_right(member: Member, right: Right, item: str) -> None:
    """Check that the member has a right on the item.

    Raises:
        Refusal: 4403 if the right is missing.

    """
    if right not in member.can:
        raise Refusal(Code.FORBIDDEN, Close.FORBIDDEN, f"this requires the right to {right} {item}")


async def sender(candidate: Annotated[Member, Security(member)], item_id: ItemId) -> Member:
    """Return the member if they may write or moderate; a moderator may send events (S14). Raises Refusal 4403."""
    if "moderate" not in candidate.can:
        check_right(candidate, "write", item_id)
    return candidate


SenderDep = Annotated[Member, Security(sender)]
ReaderDep = Annotated[Member, Security(member, scopes=["read"])]
WriterDep = Annotated[Member, Security(member, scopes=["write"])]


async def strict_moderator(candidate: Annotated[Member, Security(member)], item_id: ItemId) -> Member:
    """Return the member if they may moderate the item; in open mode nobody may.

    Raises:
        Refusal: 4403 if they may not.

    """
    check_right(candidate, "moderate", item_id)
    return candidate


StrictModeratorDep = Annotated[Member, Security(strict_moderator)]
#: A member who may moderate the item; in open mode any caller, so that all may see a room's connections (W8).
ModeratorDep = Annotated[Member, Security(member, scopes=["moderate"])]
