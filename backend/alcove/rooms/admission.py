"""Count the connections of this process; refuse those beyond its limits (L3) and those during its drain (Z1)."""

import asyncio
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Self

from alcove.errors import Close, Code, Refusal
from alcove.limits import ProcessLimits

#: When a client should retry after it was refused at capacity or during the drain, in ms.
RETRY_MS = 1000

#: Returns how many connections a member (first argument) holds to the room of an item (second), on all processes.
RoomConnections = Callable[[str, str], int]


class Admission:
    """The numbers of connections of this process: to rooms, and others (plain-text sockets and lists of rooms)."""

    def __init__(self, process_limits: ProcessLimits, room_connections: RoomConnections) -> None:
        """Create the counts of a process that has no connections.

        Args:
            process_limits: The limits of this process.
            room_connections: Returns the number of a member's connections to an item's room.

        """
        self._process_limits = process_limits
        self._room_connections = room_connections
        self._connections = 0
        #: Set when the last connection is closed; None unless `wait_until_empty` waits for that.
        self._empty: asyncio.Event | None = None
        #: How many connections other than those to rooms are open, by member and item.
        self._other_connections = Counter[tuple[str, str | None]]()
        self._draining = False

    def __len__(self) -> int:
        """Return the number of connections of this process."""
        return self._connections

    @property
    def draining(self) -> bool:
        """Whether this process is shutting down and refuses new connections (Z1)."""
        return self._draining

    def start_draining(self) -> None:
        """Refuse every connection from now on, because the process drains (Z1)."""
        self._draining = True

    def check_process(self) -> None:
        """Check that the process may accept one more connection.

        Raises:
            Refusal: 1012 while the process drains (Z1), 1013 at its limit of connections (L3).

        """
        self.check_not_draining()
        if self._connections >= self._process_limits.connections:
            raise Refusal(Code.AT_CAPACITY, Close.AT_CAPACITY, "this server is full; try again soon", RETRY_MS)

    def check_not_draining(self) -> None:
        """Check that the process is not draining.

        Raises:
            Refusal: 1012 if it is draining (Z1).

        """
        if self._draining:
            raise Refusal(Code.AT_CAPACITY, Close.RESTART, "this server is about to restart; try again", RETRY_MS)

    def recheck(self, member: str, item: str, connections: int) -> None:
        """Check again, once the item's room is open, that the member may join it.

        Args:
            member: The member's id.
            item: The item.
            connections: The number of connections that the member has to the room, on all processes.

        Raises:
            Refusal: 1012 while the process drains (Z1); 4429 at the limit of connections per member and item (L3).

        """
        self.check_not_draining()
        self._check_connections(self._other_connections[member, item] + connections)

    def check_member(self, member: str, item: str | None) -> None:
        """Check that the member may open one more connection to the item; None: one that belongs to no item.

        Connections to the item's room and to its plain-text socket count together.

        Raises:
            Refusal: 4429 at the limit of connections per member and item (L3).

        """
        self._check_connections(
            self._other_connections[member, item] + (0 if item is None else self._room_connections(member, item))
        )

    def _check_connections(self, connections: int) -> None:
        """Check that a member with this number of connections to an item may open another. Raises Refusal 4429 (L3)."""
        if connections >= self._process_limits.member_connections:
            expected = f"at most {self._process_limits.member_connections} connections to one item; close another one"
            # Longer than at capacity: a retry succeeds only after the member has closed another connection.
            raise Refusal(Code.TOO_MANY, Close.TOO_MANY, expected, 10 * RETRY_MS)

    def check_other(self, member: str | None, item: str | None) -> None:
        """Check that `admit_other` would accept a connection of this member to the item, without counting it.

        Raises:
            Refusal: As `admit_other`.

        """
        self.check_process()
        if member is not None:
            self.check_member(member, item)

    def admit_to_room(self) -> "ConnectionSlot":
        """Count a connection that joins a room until its slot is released.

        Raises:
            Refusal: As `check_process`.

        """
        self.check_process()
        self._connections += 1
        return ConnectionSlot(self._release)

    def admit_other(self, member: str | None, item: str | None) -> "ConnectionSlot":
        """Count a connection that joins no room until its slot is released.

        Args:
            member: The member's id; None in open mode, where plain-text sockets have no members.
            item: The item to whose connections it is added (L3); None: it belongs to no item.

        Raises:
            Refusal: As `check_process` and `check_member`.

        """
        self.check_other(member, item)
        slot = self.admit_to_room()
        if member is None:
            return slot
        self._other_connections[member, item] += 1

        def release() -> None:
            self._other_connections[member, item] -= 1
            if not self._other_connections[member, item]:
                del self._other_connections[member, item]
            slot.release()

        return ConnectionSlot(release)

    async def wait_until_empty(self) -> None:
        """Wait until no connection is open."""
        if self._connections:
            self._empty = asyncio.Event()
            await self._empty.wait()

    def _release(self) -> None:
        """Count one connection less, and wake `wait_until_empty` after the last one."""
        self._connections -= 1
        if self._empty is not None and not self._connections:
            self._empty.set()


class ConnectionSlot:
    """The place of one connection in the counts of an `Admission`, occupied until `release` is called.

    As a context manager, it releases only if the block raises: a connection stays open after its admission.
    """

    __slots__ = ("_release",)

    def __init__(self, release: Callable[[], None]) -> None:
        """Store the function that gives the place back."""
        self._release: Callable[[], None] | None = release

    def release(self) -> None:
        """Stop counting the connection; further calls do nothing."""
        if self._release is not None:
            release, self._release = self._release, None
            release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.release()
