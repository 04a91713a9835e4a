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
    """Matches the rest of a path as one parameter, including newlines; Starlette's `path` does not match newlines."""

    regex = "(?s:.*)"


register_url_convertor("any", AnyText())

#: The id of a member; it may contain slashes and newlines.
MemberId = Annotated[str, Path(min_length=1, max_length=128, pattern=r"^[^\x00]*$")]


class NewBan(Struct, frozen=True):
    """The right that a ban takes away, when it ends (ms since the epoch; null: when it is lifted), and the reason."""

    right: BannedRight
    until: Seq | None = None
    reason: BanReason | None = None


async def moderator_of_all(authenticator: AuthenticatorDep, caller: CallerDep) -> Member:
    """Return the caller as a member without an item, after checking that they may moderate every item.

    Raises:
        Refusal: 4403 if they may not; 4401 or 4403 if access was revoked or the caller is banned.

    """
    member = authenticator.member_on(caller, None)
    if not authenticator.may_moderate(caller, None):
        raise Refusal(Code.FORBIDDEN, Close.FORBIDDEN, "this requires the right to moderate *")
    return member


#: A caller who may moderate every item.
ModeratorOfAllDep = Annotated[Member, Depends(moderator_of_all)]
#: What the routes that set, return and lift bans declare to FastAPI.
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
    """Take the right to write, or all rights, on the item from a member; replace an earlier ban on it."""
    new = await decode_body(request, NewBan, SMALL_BODY)
    authenticator.recheck(moderator, item_id)
    await hub.ban(Ban(member_id, item_id, new.right, new.until, new.reason))
    return Json(new)


@router.get("/items/{item_id}/bans/{member_id:any}", **_GET)
async def get_ban_on_item(
    item_id: ItemId, member_id: MemberId, authenticator: AuthenticatorDep, _moderator: StrictModeratorDep
) -> Response:
    """Return a member's ban on the item; 404 if there is none."""
    return _ban_response(authenticator.get_ban(member_id, item_id))


@router.delete("/items/{item_id}/bans/{member_id:any}", **_DELETE)
async def lift_ban_on_item(
    item_id: ItemId, member_id: MemberId, hub: HubDep, _moderator: StrictModeratorDep
) -> Response:
    """Lift a member's ban on the item. Without such a ban, nothing changes."""
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
async def get_ban_on_all(
    member_id: MemberId, authenticator: AuthenticatorDep, _moderator: ModeratorOfAllDep
) -> Response:
    """Return a member's ban on all items; 404 if there is none."""
    return _ban_response(authenticator.get_ban(member_id, None))


@router.delete("/bans/{member_id:any}", **_DELETE)
async def lift_ban_on_all(member_id: MemberId, hub: HubDep, _moderator: ModeratorOfAllDep) -> Response:
    """Lift a member's ban on all items. Bans on single items stay."""
    await hub.ban(Ban(member_id))
    return Response(status_code=204)


def _ban_response(ban: Ban | None) -> Response:
    """Return the response with a ban. Raises HTTPException 404 if there is none, or if it was lifted."""
    if ban is None or ban.right is None:
        raise HTTPException(404, "no such ban")
    return Json(NewBan(ban.right, ban.until, ban.reason))
