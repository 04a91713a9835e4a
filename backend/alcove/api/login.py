"""Sign in with a cookie (W5), and revoke access (A7)."""

import time
from secrets import token_hex
from typing import Annotated, TypeVar

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from msgspec import Meta, Struct

from alcove.access.authenticator import Caller
from alcove.access.open_mode import DEFAULT_NAME, open_cookie
from alcove.access.revocations import Revocation
from alcove.api.bodies import BOUNDED_HERE, SMALL_BODY, whole_body
from alcove.api.dependencies import AuthenticatorDep, CallerDep, OwnOriginDep, PresentedDep, authenticate
from alcove.api.live import HubDep
from alcove.api.login_cookie import OPEN_LOGIN_S, delete_login, login_of, set_login
from alcove.api.schemas import Json, answers, body_of, problems
from alcove.errors import Close, Code, Refusal
from alcove.item_ids import ItemIdError, check_item_id
from alcove.names import NOTHING_VISIBLE, is_visible
from alcove.protocol import Person

router = APIRouter(prefix="/api", tags=["session"])

#: Characters of a cookie that every browser keeps (RFC 6265, section 6.1: 4096 bytes with its name and attributes).
_COOKIE_CHARS = 4000

T = TypeVar("T")
Text = Annotated[str, Meta(min_length=1, max_length=16 * 1024)]


class SignIn(Struct, frozen=True):
    """A token, or in open mode a name."""

    token: Text | None = None
    name: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00]*$")] | None = None


class Who(Struct, frozen=True):
    """Who one is: the member, when it ends (ms since the epoch), and whether this is open mode."""

    you: Person
    expires: int | None
    open: bool


class Mode(Struct, frozen=True):
    """Whether this is open mode, in which whoever reaches the server may read and write (A2)."""

    open: bool


class Revoke(Struct, frozen=True):
    """Whose tokens end now, on one item or on all."""

    sub: Annotated[str, Meta(min_length=1, max_length=128)]
    item: str | None = None


class RevokedFrom(Struct, frozen=True):
    """From which `iat` on tokens of the member count again, in seconds since the epoch."""

    not_before: int


def _who(caller: Caller) -> Who:
    expires = None if caller.claims is None else int(caller.claims.exp * 1000)
    return Who(caller.person, expires, open=caller.claims is None)


async def _read(request: Request, type_: type[T]) -> T:
    """Return the decoded body. Raises RequestValidationError, and Refusal where it is too large."""
    try:
        return msgspec.json.decode(await whole_body(request, SMALL_BODY), type=type_)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestValidationError([{"loc": ("body",), "msg": str(error)}]) from None


@router.post(
    "/session",
    responses=answers(Who) | problems(401, 403, 413, 422, 429),
    openapi_extra=body_of(SignIn),
    **BOUNDED_HERE,
)
async def sign_in(request: Request, authenticator: AuthenticatorDep, own: OwnOriginDep) -> Response:
    """Take a token, or in open mode a name, as the login cookie."""
    if not own:  # or another site's page could sign the browser in as somebody else
        raise Refusal(Code.FORBIDDEN, Close.FORBIDDEN, "only the server's own pages and configured origins sign in")
    asked = await _read(request, SignIn)
    if authenticator.open:
        if asked.name is not None and not is_visible(asked.name):
            raise RequestValidationError([{"loc": ("body", "name"), "msg": NOTHING_VISIBLE}])
        cookie, seconds = open_cookie(asked.name or DEFAULT_NAME, token_hex(8)), OPEN_LOGIN_S
        caller = await authenticator.authenticate(cookie)
    else:
        if asked.token is None:
            raise RequestValidationError([{"loc": ("body", "token"), "msg": "expected a token"}])
        cookie = asked.token
        if len(cookie) > _COOKIE_CHARS:
            long = f"a cookie holds {_COOKIE_CHARS} characters, this token has {len(cookie)}; give it fewer `items`"
            raise RequestValidationError([{"loc": ("body", "token"), "msg": long}])
        caller = await authenticate(request, authenticator, cookie, None)
        seconds = max(1, int((caller.claims.exp if caller.claims else 0) - time.time()))
    answer = Json(_who(caller))
    set_login(request, answer, cookie, seconds)
    return answer


@router.get("/session", responses=answers(Who) | problems(401, 403, 422, 429))
async def who_am_i(caller: CallerDep) -> Response:
    """Tell who the credential stands for."""
    return Json(_who(caller))


@router.get("/mode", responses=answers(Mode))
async def mode(authenticator: AuthenticatorDep) -> Response:
    """Tell whether this is open mode, also to whoever has no credential: a page is to say so."""
    return Json(Mode(authenticator.open))


@router.delete("/session", status_code=204, responses=problems(403, 422, 429, 503))
async def sign_out(
    request: Request, authenticator: AuthenticatorDep, hub: HubDep, own: OwnOriginDep, found: PresentedDep
) -> Response:
    """End the session of the credential, however it was presented: it opens nothing any more, wherever it was kept.

    In open mode there is nothing to end but the cookie.
    """
    if not own and not found:
        raise Refusal(Code.FORBIDDEN, Close.FORBIDDEN, "a cookie is removed from the server's own pages only")
    caller = None
    if found and not authenticator.open:
        try:
            caller = await authenticate(request, authenticator, found, None)
        except Refusal as refusal:  # a credential that opens nothing need not be ended
            if refusal.close is Close.TOO_MANY:
                raise
    if caller and caller.claims and caller.digest:
        expires = caller.claims.exp + authenticator.leeway_s
        await hub.revoke(Revocation.of_login(caller.digest, expires))
    answer = Response(status_code=204)
    if own and found in {None, login_of(request)}:
        delete_login(request, answer)
    return answer


@router.post(
    "/revoke",
    responses=answers(RevokedFrom) | problems(401, 403, 413, 422, 429, 503),
    openapi_extra=body_of(Revoke),
    **BOUNDED_HERE,
)
async def revoke(request: Request, authenticator: AuthenticatorDep, hub: HubDep, caller: CallerDep) -> Response:
    """End a member's tokens made until now, and their open connections, on one item or all (A7)."""
    if caller.claims is None:
        raise Refusal(Code.FORBIDDEN, Close.FORBIDDEN, "open mode has no tokens to revoke")
    asked = await _read(request, Revoke)
    authenticator.recheck(authenticator.member_on(caller, None), None)  # the body may have taken its time
    if asked.item is not None:
        try:
            check_item_id(asked.item)
        except ItemIdError as error:
            raise RequestValidationError([{"loc": ("body", "item"), "msg": str(error)}]) from None
    if not authenticator.may_moderate(caller, asked.item):
        raise Refusal(Code.FORBIDDEN, Close.FORBIDDEN, f"this takes the right to moderate {asked.item or '*'}")
    revocation = Revocation.of_member(asked.sub, asked.item, authenticator.leeway_s)
    await hub.revoke(revocation)
    return Json(RevokedFrom(revocation.not_before))
