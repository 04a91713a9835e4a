"""Join connections to rooms, store what is sent, and report the state of this process."""

import asyncio
import os
import socket
import time
from collections.abc import Callable, Sequence

from alcove.access.authenticator import Authenticator
from alcove.access.bans import BANS_ITEM, Ban, Bans
from alcove.access.expiry import ExpiryWatch, Revocable
from alcove.access.revocations import REVOCATIONS_ITEM, Revocation, Revocations
from alcove.background import BackgroundTasks
from alcove.bus.base import Bus
from alcove.bus.memory import MemoryBus
from alcove.clock import now_ms
from alcove.cluster.connections import Connections
from alcove.cluster.dispatcher import Handler
from alcove.cluster.messages import ERASURES, ClusterMessage, MemberErased
from alcove.limits import ProcessLimits, Retention
from alcove.observability.metrics import ProcessState
from alcove.protocol import Limits, Member, Person
from alcove.rooms.admission import Admission, Slot
from alcove.rooms.ban_log import BanLog
from alcove.rooms.directory import RoomDirectory
from alcove.rooms.drain import Drain
from alcove.rooms.internal_room import append_record
from alcove.rooms.item_lists import ItemLists
from alcove.rooms.joining import RoomJoiner
from alcove.rooms.personal_data import PersonalData
from alcove.rooms.process_status import ProcessStatus, Readiness
from alcove.rooms.renewal import TokenRenewal
from alcove.rooms.revocation_log import RevocationLog
from alcove.rooms.sends import Sends
from alcove.rooms.session import Session
from alcove.rooms.start_position import StartPosition
from alcove.rooms.writing import RoomWriter
from alcove.storage.base import Draft, Log, Outcome, Page
from alcove.storage.committer import Committer
from alcove.wire.connection import Connection

#: Seconds that background tasks have to end when the process does.
_TASKS_S = 2.0
#: Rooms in one message that a member was erased.
_ERASED_ROOMS = 200


