"""Serve the list of rooms: pages over HTTP (W4), live on an event stream or a socket, and unread counts (W10)."""

from collections.abc import AsyncIterable, AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.sse import EventSourceResponse, ServerSentEvent
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from alcove.api.dependencies import AuthenticatorDep, CallerDep, CheckedItemId
from alcove.api.events import EventsRoute
from alcove.api.problems import send_refusal
from alcove.api.room_socket import RoomRoute, check_subprotocol
from alcove.api.schemas import Json, answers, problems
from alcove.api.services import ListsDep, RoomQueriesDep
from alcove.api.sockets import accept_socket
from alcove.errors import Close, Code, Refusal
from alcove.item_ids import MAX_CHARS
from alcove.item_ranges import restrict_to_prefix
from alcove.protocol import SUBPROTOCOL
from alcove.rooms.admission import RETRY_MS
from alcove.storage.base import ItemSummary, ListRefusedError, NoSuchRoomError, UnreadCount
from alcove.wire.connection import ABORT, NullReceiver
from alcove.wire.sse import SseConnection

router = APIRouter(prefix="/api", tags=["items"], route_class=EventsRoute)

#: The maximum number of rooms on a page.
Limit = Annotated[int, Query(ge=1, le=500)]
#: The maximum number of rooms that a live list sends before `ready`.
FirstRooms = Annotated[int, Query(ge=0, le=500)]
#: A prefix of item ids (H3), without `*`, which belongs to patterns.
Prefix = Annotated[str, Query(max_length=MAX_CHARS, pattern=r"^[^*\x00]*$")]


class Items(Struct, frozen=True):
    """The rooms that the caller may read, the latest first."""

    items: list[ItemSummary]


class Unread(Struct, frozen=True):
    """The head and the number of unread messages of each requested item, in the order of the request."""

    items: list[UnreadCount]


@router.get("/items", responses=answers(Items) | problems(401, 403, 422, 429, 503))
async def list_items(
    *,
    queries: RoomQueriesDep,
    authenticator: AuthenticatorDep,
    caller: CallerDep,
    limit: Limit = 100,
    prefix: Prefix = "",
    before: CheckedItemId | None = None,
) -> Response:
    """List the items that the caller may read, the latest first, each with its last entry and its unread count.

    `prefix`: the text with which the ids of all listed items begin. `before`: the last item of the previous page.
    """
    readable = restrict_to_prefix(authenticator.readable_ranges(caller), prefix)
    if before is not None and not authenticator.may_read(caller, before):
        raise Refusal(Code.FORBIDDEN, Close.FORBIDDEN, f"this requires the right to read {before}")
    try:
        items = await queries.list_rooms(readable, caller.person.id, limit=limit, before=before) if readable else []
    except ListRefusedError as error:
        raise Refusal(Code.OVERLOADED, Close.AT_CAPACITY, str(error), RETRY_MS) from None
    except NoSuchRoomError as error:
        raise RequestValidationError([{"loc": ("query", "before"), "msg": str(error)}]) from None
    return Json(Items([item for item in items if authenticator.may_read(caller, item.item)]))


@router.get("/unread", responses=answers(Unread) | problems(401, 403, 422, 429, 503))
async def count_unread(
    *,
    queries: RoomQueriesDep,
    authenticator: AuthenticatorDep,
    caller: CallerDep,
    item: Annotated[list[CheckedItemId], Query(min_length=1, max_length=500)],
) -> Response:
    """Return the head and the unread count of each given item. The caller must have the right to read all of them."""
    items = list(dict.fromkeys(item))
    for item_id in items:
        if not authenticator.may_read(caller, item_id):
            raise Refusal(Code.FORBIDDEN, Close.FORBIDDEN, f"this requires the right to read {item_id}")
    return Json(Unread(await queries.count_unread(items, caller.person.id)))


async def list_stream(
    *, request: Request, lists: ListsDep, caller: CallerDep, limit: FirstRooms = 100, prefix: Prefix = ""
) -> AsyncIterator[SseConnection]:
    """Join the live list, and provide the connection of its event stream; leave the list when the stream ends.

    Raises:
        Refusal: The list cannot be joined; raised before the response begins.

    """
    connection = SseConnection(request.scope.get("extensions", {}).get(ABORT, lambda: None))
    session = await lists.join(connection, caller, prefix=prefix, limit=limit)
    try:
        yield connection
    finally:
        connection.end()
        session.on_close(Close.DONE)


@router.get("/items/events", response_class=EventSourceResponse, responses=problems(401, 403, 422, 429, 503))
async def follow_list(connection: Annotated[SseConnection, Depends(list_stream)]) -> AsyncIterable[ServerSentEvent]:
    """Stream the list of rooms as events: first the latest rooms, then `ready`, then each room that changes."""
    async for event in connection.events():
        yield event


async def list_socket(
    websocket: WebSocket, caller: CallerDep, lists: ListsDep, limit: FirstRooms = 100, prefix: Prefix = ""
) -> None:
    """Accept the handshake, join the live list of rooms, and run its session until the connection closes."""
    connection = await accept_socket(websocket, subprotocol=SUBPROTOCOL)
    try:
        session = await lists.join(connection, caller, prefix=prefix, limit=limit)
    except Refusal as refusal:
        send_refusal(websocket, connection, refusal)
        await connection.run(NullReceiver())
    else:
        await connection.run(session)


#: The WebSocket route of the live list.
list_route = RoomRoute("/api/items/ws", list_socket, dependencies=[Depends(check_subprotocol)])
