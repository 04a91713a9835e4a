"""What is live in this process: who joins which room, and what is sent."""

import asyncio
import contextlib
import logging
import os
import random
import socket
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from alcove.access.authenticator import Authenticator
from alcove.access.expiry import ExpiryWatch
from alcove.access.revocations import OPERATOR, ROOM, Revocations, Revoked
from alcove.bus.base import Bus
from alcove.bus.memory import MemoryBus
from alcove.clock import now_ms
from alcove.cluster.connections import Connections
from alcove.errors import Close, Code, Refusal
from alcove.limits import KeyedLimiter, ProcessLimits
from alcove.protocol import Bye, Hello, Limits, Member, You, encode, raw
from alcove.repeated_warnings import RepeatedWarning
from alcove.rooms.cursor import Cursor
from alcove.rooms.directory import Rooms
from alcove.rooms.revocation_log import RevocationLog
from alcove.rooms.room import Room
from alcove.rooms.session import RETRY_MS, Session
from alcove.storage.base import Draft, Log, LogUnavailableError, Outcome, Retention
from alcove.storage.committer import Committer, OutcomeFuture, OverloadedError
from alcove.storage.readiness import StorageCheck
from alcove.wire.connection import Connection, Frame

log = logging.getLogger("alcove.hub")
_cannot_join = RepeatedWarning(log, "item %s cannot be joined: %s")


