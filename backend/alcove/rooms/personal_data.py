"""Export rooms and members as NDJSON, and erase the data of a member (W14)."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256

from alcove.cluster.cluster import Cluster
from alcove.cluster.messages import ERASURES, ClusterMessage, MemberErased
from alcove.item_ranges import next_text
from alcove.protocol import Line, Person, encode
from alcove.rooms.directory import RoomDirectory
from alcove.rooms.writing import RoomWriter
from alcove.storage.base import Log, RoomReadMark

#: Maximum number of entries or read marks in one page that is read from the log.
_PAGE_ROWS = 500
#: Maximum number of deletions that wait for storage at a time.
_CONCURRENT_DELETIONS = 200
#: Maximum number of rooms in one message about the erasure of a member.
_ROOMS_PER_MESSAGE = 200


class RoomHeader(Line, tag="room", frozen=True):
    """The first line about a room, in its own export or in the export of a member."""

    item: str
    #: The id of the room's history (R5).
    log: str
    #: The seq of the last entry.
    head: int
    #: The seq of the first entry that the log keeps.
    oldest: int


class ExportedMark(Line, tag="read", frozen=True):
    """A read mark in an export (P5)."""

    #: The id of the member.
    by: str
    #: The seq of the last entry that the member has read.
    seq: int


class ErasureProgress(Line, tag="progress", frozen=True):
    """How many of a member's rooms are done, and messages deleted by this call; `done`: the member is erased."""

    #: The number of rooms that are done.
    rooms: int
    #: The number of all rooms of the member.
    of: int
    #: The number of messages that this call has deleted.
    messages: int
    #: Whether the member is erased.
    done: bool = False


class PersonalData:
    """The export of rooms and members, and the erasure of members.

    Every method raises LogUnavailableError if storage does not answer.
    """

    def __init__(self, log: Log, writer: RoomWriter, rooms: RoomDirectory, cluster: Cluster) -> None:
        """Subscribe to the erasures of other processes.

        Args:
            log: The log to read and erase.
            writer: Deletes messages.
            rooms: The rooms of this process, which drop erased entries from memory.
            cluster: Announces erasures to the other processes.

        """
        self._log = log
        self._writer = writer
        self._rooms = rooms
        self._cluster = cluster
        cluster.subscribe(ERASURES, self._receive)

    async def export_room(self, item: str) -> AsyncIterator[bytes]:
        """Yield the lines of a room: `room`, each `entry` with its current body, and each `read` mark."""
        yield await self._header_line(item)
        after = 0
        while entries := (await self._log.read(item, after=after, limit=_PAGE_ROWS)).entries:
            yield b"".join(encode(entry) + b"\n" for entry in entries)
            after = entries[-1].seq
        first = ""
        while marks := await self._log.read_marks(item, first=first, limit=_PAGE_ROWS):
            yield b"".join(map(_mark_line, marks))
            first = next_text(marks[-1].member)

    async def export_member(self, member: str) -> AsyncIterator[bytes]:
        """Yield the lines of a member: for each room `room`, each `entry` that they wrote, and their `read` mark."""
        for item in await self._log.rooms_of_member(member):
            yield await self._header_line(item)
            after = 0
            while entries := await self._log.entries_of_member(item, member, after=after, limit=_PAGE_ROWS):
                yield b"".join(encode(entry) + b"\n" for entry in entries)
                after = entries[-1].seq
            for mark in await self._log.read_marks(item, first=member, limit=1):
                if mark.member == member:
                    yield _mark_line(mark)

    async def erase_member(self, member: str, by: Person) -> None:
        """Delete the member's messages in every room, then erase their name, picture, role, events and read marks.

        A call that failed may be repeated.

        Args:
            member: The member's id.
            by: The author of the `delete` entries, which tell clients of the deletion.

        Raises:
            Refusal: Too many sends wait for storage.
            LogUnavailableError: Storage does not answer.

        """
        async for _ in self.erase_in_steps(member, by):
            pass

    async def erase_in_steps(self, member: str, by: Person) -> AsyncIterator[ErasureProgress]:
        """Erase a member as `erase_member` does, and yield the progress after each step; the last one is `done`."""
        items = await self._log.rooms_of_member(member)
        deleted = 0
        for done_rooms, item in enumerate(items):
            yield ErasureProgress(done_rooms, len(items), deleted)
            after = 0
            while entries := await self._log.entries_of_member(item, member, after=after, limit=_CONCURRENT_DELETIONS):
                after = entries[-1].seq
                messages = [entry.seq for entry in entries if entry.kind == "message" and not entry.deleted]
                await asyncio.gather(
                    *(
                        self._writer.delete(item, seq, by, moderate=True, id=_deletion_id(member, seq))
                        for seq in messages
                    )
                )
                deleted += len(messages)
                yield ErasureProgress(done_rooms, len(items), deleted)
        await self._log.erase_member(items, member)
        for start in range(0, len(items), _ROOMS_PER_MESSAGE):
            message = MemberErased(items[start : start + _ROOMS_PER_MESSAGE])
            self._receive(message)
            self._cluster.publish(ERASURES, message)
        yield ErasureProgress(len(items), len(items), deleted, done=True)

    def _receive(self, message: ClusterMessage) -> None:
        """Drop the entries in memory of rooms from which data was erased: the log has the current ones (Handler)."""
        for item in message.items if isinstance(message, MemberErased) else ():
            if (room := self._rooms.find(item)) is not None:
                room.forget_tail()

    async def _header_line(self, item: str) -> bytes:
        """Read the state of a room, and encode it as the first line of an export."""
        state = (await self._log.room_states([item]))[item]
        return encode(RoomHeader(item, state.log, state.head, state.oldest)) + b"\n"


def _mark_line(mark: RoomReadMark) -> bytes:
    """Encode a read mark as a line of an export."""
    return encode(ExportedMark(mark.member, mark.seq)) + b"\n"


def _deletion_id(member: str, seq: int) -> str:
    """Derive the id of the entry that deletes a message, so that a repeated call stores the entry once (S5)."""
    return sha256(f"erase {seq} {member}".encode()).hexdigest()
