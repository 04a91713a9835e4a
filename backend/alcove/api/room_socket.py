"""Serve the room protocol on WebSockets (H)."""

from typing import Annotated

from fastapi import Depends, Query, WebSocket
from fastapi.routing import APIWebSocketRoute
from starlette.routing import Match
from starlette.types import Scope

from alcove.api.dependencies import AuthenticatorDep, ItemId, ReaderDep
from alcove.api.problems import UnknownSubprotocolError, send_refusal
from alcove.api.services import HubDep
from alcove.api.sockets import accept_socket
from alcove.errors import Close, Code, Refusal
from alcove.protocol import SUBPROTOCOL
from alcove.rooms.start_position import StartPosition
from alcove.wire.connection import NullReceiver


class RoomRoute(APIWebSocketRoute):
    """A route for handshakes that offer a subprotocol (H1); those without one match only other routes (T2)."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match the path if the handshake offers a subprotocol."""
        return super().matches(scope) if scope.get("subprotocols") else (Match.NONE, {})


async def check_subprotocol(websocket: WebSocket) -> None:
    """Check that the handshake offers `alcove.v1` (H1).

    Raises:
        UnknownSubprotocolError: The handshake offers only other subprotocols.

    """
    if SUBPROTOCOL not in websocket.scope["subprotocols"]:
        raise UnknownSubprotocolError


async def start_position(
    after: Annotated[int | None, Query(ge=0, le=2**53 - 1)] = None,
    log: Annotated[str | None, Query(min_length=1, max_length=64)] = None,
    tail: Annotated[int, Query(ge=0, le=500)] = 50,
) -> StartPosition:
    """Parse the query parameters `after`, `log` and `tail` into a start position (H2)."""
    return StartPosition(after=after, log_id=log, tail=tail)


async def room_socket(
    websocket: WebSocket,
    item_id: ItemId,
    member: ReaderDep,
    start: Annotated[StartPosition, Depends(start_position)],
    hub: HubDep,
) -> None:
    """Accept the handshake, join the item's room, and run the session until the connection closes."""
    connection = await accept_socket(websocket, subprotocol=SUBPROTOCOL)
    try:
        session = await hub.join(item_id, connection, member, start)
    except Refusal as refusal:
        send_refusal(websocket, connection, refusal)
        await connection.run(NullReceiver())
    else:
        await connection.run(session)


#: The WebSocket route of a room.
room_route = RoomRoute("/items/{item_id}/ws", room_socket, dependencies=[Depends(check_subprotocol)])


class UnknownPathRoute(APIWebSocketRoute):
    """A route for handshakes of the room protocol at paths that no other route matches."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match any path if the handshake offers the room protocol."""
        return super().matches(scope) if SUBPROTOCOL in scope.get("subprotocols", ()) else (Match.NONE, {})


async def unknown_path(_authenticator: AuthenticatorDep) -> None:
    """Refuse a handshake at an unknown path, after the upgrade: browsers hide failed handshakes from scripts (H4).

    Raises:
        Refusal: 4400 always.

    """
    expected = "expected /items/{item_id}/ws, where item_id has letters, digits and . _ : @ - only"
    raise Refusal(Code.INVALID, Close.INVALID, f"no room at this path: {expected}")


#: The WebSocket route for unknown paths; it must follow all other WebSocket routes of the room protocol.
unknown_path_route = UnknownPathRoute("/{path:path}", unknown_path)
