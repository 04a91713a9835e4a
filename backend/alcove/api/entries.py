"""Serve a room's entries over HTTP: read (W1), send and change them (W2, W11, S14); list its connections (W8)."""

from typing import Annotated, Literal

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from msgspec import UNSET, Raw, Struct, UnsetType

from alcove.api.bodies import BOUNDED_HERE, decode_body, decode_part
from alcove.api.dependencies import (
    AuthenticatorDep,
    ItemId,
    ModeratorDep,
    ReaderDep,
    SenderDep,
    WriterDep,
    check_right,
)
from alcove.api.schemas import Json, answers, body_of, problems
from alcove.api.services import HubDep, RoomQueriesDep, RoomWriterDep
from alcove.cluster.connections import Connections
from alcove.protocol import Entry, EntryId, encode
from alcove.rooms.writing import EventBody, WriteResult

router = APIRouter(prefix="/api/items", tags=["items"])

#: A seq at which a page of entries begins or ends; the page does not include it.
Bound = Annotated[int | None, Query(ge=0, le=2**53 - 1)]
#: The maximum number of entries on a page.
Limit = Annotated[int, Query(ge=1, le=500)]
#: The seq of the message to edit or delete.
Target = Annotated[int, Path(ge=1, le=2**53 - 1)]
#: An id for the new entry; a repeated request with the same id stores nothing (S5).
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=64)]


class Entries(Struct, frozen=True):
    """A page of entries, ascending; the seq of the room's last entry and of the first one it keeps; the log's id."""

    entries: list[Entry]
    head: int
    oldest: int
    log: str


class NewEntry(Struct, frozen=True):
    """A message to send, or an event of the application (S14). Without an `id` the server generates one."""

    body: Raw
    id: EntryId | UnsetType = UNSET
    kind: Literal["message", "event"] = "message"


class EditRequest(Struct, frozen=True):
    """The new body of a message."""

    body: Raw


@router.get("/{item_id}/entries", responses=answers(Entries) | problems(401, 403, 422, 429, 503))
async def read_entries(
    *,
    item_id: ItemId,
    queries: RoomQueriesDep,
    _member: ReaderDep,
    before: Bound = None,
    after: Bound = None,
    limit: Limit = 50,
) -> Response:
    """Return the entries before or after a seq, without the entry at that seq; with no bound, the latest entries."""
    if before is not None and after is not None:
        raise RequestValidationError(
            [{"loc": ("query", "before"), "msg": "`before` and `after` exclude each other: give one of them"}]
        )
    page = await queries.read(item_id, before=before, after=after, limit=limit)
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
    writer: RoomWriterDep,
    member: SenderDep,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Send a message or an event. The response comes when the entry is durable: 201, or 200 if it existed (S5).

    An event requires the right to moderate the item, and a body with `text` and optionally `data` (S14).
    """
    new = await decode_body(request, NewEntry)
    authenticator.recheck(member, item_id)  # reading the body may have taken long
    check_right(member, "moderate" if new.kind == "event" else "write", item_id)
    hub.take_send_or_refuse(member.person.id, item_id)
    id_ = new.id if new.id is not UNSET else idempotency_key
    if new.kind == "event":
        written = await writer.send_event(item_id, decode_part("body", new.body, EventBody), member.person, id=id_)
    else:
        written = await writer.send(item_id, new.body, member.person, id=id_)
    return _answer(written)


@router.patch(
    "/{item_id}/entries/{seq}",
    status_code=201,
    responses=answers(Entry, 200, 201) | problems(401, 403, 413, 422, 429, 503),
    openapi_extra=body_of(EditRequest),
    **BOUNDED_HERE,
)
async def edit_entry(
    *,
    item_id: ItemId,
    seq: Target,
    request: Request,
    authenticator: AuthenticatorDep,
    hub: HubDep,
    writer: RoomWriterDep,
    member: WriterDep,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Replace the body of the caller's own message, or with the right to moderate, of another member's (S8).

    Responds with the entry of kind `edit`: 201, or 200 if it existed before.
    """
    new = await decode_body(request, EditRequest)
    authenticator.recheck(member, item_id)
    hub.take_send_or_refuse(member.person.id, item_id)
    moderate = "moderate" in member.can
    return _answer(await writer.edit(item_id, seq, new.body, member.person, moderate=moderate, id=idempotency_key))


@router.delete(
    "/{item_id}/entries/{seq}",
    status_code=201,
    responses=answers(Entry, 200, 201) | problems(401, 403, 422, 429, 503),
)
async def delete_entry(
    *,
    item_id: ItemId,
    seq: Target,
    hub: HubDep,
    writer: RoomWriterDep,
    member: WriterDep,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Delete the caller's own message, or with the right to moderate, another member's (S8, S9).

    Responds with the entry of kind `delete`: 201, or 200 if it existed before.
    """
    hub.take_send_or_refuse(member.person.id, item_id)
    moderate = "moderate" in member.can
    return _answer(await writer.delete(item_id, seq, member.person, moderate=moderate, id=idempotency_key))


def _answer(written: WriteResult) -> Response:
    """Create the response with a written entry: 201, or 200 if an earlier request stored the entry."""
    return Response(encode(written.entry), 200 if written.duplicate else 201, media_type="application/json")


@router.get("/{item_id}/connections", responses=answers(Connections) | problems(401, 403, 422, 429, 503))
async def list_connections(item_id: ItemId, queries: RoomQueriesDep, _member: ModeratorDep) -> Response:
    """Return every connection to the room, on all processes, with its lag and buffer (W8)."""
    return Json(await queries.connections(item_id))
