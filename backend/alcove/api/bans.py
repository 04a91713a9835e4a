"""Set, read and lift bans over HTTP, on one item or on all (W15, A8)."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from msgspec import Struct
from starlette.convertors import PathConvertor, register_url_convertor
from starlette.exceptions import HTTPException

from alcove.access.bans import Ban, BannedRight, BanReason
from alcove.api.bodies import BOUNDED_HERE, SMALL_BODY, decode_body
from alcove.api.dependencies import AuthenticatorDep, CallerDep, ItemId, StrictModeratorDep
from alcove.api.schemas import Json, answers, body_of, problems
from alcove.api.services import HubDep
from alcove.errors import Close, Code, Refusal
from alcove.protocol import Member, Seq

router = APIRouter(prefix="/api", tags=["bans"])


class AnyText(PathConvertor):
    """The rest of a path as one parameter, newlines included, which Starlette's `path` does not match."""

    regex = "(?s:.*)"


register_url_convertor("any", AnyText())

#: The id of a member; it may contain slashes and newlines.
MemberId = Annotated[str, Path(min_length=1, max_length=128, pattern=r"^[^\x00]*$")]


class NewBan(Struct, frozen=True):
    """What a ban takes away, until when (ms since the epoch; without it: until it is lifted), and why."""

    right: BannedRight
    until: Seq | None = None
    reason: BanReason | None = None


async def moderator_of_all(authenticator: AuthenticatorDep, caller: CallerDep) -> Member:
    """Return the caller as a member, if they may moderate every item.

    Raises:
        Refusal: 4403 if they may not.

    """
    member = authenticator.member_on(caller, None)
    if not authenticator.may_moderate(caller, None):
        raise Refusal(Code.FORBIDDEN, Close.FORBIDDEN, "this requires the right to moderate *")
    return member


ModeratorOfAllDep = Annotated[Member, Depends(moderator_of_all)]
_PUT: dict[str, Any] = {
    "responses": answers(NewBan) | problems(401, 403, 413, 422, 429, 503),
    "openapi_extra": body_of(NewBan),
}
_GET: dict[str, Any] = {"responses": answers(NewBan) | problems(401, 403, 404, 422, 429, 503)}
_DELETE: dict[str, Any] = {"status_code": 204, "responses": problems(401, 403, 422, 429, 503)}


@router.put("/items/{item_id}/bans/{member_id:any}", **_PUT, **BOUNDED_HERE)
async def ban_on_item(
    *,
    item_id: ItemId,
    member_id: MemberId,
    request: Request,
    authenticator: AuthenticatorDep,
    hub: HubDep,
    moderator: StrictModeratorDep,
) -> Response:
    """Ban a member from writing on the item, or from everything; replaces an earlier ban on the item."""
    new = await decode_body(request, NewBan, SMALL_BODY)
    authenticator.recheck(moderator, item_id)
    await hub.ban(Ban(member_id, item_id, new.right, new.until, new.reason))
    return Json(new)


@router.get("/items/{item_id}/bans/{member_id:any}", **_GET)
async def ban_of_item(
    item_id: ItemId, member_id: MemberId, authenticator: AuthenticatorDep, _moderator: StrictModeratorDep
) -> Response:
    """Return a member's ban on the item; 404 if there is none."""
    return _ban_response(authenticator.ban_of(member_id, item_id))


@router.delete("/items/{item_id}/bans/{member_id:any}", **_DELETE)
async def lift_on_item(item_id: ItemId, member_id: MemberId, hub: HubDep, _moderator: StrictModeratorDep) -> Response:
    """Lift a member's ban on the item."""
    await hub.ban(Ban(member_id, item_id))
    return Response(status_code=204)


@router.put("/bans/{member_id:any}", **_PUT, **BOUNDED_HERE)
async def ban_on_all(
    member_id: MemberId,
    request: Request,
    authenticator: AuthenticatorDep,
    hub: HubDep,
    moderator: ModeratorOfAllDep,
) -> Response:
    """Take from a member the right to write, or all rights, on every item; replace an earlier ban on all items."""
    new = await decode_body(request, NewBan, SMALL_BODY)
    authenticator.recheck(moderator, None)
    await hub.ban(Ban(member_id, None, new.right, new.until, new.reason))
    return Json(new)


@router.get("/bans/{member_id:any}", **_GET)
async def ban_of_all(member_id: MemberId, authenticator: AuthenticatorDep, _moderator: ModeratorOfAllDep) -> Response:
    """Return a member's ban on all items; 404 if there is none."""
    return _ban_response(authenticator.ban_of(member_id, None))


@router.delete("/bans/{member_id:any}", **_DELETE)
async def lift_on_all(member_id: MemberId, hub: HubDep, _moderator: ModeratorOfAllDep) -> Response:
    """Lift a member's ban on all items. Bans on single items stay."""
    await hub.ban(Ban(member_id))
    return Response(status_code=204)


def _ban_response(ban: Ban | None) -> Response:
    """Convert a ban to the response. Raises HTTPException 404 if there is none."""
    if ban is None or ban.right is None:
        raise HTTPException(404, "no such ban")
    return Json(NewBan(ban.right, ban.until, ban.reason))
