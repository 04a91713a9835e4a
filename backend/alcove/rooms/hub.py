"""What is live in this process: who joins which room, and what is sent."""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import uuid4

from alcove.access.authenticator import Authenticator
from alcove.access.expiry import ExpiryWatch
from alcove.access.revocations import OPERATOR, REVOCATIONS_ITEM, Revocation, Revocations
from alcove.background import BackgroundTasks
from alcove.bus.base import Bus
from alcove.bus.memory import MemoryBus
from alcove.clock import now_ms
from alcove.cluster.connections import Connections
from alcove.errors import Close, Code, Refusal
from alcove.item_ranges import Range
from alcove.limits import KeyedLimiter, ProcessLimits
from alcove.observability.metrics import LIMITS, ProcessState
from alcove.protocol import Hello, Limits, Member, You, encode, raw
from alcove.repeated_warnings import RepeatedWarning
from alcove.rooms.admission import RETRY_MS, Admission, Slot
from alcove.rooms.cursor import Cursor
from alcove.rooms.directory import RoomDirectory
from alcove.rooms.drain import Drain
from alcove.rooms.revocation_log import RevocationLog
from alcove.rooms.room import Room
from alcove.rooms.session import Session
from alcove.rooms.start_position import StartPosition
from alcove.storage.base import Draft, ItemSummary, Log, LogUnavailableError, Outcome, Page, Retention
from alcove.storage.committer import Committer, OverloadedError
from alcove.storage.outcomes import OutcomeFuture
from alcove.storage.readiness import StorageCheck
from alcove.wire.connection import Connection, Frame

logger = logging.getLogger(__name__)
#: Seconds that background tasks have to end when the process does.
_TASKS_S = 2.0

