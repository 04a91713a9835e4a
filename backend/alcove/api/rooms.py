"""Serve read marks, members and the deletion of rooms over HTTP (W11)."""

from fastapi import APIRouter, Request, Response
from msgspec import Struct

from alcove.api.bodies import BOUNDED_HERE, SMALL_BODY, decode_body
from alcove.api.dependencies import AuthenticatorDep, ItemId, ReaderDep, StrictModeratorDep
from alcove.api.schemas import Json, answers, body_of, problems
from alcove.api.services import RoomQueriesDep, RoomWriterDep
from alcove.protocol import Person, Seq

router = APIRouter(prefix="/api/items", tags=["items"])


class Mark(Struct, frozen=True):
    """The seq up to which a member has read."""

    seq: Seq


class Members(Struct, frozen=True):
    """Up to 100 connected members, and the number of all connected members."""

    members: list[Person]
    count: int


@router.put(
    "/{item_id}/read",
    responses=answers(Mark) | problems(401, 403, 413, 422, 429, 503),
    openapi_extra=body_of(Mark),
    **BOUNDED_HERE,
)
async def mark_read(
    item_id: ItemId, request: Request, authenticator: AuthenticatorDep, writer: RoomWriterDep, member: ReaderDep
) -> Response:
    """Move the caller's read mark forward, at most to the head. Respond with the position of the mark (P5)."""
    body = await decode_body(request, Mark, SMALL_BODY)
    authenticator.recheck(member, item_id)
    return Json(Mark(await writer.mark_read(item_id, member.person.id, body.seq)))


@router.get("/{item_id}/members", responses=answers(Members) | problems(401, 403, 422, 429, 503))
async def list_members(item_id: ItemId, queries: RoomQueriesDep, _member: ReaderDep) -> Response:
    """Return up to 100 members who are connected to the room on any process, and their number (P1)."""
    return Json(Members(*await queries.members(item_id)))


@router.delete("/{item_id}", status_code=204, responses=problems(401, 403, 422, 429, 503))
async def delete_room(item_id: ItemId, writer: RoomWriterDep, _member: StrictModeratorDep) -> Response:
    """Delete the room with all its data: entries, ids, read marks. Its connections restart with a new `log` (R5)."""
    await writer.delete_room(item_id)
    return Response(status_code=204)
