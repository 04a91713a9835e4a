"""Join connections to rooms: check limits and rights, send `hello`, start the delivery (H2, H5, R1, R5)."""

import logging
from collections.abc import Callable

from alcove.access.authenticator import Authenticator
from alcove.access.expiry import ExpiryWatch
from alcove.errors import Close, Code, Refusal
from alcove.limits import Budget, Retention
from alcove.protocol import Limits, Member, encode
from alcove.repeated_warnings import RepeatedWarning
from alcove.rooms.admission import RETRY_MS, Admission, ConnectionSlot
from alcove.rooms.cursor import Cursor
from alcove.rooms.directory import RoomDirectory
from alcove.rooms.hello import hello_line
from alcove.rooms.room import Room
from alcove.rooms.session import Session
from alcove.rooms.session_host import SessionHost
from alcove.rooms.start_position import StartPosition
from alcove.storage.base import LogUnavailableError
from alcove.wire.connection import Connection, Frame

logger = logging.getLogger(__name__)
_cannot_join = RepeatedWarning(logger, "item %s cannot be joined: %s")


class RoomJoiner:
    """A factory of sessions: it admits a connection, opens the room and creates the session."""

    def __init__(
        self,
        host: SessionHost,
        rooms: RoomDirectory,
        admission: Admission,
        *,
        authenticator: Authenticator | None,
        expiry: ExpiryWatch,
        retention: Retention,
        limits: Limits,
        budget: Budget,
        clock: Callable[[], float],
    ) -> None:
        """Create the joiner of a process.

        Args:
            host: The part of the process that sessions call.
            rooms: The rooms in memory.
            admission: Counts connections, and refuses those beyond the limits.
            authenticator: Checks the member again when the room is open; None: no member has a token.
            expiry: Ends sessions whose token expires or is revoked.
            retention: How long entries are kept.
            limits: The limits that `hello` announces to clients (L).
            budget: How much input of a session is processed in one turn of the event loop (L6).
            clock: Returns seconds of a monotonic clock.

        """
        self._host = host
        self._rooms = rooms
        self._admission = admission
        self._authenticator = authenticator
        self._expiry = expiry
        self._retention = retention
        self._limits = limits
        self._budget = budget
        self._clock = clock

    async def join(self, item: str, connection: Connection, member: Member, start: StartPosition) -> Session:
        """Add a connection to the item's room (see `Hub.join`).

        Raises:
            Refusal: A limit is reached (L3), the process drains (Z1), access was revoked (A7), or storage does not
                answer.

        """
        with self._admission.admit_to_room() as slot:
            try:
                async with self._rooms.open_room(item, seq=start.after or 0, log_id=start.log_id) as room:
                    # No await from here on: the room must not change between `hello` and the first entry that is sent.
                    return self._enter(room, slot, connection, member, start)
            except LogUnavailableError as error:
                _cannot_join(item, error)
                message = "storage does not answer; try again soon"
                raise Refusal(Code.UNAVAILABLE, Close.AT_CAPACITY, message, RETRY_MS) from error

    def _enter(
        self, room: Room, slot: ConnectionSlot, connection: Connection, member: Member, start: StartPosition
    ) -> Session:
        """Check the member again, add them to the room, send `hello` and start to send entries (R1, R2, R5, H5).

        Raises Refusal as `join`.
        """
        # Access may have been revoked, or the drain may have started, while the room was opened.
        if self._authenticator is not None:
            self._authenticator.recheck(member, room.item)
            member = self._authenticator.apply_bans(member, room.item)
        self._admission.recheck(member.person.id, room.item, room.presence.connections(member.person.id))
        if (cutoff := self._retention.cutoff(self._host.now_ms())) is not None:
            room.expire(cutoff)
        reset = start.resets(room.log_id, room.head)
        seq = start.start_seq(room.log_id, room.head, room.oldest)
        cursor = Cursor(connection, member, seq, self._host.now_ms())
        room.enter(cursor)
        connection.write(Frame(encode(hello_line(room, member, self._limits, reset=reset))))
        room.follow(cursor)
        session = Session(self._host, room, cursor, slot, limits=self._limits, clock=self._clock, budget=self._budget)
        self._expiry.watch(session, member, room.item)
        return session
