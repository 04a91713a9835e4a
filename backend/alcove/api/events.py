"""Serve rooms as streams of Server-Sent Events (W3)."""

from collections.abc import AsyncIterable, AsyncIterator
from typing import Annotated

from anyio import BrokenResourceError
from fastapi import APIRouter, Depends, Header
from fastapi.routing import APIRoute
from fastapi.sse import EventSourceResponse, ServerSentEvent
from msgspec.structs import replace
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from alcove.api.dependencies import ItemId, ReaderDep
from alcove.api.room_socket import start_position
from alcove.api.schemas import problems
from alcove.api.services import HubDep
from alcove.errors import Close
from alcove.rooms.start_position import StartPosition
from alcove.wire.connection import ABORT
from alcove.wire.sse import SseConnection


class EventsRoute(APIRoute):
    """A route whose response is an event stream; a client that disconnects causes no error."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle the request (ASGI). Ignore the error that FastAPI raises if the client disconnects during a write."""
        try:
            await super().handle(scope, receive, send)
        except* BrokenResourceError:
            pass


router = APIRouter(prefix="/api/items", tags=["items"], route_class=EventsRoute)


async def room_stream(
    *,
    request: Request,
    item_id: ItemId,
    hub: HubDep,
    member: ReaderDep,
    start: Annotated[StartPosition, Depends(start_position)],
    last_event_id: Annotated[int | None, Header(ge=0, le=2**53 - 1)] = None,
) -> AsyncIterator[SseConnection]:
    """Join the item's room, and provide the connection of its event stream; leave the room when the stream ends.

    The stream continues after the browser's `Last-Event-ID`, which takes precedence over the query's start position.
    The member has only the right to read, because a client cannot send on an event stream.

    Raises:
        Refusal: The room cannot be joined; raised before the response begins.

    """
    connection = SseConnection(request.scope.get("extensions", {}).get(ABORT, lambda: None))
    if last_event_id is not None:
        start = StartPosition(after=last_event_id, log_id=start.log_id, tail=start.tail)
    session = await hub.join(item_id, connection, replace(member, can=member.can & {"read"}), start)
    try:
        yield connection
    finally:
        connection.end()
        session.on_close(Close.DONE)


@router.get("/{item_id}/events", response_class=EventSourceResponse, responses=problems(401, 403, 422, 429, 503))
async def read_events(connection: Annotated[SseConnection, Depends(room_stream)]) -> AsyncIterable[ServerSentEvent]:
    """Stream the room as events, one for each line of the room protocol; the `id` of an entry's event is its seq."""
    async for event in connection.events():
        yield event
