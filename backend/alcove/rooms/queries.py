"""Read rooms without a connection, for HTTP and the library (W1, W4, W8, W10, W11)."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from alcove.cluster.cluster import Cluster
from alcove.cluster.connections import Connections
from alcove.item_ranges import Range, next_text
from alcove.protocol import Person
from alcove.rooms.directory import RoomDirectory
from alcove.rooms.presence import MAX_NAMED, RoomPresence
from alcove.storage.base import ItemSummary, Log, LogUnavailableError, Page, UnreadCount

#: Maximum number of read marks in one page.
_MARKS_PER_PAGE = 500


class Attendance(NamedTuple):
    """Who is connected to a room, and who has a read mark in it but is not connected."""

    #: Up to 100 connected members.
    present: list[Person]
    #: The number of all connected members.
    present_count: int
    #: The ids of up to 100 members who have a read mark but no connection.
    absent: list[str]


class RoomQueries:
    """The queries of rooms: entries, members, connections, lists. Every method raises LogUnavailableError.

    The queries check no rights: the callers do.
    """

    def __init__(self, log: Log, rooms: RoomDirectory, cluster: Cluster) -> None:
        """Store the log, the rooms of this process, and the cluster that knows the connections of the others."""
        self._log = log
        self._rooms = rooms
        self._cluster = cluster

    async def read(self, item: str, *, before: int | None, after: int | None, limit: int) -> Page:
        """Read entries of the item's log, in ascending order (W1).

        Args:
            item: The item id.
            before: Read the last entries before this seq; None with `after` None: the latest entries.
            after: Read the first entries after this seq.
            limit: The maximum number of entries.

        """
        return await self._log.read(item, before=before, after=after, limit=limit)

    async def members(self, item: str) -> tuple[list[Person], int]:
        """Return up to 100 members of the item's room on all processes, and the number of all its members (W11)."""
        async with self._rooms.open_room(item) as room:
            return room.presence.named_members(), len(room.presence)

    @asynccontextmanager
    async def open_attendance(self, item: str) -> AsyncIterator[Callable[[], Awaitable[Attendance]]]:
        """Keep the item's room open while the block runs; provide a function that returns its attendance now (K1)."""
        async with self._rooms.open_room(item) as room:

            async def attendance() -> Attendance:
                presence = room.presence
                absent = [member for member in presence.latest_marks() if not presence.connections(member)]
                if len(absent) < MAX_NAMED <= len(presence.read_marks):
                    absent = await self._read_absent(item, presence)
                return Attendance(presence.named_members(), len(presence), absent[:MAX_NAMED])

            yield attendance

    async def _read_absent(self, item: str, presence: RoomPresence) -> list[str]:
        """Return up to 100 members with a read mark who are not connected, among all marks of a large room."""
        absent: list[str] = []
        first: str | None = ""
        while first is not None and len(absent) < MAX_NAMED:
            marks = await self._log.read_marks(item, first=first, limit=_MARKS_PER_PAGE)
            absent += [mark.member for mark in marks if not presence.connections(mark.member)]
            first = next_text(marks[-1].member) if len(marks) == _MARKS_PER_PAGE else None
        return absent

    async def connections(self, item: str) -> Connections:
        """Describe every connection to the item's room, on all processes (W8)."""
        room = self._rooms.find(item)
        try:
            head = (await self._log.room_states([item]))[item].head
        except LogUnavailableError:
            if room is None:
                raise
            head = room.head
        return await self._cluster.find_connections(item, head)

    async def list_rooms(
        self, ranges: Sequence[Range], member: str, *, limit: int, before: str | None = None
    ) -> list[ItemSummary]:
        """List the rooms in these ranges, the latest first, each with the member's number of unread messages (W4).

        Args:
            ranges: Ranges of item ids, in ascending order.
            member: The id of the member whose unread messages are counted.
            limit: The maximum number of rooms.
            before: List only rooms that come after the room of this item; None: start with the latest room.

        Raises:
            ListRefusedError: Reading the list takes too long, or too many lists wait to be read.
            NoSuchRoomError: The item `before` has no entries.

        """
        return await self._log.list_rooms(ranges, member, limit=limit, before=before)

    async def count_unread(self, items: Sequence[str], member: str) -> list[UnreadCount]:
        """Return for each item the head of its room, and how many of its messages the member has not read (W10)."""
        return await self._log.count_unread([(item, member) for item in items])
