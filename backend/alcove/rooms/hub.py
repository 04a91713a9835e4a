"""Create and connect the parts that serve the connections of one process, and offer them as one object."""

import asyncio
import os
import socket
import time
from collections.abc import Callable, Collection

from alcove.access.authenticator import Authenticator
from alcove.access.bans import Ban, Bans
from alcove.access.expiry import ExpiryWatch, Revocable
from alcove.access.revocations import Revocation, Revocations
from alcove.background import BackgroundTasks
from alcove.bus.base import Bus
from alcove.bus.memory import MemoryBus
from alcove.clock import now_ms
from alcove.cluster.dispatcher import Handler
from alcove.cluster.messages import ClusterMessage
from alcove.limits import ProcessLimits, Retention
from alcove.observability.metrics import SERVER_METRICS, Metrics
from alcove.protocol import Limits, Member
from alcove.rooms.access_records import AccessRecords
from alcove.rooms.admission import Admission, ConnectionSlot
from alcove.rooms.delivery import EntryDelivery
from alcove.rooms.directory import RoomDirectory
from alcove.rooms.drain import Drain
from alcove.rooms.imports import Importer
from alcove.rooms.joining import RoomJoiner
from alcove.rooms.list_connections import ListConnections
from alcove.rooms.list_feed import ListFeed
from alcove.rooms.personal_data import PersonalData
from alcove.rooms.process_status import ProcessStatus
from alcove.rooms.queries import RoomQueries
from alcove.rooms.renewal import TokenRenewal
from alcove.rooms.room_changes import RoomChanges
from alcove.rooms.sends import SendLimiter
from alcove.rooms.session import Session
from alcove.rooms.start_position import StartPosition
from alcove.rooms.writing import RoomWriter
from alcove.storage.base import Log
from alcove.storage.committer import Committer
from alcove.wire.connection import Connection

#: Maximum seconds to wait for background tasks when the process ends.
_CLOSE_TASKS_S = 2.0


