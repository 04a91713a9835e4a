"""Serve the import of existing entries (W14)."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from alcove.api.bans import ModeratorOfAllDep
from alcove.api.bodies import BOUNDED_HERE, read_body
from alcove.api.dependencies import AuthenticatorDep
from alcove.api.schemas import Json, answers, problems
from alcove.api.services import ImporterDep
from alcove.errors import Close, Code, Refusal
from alcove.rooms.import_lines import LineError
from alcove.rooms.imports import Imported

router = APIRouter(prefix="/api", tags=["data"])

#: Maximum bytes of one request, in addition to those of the largest message body (L1).
IMPORT_BYTES = 1024 * 1024

#: The number of the request's first line in the whole imported file.
FirstLine = Annotated[int, Query(ge=1, le=2**53 - 1)]


@router.post(
    "/import",
    responses=answers(Imported) | problems(401, 403, 413, 422, 429, 503),
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/x-ndjson": {"schema": {"type": "string"}}}}
    },
    **BOUNDED_HERE,
)
async def import_lines(
    request: Request,
    importer: ImporterDep,
    authenticator: AuthenticatorDep,
    moderator: ModeratorOfAllDep,
    line: FirstLine = 1,
) -> Response:
    """Import entries and read marks, one JSON object per line, in the format of an export.

    Entries that are already stored are not changed. `line` is the number of the request's first line in the whole file;
    errors name lines by these numbers. An edit or delete names its message by `target`: `{"by":…,"id":…}`. A line
    `read` names its entry in the same way.
    """
    data = await read_body(request, IMPORT_BYTES + request.app.state.settings.body_bytes)
    authenticator.recheck(moderator, None)  # reading the body may have taken long
    try:
        return Json(await importer.import_lines(data, line))
    except LineError as error:
        raise Refusal(Code.INVALID, Close.INVALID, str(error)) from None