_cannot_join = RepeatedWarning(logger, "item %s cannot be joined: %s")


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether this process can serve clients (W7)."""

    #: Whether storage takes writes; not asked during the drain.
    storage: bool
    #: Whether messages to and from other processes get through.
    bus: bool
    draining: bool


class Hub:
    """Everything that is live in this process."""

    def __init__(
        self,
        store: Log,
        *,
        limits: Limits,
        authenticator: Authenticator | None = None,
        bus: Bus | None = None,
        sends: Bus | None = None,
        bounds: ProcessLimits | None = None,
        retention: Retention | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = store
        self.limits = limits
        self.bounds = bounds or ProcessLimits()
        self._retention = retention or Retention()
        #: This process among others.
        self.process = f"{socket.gethostname()}:{os.getpid()}"
        self._tasks = BackgroundTasks()
        self._rooms = RoomDirectory(
            store,
            bus or MemoryBus(),
            sends,
            tail_entries=self.bounds.tail_entries,
            tail_bytes=self.bounds.tail_bytes,
            tasks=self._tasks,
            lost=self._history_lost,
            clock=clock,
            name=self.process,
        )
        self.rooms = self._rooms.open
        self.cluster = self._rooms.cluster
        self._admission = Admission(self.bounds, self._rooms.member_connections)
        self.committer = Committer(store, self._rooms.deliver, self.bounds.waiting, self._rooms.position)
        self._drain = Drain(
            within_s=self.bounds.drain_s, commit=self.committer.drain, connections=self._rooms.connections
        )
        self._storage = StorageCheck(store, lambda: self.committer.failing)
        #: Hands in a draft (SessionHost).
        self.append = self.committer.submit
        self.expiry = ExpiryWatch()
        #: By member and item, over sockets and HTTP together (L2).
        self._send_rates = KeyedLimiter[tuple[str, str]](
            limits.sends_per_s,
            limits.burst,
            size=self.bounds.rates,
            on_evicted=LIMITS.labels("send_rates").inc,
        )
        self._authenticator = authenticator
        self._revocation_log: RevocationLog | None = None
        self._clock = clock

    async def close(self) -> None:
        """Wait for accepted sends, until the drain's deadline, and end what runs in the background."""
        await self._drain.committed()
        self._rooms.close()
        await self._tasks.close(_TASKS_S)
        await self.cluster.close()

    # --- draining

    @property
    def draining(self) -> bool:
        """Whether the process drains: it takes no new connections (Z1)."""
        return self._admission.draining

    def drain(self) -> asyncio.Task[None]:
        """Refuse new connections, commit what was sent and close all connections to rooms (Z1).

        Returns the task that does so; it is the same for every call.
        """
        self._admission.stop()
        return self._drain.start()

    def on_drain(self, callback: Callable[[], None]) -> None:
        """Call `callback` during the drain, before the first connection is closed."""
        self._drain.before_close(callback)

    # --- state, for operators

    async def readiness(self) -> Readiness:
        """Return whether storage takes writes and the bus answers (W7). Storage is not asked during the drain."""
        storage = not self.draining and await self._storage.writable()
        return Readiness(storage=storage, bus=self.cluster.up, draining=self.draining)

    async def process_state(self) -> ProcessState:
        """Return what the metrics report of this process as a whole (W7)."""
        return ProcessState(
            rooms=list(self.rooms.values()),
            sends_waiting=len(self.committer),
            sends_waiting_limit=self.bounds.waiting,
            connections_limit=self.bounds.connections,
            bus_up=self.cluster.up,
            storage_up=await self._storage.writable(),
            draining=self.draining,
        )

    async def inspect(self, item: str) -> Connections:
        """Return the connections to the item's room, on all processes (W8). Raises LogUnavailableError."""
        room = self.rooms.get(item)
        try:
            head = (await self._log.room_states([item]))[item].head
        except LogUnavailableError:
            if room is None:
                raise
            head = room.head
        return await self.cluster.inspect(item, head)

    # --- joining and leaving

    @property
    def connections(self) -> int:
        """The number of connections of this process, to rooms and beside them."""
        return len(self._admission)

    def check_admission(self, member: Member | None, item: str | None) -> None:
        """Check that one more connection beside the rooms would be admitted; see `admit`. Raises Refusal (L3, Z1)."""
        self._admission.check(None if member is None else member.person.id, item)

    def admit(self, member: Member | None, item: str | None) -> Slot:
        """Count a connection beside the rooms until its slot is released.

        Args:
            member: Whose connection it is; None in open mode, where the sockets beside rooms have no members.
            item: The item whose room it counts with; None: it belongs to no item.

        Raises:
            Refusal: 1012 during the drain (Z1); 1013 or 4429 at a limit of the process or the member (L3).

        """
        return self._admission.admit_beside(None if member is None else member.person.id, item)

    async def join(self, item: str, connection: Connection, member: Member, start: StartPosition) -> Session:
        """Let a connection into the item's room: greeted, and on its way to the head.

        Raises Refusal where a limit is reached or storage does not answer. The session must be run by its
        carrier, also when the connection died meanwhile: its `closed` leaves the room.
        """
        with self._admission.admit() as slot:
            try:
                with self._rooms.coming(item):
                    room = await self._rooms.get_reached(item, start.after or 0, start.log_id)
                    # From here to the end nothing waits: the hello stays true until the cursor follows the room.
                    return self._enter(room, slot, connection, member, start)
            except LogUnavailableError as error:
                _cannot_join(item, error)
                message = "storage does not answer; try again soon"
                raise Refusal(Code.UNAVAILABLE, Close.AT_CAPACITY, message, RETRY_MS) from error

    def leave(self, session: Session) -> None:
        """A session's connection is over (SessionHost)."""
        self.expiry.forget(session)
        room = session.room
        if room.leave(session.cursor):
            self.cluster.count_connection(room.item, session.cursor.member.person, -1)
        self._rooms.drop_if_idle(room.item)

    def _enter(self, room: Room, slot: Slot, connection: Connection, member: Member, start: StartPosition) -> Session:
        """Greet the connection and let its cursor follow the room (R1, R2, R5, H5). Raises Refusal (L3, A7, Z1)."""
        self._admission.check_open()  # the drain may have started while the room was opened
        if self._authenticator is not None:
            self._authenticator.recheck(member, room.item)  # it may have been revoked while the room was opened
        self._admission.check_member(member.person.id, room.item)
        if (since := self._retention.cutoff(self.now_ms())) is not None:
            room.expire(since)
        seq = start.seq(room.log_id, room.head, room.oldest)
        cursor = Cursor(connection, member, seq, self.now_ms())
        room.enter(cursor)
        self.cluster.count_connection(room.item, member.person, 1)
        hello = Hello(
            item=room.item,
            log=room.log_id,
            head=room.head,
            oldest=room.oldest,
            reset=start.resets(room.log_id, room.head),
            you=You(member.person.id, member.person.name, sorted(member.can)),
            members=room.presence.named(),
            count=len(room.presence),
            reads=room.presence.marks(),
            limits=self.limits,
            expires=member.expires_ms,
            now=self.now_ms(),
        )
        connection.write(Frame(encode(hello)))
        room.follow(cursor)
        session = Session(self, room, cursor, slot, limits=self.limits, clock=self._clock, budget=self.bounds.budget)
        self.expiry.watch(session, member, room.item)
        return session

    # --- tokens of open connections

    def renew(self, session: Session, token: str) -> None:
        """Check a fresh token for a connection (SessionHost, A4)."""
        self._tasks.spawn(self._renew(session, token))

    async def _renew(self, session: Session, token: str) -> None:
        if self._authenticator is None:
            raise RuntimeError("a hub without a authenticator has no tokens to check")
        try:
            member = await self._authenticator.renew(token, session.room.item, session.cursor.member.person)
        except Refusal as refusal:
            session.refused(refusal)
        else:
            if session in self.expiry:  # it may have left meanwhile
                self.expiry.watch(session, member, session.room.item)
                session.renewed(member)

    async def revoke(self, revocation: Revocation) -> None:
        """Take access back, on every process; durable when this returns (A7). Raises Refusal."""
        try:
            await self.send(Draft(REVOCATIONS_ITEM, "message", uuid4().hex, OPERATOR, self.now_ms(), raw(revocation)))
        except OverloadedError as error:
            raise Refusal(Code.OVERLOADED, Close.AT_CAPACITY, str(error), RETRY_MS) from None

    async def follow_revocations(self, revocations: Revocations) -> None:
        """Read what was revoked, from the beginning and on; complete up to now when this returns.

        Raises LogUnavailableError.
        """
        self._revocation_log = RevocationLog(revocations, self.expiry, self._rooms, self.send)
        await self._revocation_log.follow()

    def _history_lost(self, item: str) -> None:
        """Act on the loss of a room's history (X8)."""
        if item == REVOCATIONS_ITEM and self._revocation_log is not None:
            self._tasks.spawn(self._revocation_log.restore())

    # --- sending

    def take_send(self, member: str, item: str) -> int:
        """Take one of the sends that a member may make to an item now (L2).

        Returns 0 if it is granted, else the milliseconds until one would be.
        """
        return self._send_rates.take((member, item), self._clock())

    async def send(self, draft: Draft) -> Outcome:
        """Send without a connection; the entry is durable when this returns (W2).

        Raises OverloadedError and LogUnavailableError.
        """
        waiter = OutcomeFuture(asyncio.get_running_loop().create_future())
        self.committer.submit(draft, waiter)
        return await waiter.outcome

    # --- reading the log

    async def read(self, item: str, *, before: int | None, after: int | None, limit: int) -> Page:
        """Return a page of the item's log, ascending (W1). Raises LogUnavailableError.

        Args:
            item: The item's id.
            before: Return the last entries with a smaller seq; None: no upper bound.
            after: Return the first entries with a greater seq; None: no lower bound.
            limit: The number of entries at most.

        """
        return await self._log.read(item, before=before, after=after, limit=limit)

    async def items(self, ranges: Sequence[Range], member: str, limit: int) -> list[ItemSummary]:
        """Return the rooms in these ranges, the latest first, with what the member has not read (W4).

        Raises LogUnavailableError, and ListRefusedError where too many lists are being made.
        """
        return await self._log.list_rooms(ranges, member, limit=limit)

    def now_ms(self) -> int:
        """The time, in ms since the epoch (F3)."""
        return now_ms()
