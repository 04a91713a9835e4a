"""Serve rooms over HTTP: history (W1), sending (W2), connections (W8)."""

from typing import Annotated
from uuid import uuid4

import msgspec
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from msgspec import UNSET, Raw, Struct, UnsetType

from alcove.api.bodies import BOUNDED_HERE, whole_body
from alcove.api.dependencies import AuthenticatorDep, ItemId, ModeratorDep, ReaderDep, WriterDep
from alcove.api.live import HubDep
from alcove.api.schemas import Json, answers, body_of, problems
from alcove.cluster.connections import Connections
from alcove.errors import Close, Code, Refusal
from alcove.protocol import Entry, EntryId, encode
from alcove.rooms.admission import RETRY_MS
from alcove.storage.base import Appended, Draft, Refused
from alcove.storage.committer import OverloadedError

router = APIRouter(prefix="/api/items", tags=["items"])

Bound = Annotated[int | None, Query(ge=0, le=2**53 - 1)]
Limit = Annotated[int, Query(ge=1, le=500)]


class Entries(Struct, frozen=True):
    """A page of a room's log, ascending, with the first and last seq and the id of the log."""

    entries: list[Entry]
    head: int
    oldest: int
    log: str


class NewEntry(Struct, frozen=True):
    """A message to send; without an `id` the server generates one."""

    body: Raw
    id: EntryId | UnsetType = UNSET


@router.get("/{item_id}/entries", responses=answers(Entries) | problems(401, 403, 422, 429, 503))
async def read_entries(
    *, item_id: ItemId, hub: HubDep, _member: ReaderDep, before: Bound = None, after: Bound = None, limit: Limit = 50
) -> Response:
    """Return entries before or after a seq, both exclusive; without either, the latest."""
    if before is not None and after is not None:
        raise RequestValidationError(
            [{"loc": ("query", "before"), "msg": "`before` and `after` exclude each other: give one of them"}]
        )
    page = await hub.read(item_id, before=before, after=after, limit=limit)
    return Json(Entries(page.entries, page.head, page.oldest, page.log))


@router.post(
    "/{item_id}/entries",
    status_code=201,
    responses=answers(Entry, 200, 201) | problems(401, 403, 413, 422, 429, 503),
    openapi_extra=body_of(NewEntry),
    **BOUNDED_HERE,
)
async def send_entry(
    *,
    item_id: ItemId,
    request: Request,
    authenticator: AuthenticatorDep,
    hub: HubDep,
    member: WriterDep,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=64)] = None,
) -> Response:
    """Send a message; answer when it is durable: 201, or 200 if the same id was stored before (S5)."""
    try:
        # JSON is UTF-8 (RFC 8259, section 8.1).
        new = msgspec.json.decode((await whole_body(request)).decode(), type=NewEntry)
        body = Raw(msgspec.json.format(new.body, indent=-1))  # one line, as the room protocol requires
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestValidationError([{"loc": ("body",), "msg": str(error)}]) from None
    authenticator.recheck(member, item_id)  # reading the body may have taken long
    hub.check_send(member.person.id, item_id, len(memoryview(body)))
    id_ = new.id if new.id is not UNSET else idempotency_key or uuid4().hex
    draft = Draft(item_id, "message", id_, member.person, hub.now_ms(), body)
    try:
        outcome = await hub.send(draft)
    except OverloadedError as error:
        raise Refusal(Code.OVERLOADED, Close.AT_CAPACITY, str(error), RETRY_MS) from None
    match outcome:
        case Appended():
            return Response(encode(outcome.entry), 200 if outcome.duplicate else 201, media_type="application/json")
        case Refused():
            raise Refusal(Code.INVALID, Close.INVALID, outcome.message)


@router.get("/{item_id}/connections", responses=answers(Connections) | problems(401, 403, 422, 429, 503))
async def list_connections(item_id: ItemId, hub: HubDep, _member: ModeratorDep) -> Response:
    """Return every connection to the room, on all processes, with its lag and buffer (W8)."""
    return Json(await hub.inspect(item_id))
