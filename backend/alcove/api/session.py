"""Signing in with a cookie (W5), and taking access back (A7)."""

import time
from secrets import token_hex
from typing import Annotated, TypeVar

import msgspec
from fastapi import APIRouter, Cookie, Request, Response
from fastapi.exceptions import RequestValidationError
from msgspec import Meta, Struct

from alcove.api.bodies import BOUNDED_HERE, whole_body
from alcove.api.live import HubDep
from alcove.api.schemas import Json, answers, body_of, problems
from alcove.auth import CallerDep, GateDep, OwnOriginDep, admit
from alcove.errors import Close, Code, Refusal
from alcove.gate import Caller, open_cookie
from alcove.items import ItemIdError, check_item_id
from alcove.protocol import Person
from alcove.revocations import Revoked

router = APIRouter(prefix="/api", tags=["session"])

#: Characters of a cookie that every browser keeps (RFC 6265, section 6.1: 4096 bytes with its name and attributes).
_COOKIE_CHARS = 4000
#: Days that the cookie of an open-mode session lasts.
_OPEN_DAYS = 30

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


def _who(caller: Caller) -> Who:
    expires = None if caller.claims is None else int(caller.claims.exp * 1000)
    return Who(caller.person, expires, open=caller.claims is None)


async def _read(request: Request, type_: type[T]) -> T:
    """The body, in shape. Raises RequestValidationError."""
    try:
        return msgspec.json.decode(await whole_body(request), type=type_)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestValidationError([{"loc": ("body",), "msg": str(error)}]) from None


def _own(own: bool) -> None:  # noqa: FBT001 - the dependency's answer, as it is
    if not own:
        raise Refusal(Code.FORBIDDEN, Close.FORBIDDEN, "sessions are changed from the server's own pages only")


@router.post(
    "/session",
    responses=answers(Who) | problems(401, 403, 413, 422, 429),
    openapi_extra=body_of(SignIn),
    **BOUNDED_HERE,
)
async def sign_in(request: Request, gate: GateDep, own: OwnOriginDep) -> Response:
    """Take a token, or in open mode a name, as the cookie `session`."""
    _own(own)
    asked = await _read(request, SignIn)
    if gate.open:
        cookie, seconds = open_cookie(asked.name or "Guest", token_hex(8)), _OPEN_DAYS * 86400
        caller = await gate.caller(cookie)
    else:
        if asked.token is None:
            raise RequestValidationError([{"loc": ("body", "token"), "msg": "expected a token"}])
        cookie = asked.token
        if len(cookie) > _COOKIE_CHARS:
            long = f"a cookie holds {_COOKIE_CHARS} characters, this token has {len(cookie)}; give it fewer `items`"
            raise RequestValidationError([{"loc": ("body", "token"), "msg": long}])
        caller = await admit(request, gate, cookie, None)
        seconds = max(1, int((caller.claims.exp if caller.claims else 0) - time.time()))
    answer = Json(_who(caller))
    secure = request.url.scheme == "https"
    answer.set_cookie("session", cookie, max_age=seconds, httponly=True, samesite="lax", secure=secure, path="/")
    return answer


@router.get("/session", responses=answers(Who) | problems(401, 403, 422, 429))
async def who_am_i(caller: CallerDep) -> Response:
    """Tell who the credential stands for."""
    return Json(_who(caller))


@router.get("/mode", responses=answers(Mode))
async def mode(gate: GateDep) -> Response:
    """Tell whether this is open mode, also to whoever has no credential: a page is to say so."""
    return Json(Mode(gate.open))


@router.delete("/session", status_code=204, responses=problems(403, 429, 503))
async def sign_out(
    request: Request, gate: GateDep, hub: HubDep, own: OwnOriginDep, session: Annotated[str | None, Cookie()] = None
) -> Response:
    """End the session of the cookie: its token opens nothing any more, whoever kept it. Open mode has none to end."""
    _own(own)
    caller = None
    if session and not gate.open:
        try:
            caller = await admit(request, gate, session, None)
        except Refusal as refusal:  # a cookie that opens nothing need not be ended
            if refusal.close is Close.TOO_MANY:
                raise
    if caller and caller.claims:
        expires = caller.claims.exp + gate.leeway_s
        await hub.revoke(Revoked(time.time(), digest=caller.digest, expires=expires))
    answer = Response(status_code=204)
    answer.delete_cookie("session", path="/", httponly=True, samesite="lax", secure=request.url.scheme == "https")
    return answer


@router.post(
    "/revoke",
    status_code=204,
    responses=problems(401, 403, 413, 422, 429, 503),
    openapi_extra=body_of(Revoke),
    **BOUNDED_HERE,
)
async def revoke(request: Request, gate: GateDep, hub: HubDep, caller: CallerDep) -> Response:
    """End a member's tokens made until now, and their open connections, on one item or all (A7)."""
    if caller.claims is None:
        raise Refusal(Code.FORBIDDEN, Close.FORBIDDEN, "open mode has no tokens to revoke")
    if "m" not in caller.claims.items.get("*", ""):
        raise Refusal(Code.FORBIDDEN, Close.FORBIDDEN, "this takes the right to moderate *")
    asked = await _read(request, Revoke)
    gate.check_again(gate.on(caller, None), None)  # the body may have taken its time
    if asked.item is not None:
        try:
            check_item_id(asked.item)
        except ItemIdError as error:
            raise RequestValidationError([{"loc": ("body", "item"), "msg": str(error)}]) from None
    await hub.revoke(Revoked(time.time(), sub=asked.sub, item=asked.item))
    return Response(status_code=204)
