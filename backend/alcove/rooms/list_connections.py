"""Admit connections to the list of rooms, renew their tokens, and end them when they expire (W10, A4, A7, L3)."""

import asyncio
import logging

from alcove.access.authenticator import Authenticator, Caller
from alcove.access.expiry import ExpiryWatch
from alcove.background import BackgroundTasks
from alcove.errors import Close, Code, Refusal
from alcove.limits import ProcessLimits
from alcove.observability.metrics import SERVER_METRICS, Metrics
from alcove.protocol import Member
from alcove.repeated_warnings import RepeatedWarning
from alcove.rooms.admission import RETRY_MS, Admission, ConnectionSlot
from alcove.rooms.list_feed import ListFeed
from alcove.rooms.list_reader import ListReader
from alcove.rooms.list_session import ListSession
from alcove.rooms.room_changes import RoomChanges
from alcove.storage.base import ItemSummary, ListRefusedError, LogUnavailableError
from alcove.wire.connection import Connection

logger = logging.getLogger(__name__)
_cannot_list = RepeatedWarning(logger, "the list of rooms cannot be read: %s")


class ListConnections:
    """The connections of this process to the list of rooms (ListHost)."""

    def __init__(
        self,
        feed: ListFeed,
        changes: RoomChanges,
        authenticator: Authenticator | None,
        *,
        admission: Admission,
        expiry: ExpiryWatch,
        tasks: BackgroundTasks,
        process_limits: ProcessLimits,
        metrics: Metrics = SERVER_METRICS,
    ) -> None:
        """Create the object for a process without connections to the list.

        Args:
            feed: Sends rooms to the connections.
            changes: Notifies the feed of rooms that changed.
            authenticator: Checks tokens; None: no connection has one.
            admission: Counts connections, and refuses those beyond the limits.
            expiry: Ends connections whose token expires or is revoked.
            tasks: Runs the checks of fresh tokens.
            process_limits: The limits of this process (L).
            metrics: Counts refusals.

        """
        self.metrics = metrics
        self._feed = feed
        self._changes = changes
        self._authenticator = authenticator
        self._admission = admission
        self._expiry = expiry
        self._tasks = tasks
        self._process_limits = process_limits
        #: The place of each session's connection in the counts of `admission`.
        self._slots: dict[ListSession, ConnectionSlot] = {}

    async def close(self) -> None:
        """Cancel the background tasks of the feed and of the changes."""
        await self._changes.close()
        await self._feed.close()

    def __len__(self) -> int:
        """Return the number of connections to the list."""
        return len(self._slots)

    def pending(self) -> int:
        """Return the number of changed rooms that wait to be sent, over all connections."""
        return self._feed.pending()

    def connections(self) -> list[Connection]:
        """List the connections to the list of rooms."""
        return [session.reader.connection for session in self._slots]

    async def join(self, connection: Connection, caller: Caller, *, prefix: str, limit: int) -> ListSession:
        """Send a connection the latest rooms, then `ready`, then a line for each room that changes.

        The caller must run the session on its connection, even if that closed meanwhile: `on_close` leaves the list.

        Args:
            connection: The connection, accepted or about to be.
            caller: The caller, whose rights and read marks apply.
            prefix: Send only rooms whose item begins with this text.
            limit: The maximum number of rooms to send at first.

        Raises:
            Refusal: A limit is reached (L3), the process drains (Z1), access was revoked meanwhile (A7), or storage
                does not answer.

        """
        reader = ListReader(
            connection, caller, prefix=prefix, limit=limit, pending_limit=self._process_limits.list_pending
        )
        with self._admission.admit_other(caller.person.id, None) as slot:
            try:
                rooms = await self._start(reader)
                self._admission.check_not_draining()  # the drain may have started meanwhile
                member = self._member(caller)
            except BaseException:
                self._feed.stop(reader)
                raise
            session = ListSession(self, reader, self._process_limits.budget)
            self._slots[session] = slot
            self._expiry.watch(session, member, None)
            self._feed.send_latest(reader, rooms)
            self._changes.start_polling()
            return session

    async def _start(self, reader: ListReader) -> list[ItemSummary]:
        """Start the feed for a reader, and return the latest rooms. Raises Refusal if the list cannot be read."""
        try:
            return await self._feed.start(reader)
        except ListRefusedError as error:
            raise Refusal(Code.OVERLOADED, Close.AT_CAPACITY, str(error), RETRY_MS) from None
        except LogUnavailableError as error:
            _cannot_list(error)
            message = "storage does not answer; try again soon"
            raise Refusal(Code.UNAVAILABLE, Close.AT_CAPACITY, message, RETRY_MS) from error

    def _member(self, caller: Caller) -> Member:
        """Return the caller as a member with the token's expiry. Raises Refusal if the token has ended (A4, A7)."""
        if self._authenticator is None:
            return Member(caller.person, frozenset({"read"}))
        member = self._authenticator.member_on(caller, None)
        self._authenticator.recheck(member, None)
        return member

    # --- called by sessions

    def leave(self, session: ListSession) -> None:
        """Remove a session whose connection is closed (ListHost)."""
        self._expiry.forget(session)
        self._feed.stop(session.reader)
        if slot := self._slots.pop(session, None):
            slot.release()

    def renew(self, session: ListSession, token: str, wait_s: float) -> None:
        """Check a fresh token for a session in the background, in `wait_s` seconds (ListHost, A4)."""
        self._tasks.spawn(self._renew(session, token, wait_s))

    async def _renew(self, session: ListSession, token: str, wait_s: float) -> None:
        """Check a fresh token; apply its rights to the session, or tell the session that the token is refused."""
        await asyncio.sleep(wait_s)
        if self._authenticator is None:
            raise RuntimeError("a hub without an authenticator has no tokens to check")
        try:
            caller = await self._authenticator.renew_caller(token, session.reader.caller.person)
            member = self._member(caller)
        except Refusal as refusal:
            session.refused(refusal)
            return
        if session in self._slots:  # its connection may have closed during the check
            session.reader.caller = caller
            self._expiry.watch(session, member, None)
            session.renewed(member.expires_ms)
            self._feed.refresh(session.reader)
