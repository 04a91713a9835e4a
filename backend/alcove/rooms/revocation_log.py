"""The room that holds what was revoked: following it, and storing again what the log has lost of it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from alcove.access.revocations import OPERATOR, ROOM, Revocations, Revoked, again
from alcove.protocol import Member, raw
from alcove.rooms.cursor import Cursor
from alcove.rooms.directory import RoomDirectory
from alcove.storage.base import Draft, LogUnavailableError, Outcome
from alcove.storage.committer import OverloadedError

logger = logging.getLogger("alcove.revocations")

#: Seconds between two attempts to store revocations that the log has lost.
_RESTORE_S = 1.0


class RevocationLog:
    """Feeds `revocations` from their room."""

    def __init__(
        self,
        revocations: Revocations,
        rooms: RoomDirectory,
        send: Callable[[Draft], Awaitable[Outcome]],
        now_ms: Callable[[], int],
    ) -> None:
        self._revocations = revocations
        self._rooms = rooms
        self._send = send
        self._now_ms = now_ms
        rooms.keep(ROOM)

    async def follow(self) -> None:
        """Read the room from the beginning and on; complete up to now when this returns.

        Raises LogUnavailableError.
        """
        room = await self._rooms.get(ROOM)
        cursor = Cursor(self._revocations, Member(OPERATOR, frozenset()), room.oldest - 1, self._now_ms())
        room.enter(cursor)
        room.follow(cursor)
        await self._revocations.reach(room.head)

    async def restore(self) -> None:
        """Read again what the log still has, and append what it lost: no revocation is ever undone (A7, X8)."""
        known = self._revocations.restart()
        missing: list[Revoked] | None = None
        while True:
            try:
                if missing is None:
                    await self.follow()
                    missing = self._revocations.missing(known)
                while missing:
                    # Every process that remembers it sends the same id, so it is stored once (S5).
                    id_ = again(missing[-1])
                    await self._send(Draft(ROOM, "message", id_, OPERATOR, self._now_ms(), raw(missing[-1])))
                    missing.pop()
            except (LogUnavailableError, OverloadedError) as error:
                logger.warning("revocations that the log lost are not stored again yet: %s", error)
                await asyncio.sleep(_RESTORE_S)
            else:
                return
