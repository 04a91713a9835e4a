"""Serve the import of existing entries (W14)."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from alcove.api.bans import ModeratorOfAllDep
from alcove.api.bodies import BOUNDED_HERE, whole_body
from alcove.api.dependencies import AuthenticatorDep
from alcove.api.schemas import Json, answers, problems
from alcove.api.services import ImporterDep
from alcove.errors import Close, Code, Refusal
from alcove.rooms.import_lines import LineError
from alcove.rooms.imports import Imported

router = APIRouter(prefix="/api", tags=["data"])

#: Bytes of one request beside its largest body (L1).
IMPORT_BYTES = 1024 * 1024

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
    """Store lines as an export has them; entries that are stored already are left as they are.

    `line` is the number of the first line, which errors count from. An edit or delete names its target by
    `{"by":…,"id":…}`; so does a `read` mark its entry, in the field `target`.
    """
    data = await whole_body(request, IMPORT_BYTES + request.app.state.settings.body_bytes)
    authenticator.recheck(moderator, None)  # reading the body may have taken long
    try:
        return Json(await importer.run(data, line))
    except LineError as error:
        raise Refusal(Code.INVALID, Close.INVALID, str(error)) from None
