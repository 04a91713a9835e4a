"""Export rooms and members as NDJSON, and erase members, over HTTP (W14)."""

from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from alcove.api.bans import MemberId, ModeratorOfAllDep
from alcove.api.dependencies import ItemId, StrictModeratorDep
from alcove.api.schemas import problems
from alcove.api.services import PersonalDataDep
from alcove.protocol import encode

router = APIRouter(prefix="/api", tags=["data"])

#: The media type of lines of JSON.
_TYPE = "application/x-ndjson"
_LINES: dict[int | str, dict[str, Any]] = {
    200: {"description": "Lines of JSON.", "content": {_TYPE: {"schema": {"type": "string"}}}}
}
_RESPONSES = _LINES | problems(401, 403, 422, 429, 503)


@router.get("/items/{item_id}/export", responses=_RESPONSES)
async def export_room(item_id: ItemId, data: PersonalDataDep, _moderator: StrictModeratorDep) -> Response:
    """Export a room: one line `room`, one line for each entry with its current body, and one for each read mark."""
    return await _stream(data.export_room(item_id))


@router.get("/members/{member_id:any}", responses=_RESPONSES)
async def export_member(member_id: MemberId, data: PersonalDataDep, _moderator: ModeratorOfAllDep) -> Response:
    """Export what a member wrote: for each room, a line `room`, a line for each entry, and one for their read mark."""
    return await _stream(data.export_member(member_id))


@router.delete("/members/{member_id:any}", status_code=204, responses=_RESPONSES)
async def erase_member(
    member_id: MemberId, request: Request, data: PersonalDataDep, moderator: ModeratorOfAllDep
) -> Response:
    """Erase a member: delete their messages, and remove their name, picture, role, events and read marks.

    With `Accept: application/x-ndjson` the response is 200 with lines `progress`; the last line has `"done":true`.
    """
    if request.headers.get("accept", "").startswith(_TYPE):
        return await _stream(encode(step) + b"\n" async for step in data.erase_in_steps(member_id, moderator.person))
    await data.erase_member(member_id, moderator.person)
    return Response(status_code=204)


async def _stream(lines: AsyncIterator[bytes]) -> Response:
    """Create the response that streams the lines.

    The first line is read before the response begins, so that a failure of storage becomes an HTTP error.
    """
    first = await anext(lines, b"")

    async def all_lines() -> AsyncIterator[bytes]:
        yield first
        async for line in lines:
            yield line

    return StreamingResponse(all_lines(), media_type=_TYPE)