class Hub:
    """The rooms of one process, and the connections to them.

    It creates the parts and is what the API calls; the rules are in the parts.
    """

    def __init__(
        self,
        log: Log,
        *,
        limits: Limits,
        authenticator: Authenticator | None = None,
        bus: Bus | None = None,
        sends: Bus | None = None,
        bounds: ProcessLimits | None = None,
        retention: Retention | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Compose the hub; `start` connects it to the other processes.

        Args:
            log: The log of all rooms.
            limits: The limits that `hello` announces to clients (L).
            authenticator: Checks credentials; None: no connection has a token to renew.
            bus: Carries messages between processes; None: there is only this process.
            sends: Delivers the notifications of `alcove_send` (X5).
            bounds: The limits of this process (L).
            retention: How long the log keeps entries (L5).
            clock: Returns seconds that never run backwards.

        """
        self._log = log
        bounds = bounds or ProcessLimits()
        process = f"{socket.gethostname()}:{os.getpid()}"
        self._tasks = BackgroundTasks()
        self._rooms = RoomDirectory(
            log,
            bus or MemoryBus(),
            sends,
            tail_entries=bounds.tail_entries,
            tail_bytes=bounds.tail_bytes,
            tasks=self._tasks,
            on_history_lost=self._on_history_lost,
            on_marks_stored=lambda *moved: self.lists.changes.marks_stored(*moved),  # noqa: PLW0108 - not made yet
            clock=clock,
            name=process,
        )
        self._admission = Admission(bounds, self._rooms.member_connections)
        self._expiry = ExpiryWatch()
        #: The list of rooms, and the connections that follow it.
        self.lists = ItemLists(
            log,
            self._rooms.cluster,
            authenticator,
            admission=self._admission,
            expiry=self._expiry,
            tasks=self._tasks,
            limits=bounds,
        )
        self._committer = Committer(log, self._deliver, bounds.waiting, self._rooms.position)
        self._drain = Drain(
            within_s=bounds.drain_s,
            commit=self._committer.drain,
            connections=lambda: self._rooms.connections() + self.lists.connections(),
        )
        self._status = ProcessStatus(
            bounds, self._admission, self._rooms, lists=self.lists, committer=self._committer, log=log
        )
        #: Submit a draft (SessionHost); an attribute, because a method would cost one more call for each send.
        self.append = self._committer.submit
        self._sends = Sends(self._committer, limits, max_rates=bounds.rates, clock=clock)
        #: Take one send of a member's rate on an item, or raise Refusal (L2); store a draft.
        self.take_send, self.check_rate, self.send = self._sends.take, self._sends.check_rate, self._sends.store
        #: Writes into rooms without a connection.
        self.writer = RoomWriter(self._sends.store, limits)
        #: Exports rooms and members.
        self.personal_data = PersonalData(log, self.writer)
        self.subscribe(ERASURES, self._member_erased)
        self._renewal = None if authenticator is None else TokenRenewal(authenticator, self._expiry)
        self._revocation_log: RevocationLog | None = None
        self._ban_log: BanLog | None = None
        self._joins = RoomJoiner(
            self,
            self._rooms,
            self._admission,
            authenticator=authenticator,
            expiry=self._expiry,
            retention=retention or Retention(),
            limits=limits,
            budget=bounds.budget,
            clock=clock,
        )

    async def start(self) -> None:
        """Connect to the other processes."""
        await self._rooms.start()

    async def close(self) -> None:
        """Wait for accepted sends, until the drain's deadline, then close the rooms and the background tasks."""
        await self._drain.committed()
        self._rooms.close_rooms()
        if self._ban_log is not None:
            self._ban_log.close()
        await self._tasks.close(_TASKS_S)
        await self.lists.close()
        await self._rooms.close()

    def _deliver(self, stored: Sequence[tuple[Draft, Outcome]]) -> None:
        """Deliver the entries of one commit to rooms (S4), and record the rooms that they change for lists (W10)."""
        self._rooms.deliver(stored)
        self.lists.changes.entries_stored(stored)

    # --- draining

    @property
    def draining(self) -> bool:
        """Whether the process is draining, and so refuses new connections (Z1)."""
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
        """Return whether storage accepts writes and the bus works (W7). Storage is not checked during the drain."""
        return await self._status.readiness()

    async def process_state(self) -> ProcessState:
        """Return the state of this process for the metrics (W7)."""
        return await self._status.process_state()

    async def inspect(self, item: str) -> Connections:
        """Return the connections to the item's room, on all processes (W8). Raises LogUnavailableError."""
        return await self._rooms.inspect(item)

    # --- other channels of the bus

    def subscribe(self, channel: str, handler: Handler) -> None:
        """Call `handler` with every message that other processes publish on the channel; before `start` only."""
        self._rooms.cluster.subscribe(channel, handler)

    def publish(self, channel: str, message: ClusterMessage) -> None:
        """Send the message to the other processes that subscribe to the channel."""
        self._rooms.cluster.publish(channel, message)

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

    def watch(self, connection: Revocable, member: Member, item: str | None) -> None:
        """End a connection beside the rooms when the member's token expires or is revoked (A4, A7)."""
        self._expiry.watch(connection, member, item)

    def forget(self, connection: Revocable) -> None:
        """Stop watching a connection beside the rooms, which has closed."""
        self._expiry.forget(connection)

    async def join(self, item: str, connection: Connection, member: Member, start: StartPosition) -> Session:
        """Add a connection to the item's room: send it `hello`, and feed it from its start position.

        The caller must run the session on its connection, also where that closed during the join, because the
        session's `closed` leaves the room.

        Raises:
            Refusal: A limit is reached (L3), the process drains (Z1), access was revoked (A7), or storage does not
                answer.

        """
        return await self._joins.join(item, connection, member, start)

    def leave(self, session: Session) -> None:
        """Remove a session, whose connection closed, from its room (SessionHost)."""
        self._expiry.forget(session)
        self._rooms.leave(session.room, session.cursor)

    # --- access of open connections

    def renew(self, session: Session, token: str) -> None:
        """Check a fresh token in the background; `renewed` or `refused` of the session follows (SessionHost, A4)."""
        if self._renewal is None:
            raise RuntimeError("a hub without an authenticator cannot check tokens")
        self._tasks.spawn(self._renewal.renew(session, token))

    async def revoke(self, revocation: Revocation) -> None:
        """Revoke access on every process (A7); the revocation is durable when this returns.

        Raises:
            Refusal: Too many sends wait for storage.
            LogUnavailableError: The revocation is not stored.

        """
        await append_record(REVOCATIONS_ITEM, revocation, self.send)

    async def follow_revocations(self, revocations: Revocations) -> None:
        """Apply all revocations in the log, and every later one; return when the present ones are applied.

        Raises:
            LogUnavailableError: The log does not answer.

        """
        self._revocation_log = RevocationLog(revocations, self._expiry, self._rooms, self.send)
        await self._revocation_log.follow()

    async def follow_bans(self, bans: Bans) -> None:
        """Apply all bans in the log, and every later one; return when the present ones are applied.

        Raises:
            LogUnavailableError: The log does not answer.

        """
        self._ban_log = BanLog(bans, self._expiry, self._rooms, self.send, self.lists.rights_changed)
        await self._ban_log.follow()

    async def ban(self, ban: Ban) -> None:
        """Ban a member on every process, or end that; durable when this returns (W15).

        Raises:
            Refusal: Too many sends wait for storage.
            LogUnavailableError: It is not stored.

        """
        if self._ban_log is None:
            raise RuntimeError("bans are not followed yet")
        await self._ban_log.ban(ban)

    def _on_history_lost(self, item: str) -> None:
        """Restore the revocations where their room is the one that lost its history (X8)."""
        self.lists.changes.history_lost(item)
        if item == REVOCATIONS_ITEM and self._revocation_log is not None:
            self._tasks.spawn(self._revocation_log.restore())
        if item == BANS_ITEM and self._ban_log is not None:
            self._tasks.spawn(self._ban_log.follow_again())

    # --- rooms, without a connection

    async def members(self, item: str) -> tuple[list[Person], int]:
        """Return up to 100 members of the item's room, and their number (W11). Raises LogUnavailableError."""
        return await self._rooms.members(item)

    async def mark_read(self, item: str, member: str, seq: int) -> int:
        """Move a member's read mark forward; return where it is (P5, W11). Raises LogUnavailableError."""
        return await self._rooms.move_read_mark(item, member, seq)

    async def delete_room(self, item: str) -> None:
        """Delete the item's room with all its data (W11). Raises LogUnavailableError."""
        await self._rooms.delete(item)
        self.lists.changes.room_deleted(item)

    async def erase_member(self, member: str, by: Person) -> None:
        """Erase what the log and the processes have of a member (W14).

        Raises:
            Refusal: Too many sends wait for storage.
            LogUnavailableError: Storage does not answer; a repeated call continues.

        """
        items = await self.personal_data.erase_member(member, by)
        for start in range(0, len(items), _ERASED_ROOMS):
            message = MemberErased(items[start : start + _ERASED_ROOMS])
            self._member_erased(message)
            self.publish(ERASURES, message)

    def _member_erased(self, message: ClusterMessage) -> None:
        """Have what rooms have in memory read again from the log (Handler)."""
        for item in message.items if isinstance(message, MemberErased) else ():
            if (room := self._rooms.find(item)) is not None:
                room.forget_tail()

    # --- reading the log

    async def read(self, item: str, *, before: int | None, after: int | None, limit: int) -> Page:
        """Return a page of the item's log, ascending (W1). Raises LogUnavailableError.

        Args:
            item: The item's id.
            before: Return the last entries with a smaller seq; None: no upper bound.
            after: Return the first entries with a greater seq; None: no lower bound.
            limit: Maximum number of entries.

        """
        return await self._log.read(item, before=before, after=after, limit=limit)

    def now_ms(self) -> int:
        """Return the time in milliseconds since the epoch (SessionHost, F3)."""
        return now_ms()
