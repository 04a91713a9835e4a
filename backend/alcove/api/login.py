"""Serve sign-in and sign-out with a cookie (W5), and the revocation of tokens (A7)."""

import time
from math import inf, isinf
from secrets import token_hex
from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from msgspec import Meta, Struct

from alcove.access.authenticator import Caller
from alcove.access.open_mode import DEFAULT_NAME, open_cookie
from alcove.access.revocations import Revocation
from alcove.api.bodies import BOUNDED_HERE, SMALL_BODY, decode_body
from alcove.api.dependencies import AuthenticatorDep, CallerDep, OptionalCredentialDep, TrustedOriginDep, authenticate
from alcove.api.login_cookie import OPEN_LOGIN_S, delete_login, read_login, set_login
from alcove.api.schemas import Json, answers, body_of, problems
from alcove.api.services import HubDep
from alcove.errors import Close, Code, Refusal
from alcove.item_ids import ItemIdError, check_item_id
from alcove.names import NO_VISIBLE_CHARACTER, has_visible_character
from alcove.protocol import Person

router = APIRouter(prefix="/api", tags=["session"])
#: The routes that neither sign in nor out. An application that embeds Alcove has only these, because it signs its
#: members in itself.
shared_router = APIRouter(prefix="/api", tags=["session"])

#: Maximum characters of a login cookie's value: browsers keep 4096 bytes, which include the cookie's name and
#: attributes (RFC 6265, section 6.1).
_MAX_COOKIE_CHARS = 4000

#: A token in the body of a request; longer than any token that is accepted as a cookie.
TokenText = Annotated[str, Meta(min_length=1, max_length=16 * 1024)]


class SignIn(Struct, frozen=True):
    """The credential to sign in with: a token, or in open mode a name."""

    token: TokenText | None = None
    name: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00]*$")] | None = None


class Who(Struct, frozen=True):
    """The signed-in member, when the login expires (ms since the epoch; null: never), and whether this is open mode."""

    you: Person
    expires: int | None
    open: bool


class Mode(Struct, frozen=True, omit_defaults=True):
    """How members sign in."""

    #: Whether this is open mode, in which everyone who reaches the server may read and write (A2).
    open: bool
    #: Whether an application that embeds Alcove signs members in. Then there is no `POST /api/session`.
    application: bool = False


class Revoke(Struct, frozen=True):
    """The id of the member whose tokens are revoked, and the item; without an item: on all items."""

    sub: Annotated[str, Meta(min_length=1, max_length=128)]
    item: str | None = None


class RevokedFrom(Struct, frozen=True):
    """The earliest `iat` of new tokens that are accepted again, in seconds since the epoch."""

    not_before: int


def _who(caller: Caller) -> Who:
    """Convert a caller to the response that describes them."""
    exp = inf if caller.claims is None else caller.claims.exp
    expires = None if isinf(exp) else int(exp * 1000)
    return Who(caller.person, expires, open=caller.claims is None)


@router.post(
    "/session",
    responses=answers(Who) | problems(401, 403, 413, 422, 429),
    openapi_extra=body_of(SignIn),
    **BOUNDED_HERE,
)
async def sign_in(request: Request, authenticator: AuthenticatorDep, trusted_origin: TrustedOriginDep) -> Response:
    """Sign in: set the login cookie for a token, or in open mode for a name."""
    if not trusted_origin:  # another site's page could sign the browser in as another member
        raise Refusal(Code.FORBIDDEN, Close.FORBIDDEN, "only the server's own pages and configured origins may sign in")
    body = await decode_body(request, SignIn, SMALL_BODY)
    if authenticator.open:
        if body.name is not None and not has_visible_character(body.name):
            raise RequestValidationError([{"loc": ("body", "name"), "msg": NO_VISIBLE_CHARACTER}])
        cookie, seconds = open_cookie(body.name or DEFAULT_NAME, token_hex(8)), OPEN_LOGIN_S
        caller = await authenticator.authenticate(cookie)
    else:
        if body.token is None:
            raise RequestValidationError([{"loc": ("body", "token"), "msg": "expected a token"}])
        cookie = body.token
        if len(cookie) > _MAX_COOKIE_CHARS:
            message = (
                f"a cookie holds {_MAX_COOKIE_CHARS} characters, this token has {len(cookie)}; give it fewer `items`"
            )
            raise RequestValidationError([{"loc": ("body", "token"), "msg": message}])
        caller = await authenticate(request, authenticator, cookie, None)
        seconds = max(1, int((caller.claims.exp if caller.claims else 0) - time.time()))
    response = Json(_who(caller))
    set_login(request, response, cookie, caller.person.id, seconds)
    return response


@shared_router.get("/session", responses=answers(Who) | problems(401, 403, 422, 429))
async def who_am_i(caller: CallerDep) -> Response:
    """Return the member that the credential belongs to."""
    return Json(_who(caller))


@shared_router.get("/mode", responses=answers(Mode))
async def mode(request: Request, authenticator: AuthenticatorDep) -> Response:
    """Return how members sign in. This needs no credential, because the page asks before the member signs in."""
    return Json(Mode(authenticator.open, application=request.app.state.admission is not None))


@router.delete("/session", status_code=204, responses=problems(403, 422, 429, 503))
async def sign_out(
    request: Request,
    authenticator: AuthenticatorDep,
    hub: HubDep,
    trusted_origin: TrustedOriginDep,
    credential: OptionalCredentialDep,
) -> Response:
    """Revoke the credential of the request, wherever the request has it, and delete the login cookie.

    In open mode only the cookie is deleted.
    """
    if not trusted_origin and not credential:
        raise Refusal(Code.FORBIDDEN, Close.FORBIDDEN, "a cookie can be deleted from the server's own pages only")
    caller = None
    if credential and not authenticator.open:
        try:
            caller = await authenticate(request, authenticator, credential, None)
        except Refusal as refusal:  # a credential that is not valid needs no revocation
            if refusal.close_code is Close.TOO_MANY:
                raise
    if caller and caller.claims and caller.digest:
        expires = caller.claims.exp + authenticator.leeway_s
        await hub.revoke(Revocation.of_login(caller.digest, expires))
    response = Response(status_code=204)
    if trusted_origin and credential in {None, read_login(request)}:
        delete_login(request, response)
    return response


@shared_router.post(
    "/revoke",
    responses=answers(RevokedFrom) | problems(401, 403, 413, 422, 429, 503),
    openapi_extra=body_of(Revoke),
    **BOUNDED_HERE,
)
async def revoke(request: Request, authenticator: AuthenticatorDep, hub: HubDep, caller: CallerDep) -> Response:
    """Revoke a member's current tokens and close their connections, on one item or all (A7)."""
    if caller.claims is None:
        raise Refusal(Code.FORBIDDEN, Close.FORBIDDEN, "open mode has no tokens to revoke")
    body = await decode_body(request, Revoke, SMALL_BODY)
    authenticator.recheck(authenticator.member_on(caller, None), None)  # reading the body may have taken long
    if body.item is not None:
        try:
            check_item_id(body.item)
        except ItemIdError as error:
            raise RequestValidationError([{"loc": ("body", "item"), "msg": str(error)}]) from None
    if not authenticator.may_moderate(caller, body.item):
        raise Refusal(Code.FORBIDDEN, Close.FORBIDDEN, f"this requires the right to moderate {body.item or '*'}")
    revocation = Revocation.of_member(body.sub, body.item, authenticator.leeway_s)
    await hub.revoke(revocation)
    return Json(RevokedFrom(revocation.not_before))
