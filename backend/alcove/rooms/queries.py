"""Answer questions about rooms that need no connection (W1, W4, W8, W10, W11)."""

from collections.abc import Sequence

from alcove.cluster.cluster import Cluster
from alcove.cluster.connections import Connections
from alcove.item_ranges import Range
from alcove.protocol import Person
from alcove.rooms.directory import RoomDirectory
from alcove.storage.base import ItemSummary, Log, LogUnavailableError, Page, UnreadCount


class RoomQueries:
    """Reads entries, members, connections and lists of rooms; every method raises LogUnavailableError.

    Callers check before who may read what.
    """

    def __init__(self, log: Log, rooms: RoomDirectory, cluster: Cluster) -> None:
        self._log = log
        self._rooms = rooms
        self._cluster = cluster

    async def read(self, item: str, *, before: int | None, after: int | None, limit: int) -> Page:
        """Return entries of the item's log in ascending order: after `after`, else the last before `before` (W1).

        Args:
            item: The item's id.
            before: An exclusive bound (seq), without `after`; None: the latest entries.
            after: An exclusive bound (seq).
            limit: Maximum number of entries.

        """
        return await self._log.read(item, before=before, after=after, limit=limit)

    async def members(self, item: str) -> tuple[list[Person], int]:
        """Return up to 100 members of the item's room, on all processes, and their number (W11)."""
        async with self._rooms.opened(item) as room:
            return room.presence.named(), len(room.presence)

    async def connections(self, item: str) -> Connections:
        """Return the connections to the item's room, on all processes (W8)."""
        room = self._rooms.find(item)
        try:
            head = (await self._log.room_states([item]))[item].head
        except LogUnavailableError:
            if room is None:
                raise
            head = room.head
        return await self._cluster.inspect(item, head)

    async def list_rooms(
        self, ranges: Sequence[Range], member: str, *, limit: int, before: str | None = None
    ) -> list[ItemSummary]:
        """Return the rooms in these ranges, the latest first, with what the member has not read (W4).

        Args:
            ranges: In order.
            member: Whose unread messages are counted.
            limit: Maximum number of rooms.
            before: Return rooms that follow this item's room in the list; None: from the latest on.

        Raises:
            ListRefusedError: The list takes too long, or too many others wait.
            NoSuchRoomError: The item `before` has no entries.

        """
        return await self._log.list_rooms(ranges, member, limit=limit, before=before)

    async def count_unread(self, items: Sequence[str], member: str) -> list[UnreadCount]:
        """Return head and unread messages of each item (W10)."""
        return await self._log.count_unread([(item, member) for item in items])