@dataclass(frozen=True, slots=True)
class Entrance:
    """From where a connection wants to read: behind `after` of log `log_id`, or the last `tail` entries (H2)."""

    after: int | None = None
    log_id: str | None = None
    tail: int = 50


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
        self.log = store
        self.limits = limits
        self.bounds = bounds or ProcessLimits()
        self._retention = retention or Retention()
        #: This process among others.
        self.process = f"{socket.gethostname()}:{os.getpid()}"
        self._rooms = Rooms(
            store,
            bus or MemoryBus(),
            sends,
            tail_entries=self.bounds.tail_entries,
            tail_bytes=self.bounds.tail_bytes,
            lost=self._history_lost,
            clock=clock,
            name=self.process,
        )
        self.rooms = self._rooms.open
        self.cluster = self._rooms.cluster
        self.connections = 0
        #: Of them, those of the tutorial's sockets, by member and item.
        self.visits = Counter[tuple[str, str | None]]()
        #: Keeps newcomers from this process: a server's own, called before anyone is sent away (Z1).
        self.stop_listening: Callable[[], None] = lambda: None
        self._draining: asyncio.Task[None] | None = None
        #: When the drain time is over, by the event loop's clock.
        self._drained_by: float | None = None
        self.committer = Committer(store, self._rooms.deliver, self.bounds.waiting, self._rooms.position)
        #: Whether the log takes writes.
        self.storage = StorageCheck(store, lambda: self.committer.failing)
        #: Hands in a draft (Desk).
        self.append = self.committer.submit
        self.expiry = ExpiryWatch()
        #: By member and item, over sockets and HTTP together (L2).
        self._send_rates = KeyedLimiter[tuple[str, str]](
            limits.sends_per_s, limits.burst, size=self.bounds.rates, limit="send_rates"
        )
        self._authenticator = authenticator
        self._revocation_log: RevocationLog | None = None
        self._clock = clock

    async def close(self) -> None:
        """Wait for what is on its way into the log, as long as the drain time lasts."""
        await self._committed()
        await self._rooms.close()

    def drain(self) -> asyncio.Task[None]:
        """Begin to end (Z1), the first time; done when everyone was sent away."""
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain())
        return self._draining

    @property
    def draining(self) -> bool:
        """Whether the server is about to end (Z1)."""
        return self._draining is not None

    async def _drain(self) -> None:
        """Let nobody in any more; when all that was sent is stored and acked, send everyone away (Z1).

        Each is told a time of its own to come back, so that they arrive evenly over the drain time. By then nobody
        listens here: whoever comes back through a proxy is led elsewhere at once, and not to a door that is shut.
        """
        await self._committed()
        self.stop_listening()
        connections = [cursor.connection for room in self._visited() for cursor, _ in room.cursors()]
        random.shuffle(connections)
        for n, connection in enumerate(connections):
            retry_ms = int(1000 * self.bounds.drain_s * (n + 1) / len(connections))
            connection.write(Frame(encode(Bye("restart", retry_ms))))
            connection.close(Close.RESTART, "restart")

    async def _committed(self) -> None:
        """Wait until nothing waits for storage, or the drain time is over; it begins with the first call."""
        now = asyncio.get_running_loop().time()
        if self._drained_by is None:
            self._drained_by = now + self.bounds.drain_s
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(self._drained_by):
                await self.committer.drain()

    def _visited(self) -> list[Room]:
        """The rooms that members can be in, without the house's own."""
        return [room for room in self.rooms.values() if room.item != ROOM]

    # --- joining and leaving

    def check_capacity(self) -> None:
        """Raises Refusal 1013 where this process has as many connections as it may, of rooms and beside them (L3)."""
        if self.connections >= self.bounds.connections:
            raise Refusal(Code.AT_CAPACITY, Close.AT_CAPACITY, "this server is full; try again soon", RETRY_MS)

    def check_member(self, member: Member, item: str | None) -> None:
        """Raises Refusal 4429 where a member has as many connections as they may (L3).

        They count on all endpoints together: to one item, and beside all items (None).
        """
        room = None if item is None else self.rooms.get(item)
        held = self.visits[member.person.id, item] + (room.present.connections(member.person.id) if room else 0)
        if held >= self.bounds.member_connections:
            expected = f"at most {self.bounds.member_connections} connections to one item; close another one"
            raise Refusal(Code.TOO_MANY, Close.TOO_MANY, expected, 10 * RETRY_MS)

    async def join(self, item: str, connection: Connection, member: Member, entrance: Entrance) -> Session:
        """Let a connection into the item's room: greeted, and on its way to the head.

        Raises Refusal where a limit is reached or storage does not answer. The session must be run by its
        carrier, also when the connection died meanwhile: its `closed` leaves the room.
        """
        self._check_open()
        self.check_capacity()
        self.connections += 1
        try:
            with self._rooms.coming(item):
                room = await self._rooms.get_reached(item, entrance.after or 0, entrance.log_id)
                # From here to the end nothing waits: the hello stays true until the cursor follows the room.
                return self._enter(room, connection, member, entrance)
        except LogUnavailableError as error:
            self.connections -= 1
            _cannot_join(item, error)
            message = "storage does not answer; try again soon"
            raise Refusal(Code.UNAVAILABLE, Close.AT_CAPACITY, message, RETRY_MS) from error
        except BaseException:
            self.connections -= 1
            raise

    def _check_open(self) -> None:
        """Raises Refusal where nobody is let in any more (Z1)."""
        if self.draining:
            raise Refusal(Code.AT_CAPACITY, Close.RESTART, "this server is about to restart; try again", RETRY_MS)

    def leave(self, session: Session) -> None:
        """A session's connection is over (Desk)."""
        self.connections -= 1
        self.expiry.forget(session)
        room = session.room
        if room.leave(session.cursor):
            self.cluster.count_connection(room.item, session.cursor.member.person, -1)
        self._rooms.drop_if_idle(room.item)

    def _enter(self, room: Room, connection: Connection, member: Member, entrance: Entrance) -> Session:
        """Greet the connection and let its cursor follow the room (R1, R2, R5, H5). Raises Refusal (L3, A7, Z1)."""
        self._check_open()  # it may have begun to end while the room was opened
        if self._authenticator is not None:
            self._authenticator.recheck(member, room.item)  # it may have been revoked while the room was opened
        self.check_member(member, room.item)
        if (since := self._retention.cutoff(self.now_ms())) is not None:
            room.expire(since)
        reset = entrance.log_id not in {None, room.log_id} or (entrance.after or 0) > room.head
        latest = max(room.head - entrance.tail, room.oldest - 1)
        seq = latest if entrance.after is None or reset else entrance.after
        cursor = Cursor(connection, member, seq, self.now_ms())
        room.enter(cursor)
        self.cluster.count_connection(room.item, member.person, 1)
        hello = Hello(
            item=room.item,
            log=room.log_id,
            head=room.head,
            oldest=room.oldest,
            reset=reset,
            you=You(member.person.id, member.person.name, sorted(member.can)),
            members=room.present.named(),
            count=len(room.present),
            reads=room.present.marks(),
            limits=self.limits,
            expires=member.expires_ms,
            now=self.now_ms(),
        )
        connection.write(Frame(encode(hello)))
        room.follow(cursor)
        session = Session(self, room, cursor, limits=self.limits, clock=self._clock, budget=self.bounds.budget)
        self.expiry.watch(session, member, room.item)
        return session

    # --- tokens of open connections

    def renew(self, session: Session, token: str) -> None:
        """Check a fresh token for a connection (Desk, A4)."""
        self._rooms.run_errand(self._renew(session, token))

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

    async def revoke(self, revoked: Revoked) -> None:
        """Take access back, on every process; durable when this returns (A7). Raises Refusal."""
        try:
            await self.send(Draft(ROOM, "message", uuid4().hex, OPERATOR, self.now_ms(), raw(revoked)))
        except OverloadedError as error:
            raise Refusal(Code.OVERLOADED, Close.AT_CAPACITY, str(error), RETRY_MS) from None

    async def follow_revocations(self, revocations: Revocations) -> None:
        """Read what was revoked, from the beginning and on; complete up to now when this returns.

        Raises LogUnavailableError.
        """
        revocations.act = self.expiry.end_revoked
        self._revocation_log = RevocationLog(revocations, self._rooms, self.send, self.now_ms)
        await self._revocation_log.follow()

    def _history_lost(self, item: str) -> None:
        """Act on the loss of a room's history (X8)."""
        if item == ROOM and self._revocation_log is not None:
            self._rooms.run_errand(self._revocation_log.restore())

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

    async def list_connections(self, item: str) -> Connections:
        """Return who is connected to the item's room, on all processes (W8). Raises LogUnavailableError."""
        room = self.rooms.get(item)
        try:
            head = (await self.log.room_states([item]))[item].head
        except LogUnavailableError:
            if room is None:
                raise
            head = room.head
        return await self.cluster.inspect(item, head)

    def now_ms(self) -> int:
        """The time, in ms since the epoch (F3)."""
        return now_ms()
