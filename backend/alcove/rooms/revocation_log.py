"""Apply the revocations of the log to this process, and append those that the log has lost (A7, W5, X8)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha256
from uuid import uuid4

import msgspec
from msgspec.structs import replace

from alcove.access.expiry import ExpiryWatch
from alcove.access.revocations import OPERATOR, REVOCATIONS_ITEM, Revocation, Revocations
from alcove.clock import now_ms
from alcove.errors import Close, Code, Refusal
from alcove.protocol import Entry, raw
from alcove.rooms.admission import RETRY_MS
from alcove.rooms.directory import RoomDirectory
from alcove.storage.base import Draft, LogUnavailableError, Outcome
from alcove.storage.committer import OverloadedError

logger = logging.getLogger(__name__)

#: Seconds between two attempts to append revocations that the log has lost.
_RESTORE_S = 1.0


#: Stores a draft and returns its outcome. Raises OverloadedError and LogUnavailableError.
Send = Callable[[Draft], Awaitable[Outcome]]


async def append_revocation(revocation: Revocation, send: Send) -> None:
    """Append a revocation to the log, from which every process applies it; it is durable on return (A7).

    Raises:
        Refusal: Too many sends wait for storage.
        LogUnavailableError: The revocation is not stored.

    """
    try:
        await send(Draft(REVOCATIONS_ITEM, "message", uuid4().hex, OPERATOR, now_ms(), raw(revocation)))
    except OverloadedError as error:
        raise Refusal(Code.OVERLOADED, Close.AT_CAPACITY, str(error), RETRY_MS) from None


class RevocationLog:
    """Applies each entry of the revocations' room to the credentials and the open connections of this process."""

    def __init__(
        self,
        revocations: Revocations,
        expiry: ExpiryWatch,
        rooms: RoomDirectory,
        send: Send,
    ) -> None:
        """Create the log; `follow` starts it.

        Args:
            revocations: The revocations that credentials are checked against.
            expiry: Ends the connections that a revocation covers.
            rooms: The rooms of this process.
            send: Appends a draft to the log.

        """
        self._revocations = revocations
        self._expiry = expiry
        self._rooms = rooms
        self._send = send
        #: The last entry that was applied.
        self._seq = 0
        self._applied = asyncio.Event()
        #: The revocations that the log still has, while it is read again from the beginning.
        self._kept: set[Revocation] | None = None
        rooms.keep(REVOCATIONS_ITEM)

    async def follow(self) -> None:
        """Apply the room's entries from the first one on; return when all present entries are applied.

        Raises:
            LogUnavailableError: Storage does not answer.

        """
        room = await self._rooms.get(REVOCATIONS_ITEM)
        self._seq = room.oldest - 1
        room.observe(self._seq, self._apply)
        while self._seq < room.head:
            self._applied.clear()
            await self._applied.wait()

    async def restore(self) -> None:
        """Read the log again from the beginning, and append the revocations that it has lost (A7, X8)."""
        before = self._revocations.current()
        self._kept = set()
        missing: list[Revocation] | None = None
        while True:
            try:
                if missing is None:
                    await self.follow()
                    kept, self._kept = self._kept or set(), None
                    missing = [revocation for revocation in before if revocation not in kept]
                while missing:
                    # Every process that has it in memory sends the same id, so it is stored once (S5).
                    id_ = _restored_id(missing[-1])
                    await self._send(Draft(REVOCATIONS_ITEM, "message", id_, OPERATOR, now_ms(), raw(missing[-1])))
                    missing.pop()
            except (LogUnavailableError, OverloadedError) as error:
                logger.warning("revocations that the log has lost cannot be stored again yet: %s", error)
                await asyncio.sleep(_RESTORE_S)
            else:
                return

    def _apply(self, entries: Sequence[Entry]) -> None:
        """Apply entries of the room (OnEntries)."""
        for entry in entries:
            if (revocation := _decode(entry)) is not None:
                if self._kept is not None:
                    # Without a date, as `Revocations.current` returns those of single tokens.
                    self._kept.add(revocation if revocation.digest is None else replace(revocation, at=0))
                self._revocations.add(revocation)
                self._expiry.end_revoked(revocation)
            self._seq = entry.seq
        self._applied.set()


def _decode(entry: Entry) -> Revocation | None:
    """Return the revocation in an entry; None if it has no body, or one that this version cannot decode.

    Such an entry is logged and skipped: one entry must not keep the process from applying all later revocations.
    """
    if entry.body is msgspec.UNSET:
        return None
    try:
        return msgspec.json.decode(entry.body, type=Revocation)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        logger.error("entry %d of %s is not a revocation, and is skipped: %s", entry.seq, REVOCATIONS_ITEM, error)  # noqa: TRY400 - the entry is wrong, not this code: a traceback would not help
        return None


def _restored_id(revocation: Revocation) -> str:
    """Return the entry id under which processes append a lost revocation again."""
    return sha256(b"again " + msgspec.json.encode(revocation)).hexdigest()
