"""Close all connections of a room whose history was lost, spreading their reconnects over a second (X8)."""

import random

from alcove.errors import Close
from alcove.protocol import Bye, encode
from alcove.rooms.room import Room
from alcove.wire.connection import Frame

#: Milliseconds over which the clients reconnect.
_RECONNECT_MS = 1000


def restart_connections(room: Room) -> None:
    """Send every connection of the room a `bye` with its own delay, close it with 1012, and remove it from the room."""
    for cursor, _ in room.cursors():
        retry_ms = random.randrange(_RECONNECT_MS)  # noqa: S311 - spreads reconnects, protects nothing
        cursor.connection.write(Frame(encode(Bye("restart", retry_ms))))
        cursor.connection.close(Close.RESTART, "this room has a new history; read it again")
        room.leave(cursor)