class Hub:
    """The parts that serve the connections of one process, as one object; the rules are in the parts."""

    def __init__(
        self,
        log: Log,
        *,
        limits: Limits,
        authenticator: Authenticator | None = None,
        revocations: Revocations | None = None,
        bans: Bans | None = None,
        bus: Bus | None = None,
        database_bus: Bus | None = None,
        process_limits: ProcessLimits | None = None,
        retention: Retention | None = None,
        clock: Callable[[], float] = time.monotonic,
        metrics: Metrics = SERVER_METRICS,
    ) -> None:
        """Create the parts; `start` connects them to the other processes.

        Args:
            log: The log of all rooms.
            limits: The limits that `hello` announces to clients (L).
            authenticator: Checks credentials; None: no connection has a token to renew.
            revocations: The table of revocations that the authenticator checks; those in the log are added to it.
            bans: The table of bans that the authenticator checks; those in the log are added to it.
            bus: Carries messages between processes; None: there is only this process.
            database_bus: Carries the announcements of the database (X5); None: it makes none.
            process_limits: The limits of this process (L); None: the defaults.
            retention: How long the log keeps entries (L5); None: forever.
            clock: Returns seconds of a monotonic clock.
            metrics: The counters of this Alcove.

        """
        #: Counts refusals (SessionHost, W7).
        self.metrics = metrics
        process_limits = process_limits or ProcessLimits()
        self._tasks = BackgroundTasks()
        self._rooms = RoomDirectory(
            log,
            bus or MemoryBus(),
            database_bus,
            limits=process_limits,
            tasks=self._tasks,
            on_history_lost=self._on_history_lost,
            on_marks_stored=self._on_marks_stored,
            clock=clock,
            name=f"{socket.gethostname()}:{os.getpid()}",
            metrics=metrics,
        )
        cluster = self._rooms.cluster
        self._admission = Admission(process_limits, self._rooms.member_connections)
        self._expiry = ExpiryWatch()
        feed = ListFeed(log, authenticator)
        self.changes = RoomChanges(log, cluster, feed, limit=process_limits.list_changes)
        #: The list of rooms, and the connections that follow it.
        self.lists = ListConnections(
            feed,
            self.changes,
            authenticator,
            admission=self._admission,
            expiry=self._expiry,
            tasks=self._tasks,
            process_limits=process_limits,
            metrics=metrics,
        )
        delivery = EntryDelivery(self._rooms, cluster, self.changes, metrics)
        self._committer = Committer(log, delivery.deliver, process_limits.waiting_sends, self._rooms.position, metrics)
        self._drain = Drain(
            drain_s=process_limits.drain_s,
            finish_sends=self._committer.drain,
            connections=lambda: self._rooms.connections() + self.lists.connections(),
        )
        self.status = ProcessStatus(
            process_limits, self._admission, self._rooms, lists=self.lists, committer=self._committer, log=log
        )
        limiter = SendLimiter(limits, max_limiters=process_limits.rate_limiters, clock=clock)
        # Attributes, because methods would cost one more call for each send (SessionHost, F3, L2).
        #: Submit a draft without waiting; store a draft and return its outcome.
        self.submit, self.store_draft = self._committer.submit, self._committer.store
        #: Take one send from a member's rate on an item (SendLimiter).
        self.take_send, self.take_send_or_refuse = limiter.take_send, limiter.take_send_or_refuse
        self.now_ms = now_ms
        #: Reads rooms for callers without a connection.
        self.queries = RoomQueries(log, self._rooms, cluster)
        self.writer = RoomWriter(log, self.store_draft, limits, self._rooms, self.changes)
        #: Exports rooms and members, erases members, imports entries.
        self.personal_data = PersonalData(log, self.writer, self._rooms, cluster)
        self.importer = Importer(log, self.store_draft, limits, self._rooms, max_waiting=process_limits.waiting_sends)
        self._renewal = None if authenticator is None else TokenRenewal(authenticator, self._expiry)
        self._access_records = AccessRecords(
            Revocations() if revocations is None else revocations,
            Bans() if bans is None else bans,
            expiry=self._expiry,
            rooms=self._rooms,
            store=self.store_draft,
            tasks=self._tasks,
            on_bans_changed=feed.refresh_member,
        )
        self._joiner = RoomJoiner(
            self,
            self._rooms,
            self._admission,
            authenticator=authenticator,
            expiry=self._expiry,
            retention=retention or Retention(),
            limits=limits,
            budget=process_limits.budget,
            clock=clock,
        )

    async def start(self) -> None:
        """Connect to the other processes."""
        await self._rooms.start()

    async def close(self) -> None:
        """Wait for accepted sends, at most until the drain's deadline, then close rooms, background tasks and lists."""
        await self._drain.wait_for_commit()
        self._rooms.close_rooms()
        self._access_records.close()
        await self._tasks.close(_CLOSE_TASKS_S)
        await self.lists.close()
        await self._rooms.close()

    # --- draining

    def drain(self) -> asyncio.Task[None]:
        """Refuse new connections, commit accepted sends, close all connections; return the one task of that (Z1)."""
        self._admission.start_draining()
        return self._drain.start()

    async def wait_until_empty(self) -> None:
        """Wait until every connection is closed; call it after `drain`."""
        await self._admission.wait_until_empty()

    def on_drain(self, callback: Callable[[], None]) -> None:
        """Register a callback that runs during the drain, before the first connection is closed."""
        self._drain.before_close(callback)

    # --- other channels of the bus

    def subscribe(self, channel: str, handler: Handler) -> None:
        """Call `handler` with every message that other processes publish on the channel. Call this before `start`."""
        self._rooms.cluster.subscribe(channel, handler)

    def publish(self, channel: str, message: ClusterMessage) -> None:
        """Send the message to the other processes that subscribe to the channel."""
        self._rooms.cluster.publish(channel, message)

    # --- joining and leaving

    @property
    def connections(self) -> int:
        """The number of connections of this process, to rooms and others."""
        return len(self._admission)

    def check_admission(self, member: Member | None, item: str | None) -> None:
        """Check that `admit` would accept a connection of the member to the item. Raises Refusal as `admit`."""
        self._admission.check_other(None if member is None else member.person.id, item)

    def admit(self, member: Member | None, item: str | None) -> ConnectionSlot:
        """Count a connection that joins no room until its slot is released.

        Args:
            member: The member; None in open mode, where plain-text sockets have no members.
            item: The item whose room it counts with; None: it belongs to no item.

        Raises:
            Refusal: 1012 during the drain (Z1); 1013 or 4429 at a limit of the process or the member (L3).

        """
        return self._admission.admit_other(None if member is None else member.person.id, item)

    def watch(self, connection: Revocable, member: Member, item: str | None) -> None:
        """End a connection that joins no room when the member's token expires or is revoked (A4, A7)."""
        self._expiry.watch(connection, member, item)

    def forget(self, connection: Revocable) -> None:
        """Stop watching a connection that joined no room and has closed."""
        self._expiry.forget(connection)

    async def join(self, item: str, connection: Connection, member: Member, start: StartPosition) -> Session:
        """Add a connection to the item's room: send it `hello`, then the entries from its start position on.

        The caller must run the session on its connection, even if that closed during the join, because the session's
        `on_close` leaves the room.

        Raises:
            Refusal: A limit is reached (L3), the process drains (Z1), access was revoked (A7), or storage does not
                answer.

        """
        return await self._joiner.join(item, connection, member, start)

    def leave(self, session: Session) -> None:
        """Remove a session, whose connection closed, from its room (SessionHost)."""
        self._expiry.forget(session)
        self._rooms.leave(session.room, session.cursor)

    # --- access of open connections

    def renew(self, session: Session, token: str, wait_s: float) -> None:
        """Check a fresh token in the background, in `wait_s` seconds.

        The session's `renewed` or `refused` is called then (SessionHost, A4).
        """
        if self._renewal is None:
            raise RuntimeError("a hub without an authenticator cannot check tokens")
        self._tasks.spawn(self._renewal.renew(session, token, wait_s))

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> None:
        """Call `callback` in `delay_s` seconds (SessionHost)."""
        asyncio.get_running_loop().call_later(delay_s, callback)

    async def follow_access_records(self) -> None:
        """Apply all revocations and bans in the log, and every later one; return when the current ones are applied.

        Raises:
            LogUnavailableError: Storage does not answer.

        """
        await self._access_records.follow()

    async def revoke(self, revocation: Revocation) -> None:
        """Store a revocation, which every process applies (A7); it is durable when this returns.

        Raises:
            Refusal: Too many sends wait for storage.
            LogUnavailableError: The revocation is not stored.

        """
        await self._access_records.revoke(revocation)

    async def ban(self, ban: Ban) -> None:
        """Store a ban or the end of one, which every process applies (W15); it is durable when this returns.

        Raises:
            Refusal: Too many sends wait for storage.
            LogUnavailableError: The ban is not stored.

        """
        await self._access_records.ban(ban)

    # --- callbacks

    def _on_history_lost(self, item: str) -> None:
        """Notify the list of rooms; read revocations or bans again if the item is their room (X8)."""
        self.changes.history_lost(item)
        self._access_records.history_lost(item)

    def _on_marks_stored(self, item: str, members: Collection[str]) -> None:
        """Notify the list of rooms of read marks that this process stored (W10)."""
        self.changes.marks_stored(item, members)
