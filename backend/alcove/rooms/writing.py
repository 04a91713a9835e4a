"""Write into rooms without a connection: entries and read marks; delete rooms (S, P5, W2, W11, S14).

The HTTP routes and the library call this module, after they have checked that the caller may write.
"""

from typing import Annotated, NamedTuple
from uuid import uuid4

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from alcove.clock import now_ms
from alcove.command_decoder import body_problem
from alcove.errors import Close, Code, Refusal
from alcove.protocol import Entry, Limits, Person, raw
from alcove.rooms.directory import RoomDirectory
from alcove.rooms.room_changes import RoomChanges
from alcove.rooms.sends import StoreDraft, overloaded_refusal, too_large_text
from alcove.storage.base import Appended, Draft, Log, Refused
from alcove.storage.committer import QueueFullError


class EventBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of an event: `text` for people, and optionally `data` for programs (S14)."""

    text: Annotated[str, Meta(min_length=1)]
    data: Raw | UnsetType = UNSET


class WriteResult(NamedTuple):
    """The result of a call that stores an entry."""

    #: The stored entry.
    entry: Entry
    #: Whether an earlier call with the same id had stored the entry (S5).
    duplicate: bool


class RoomWriter:
    """A writer for members without a connection; each call returns when its effect is durable.

    Without an `id` a call generates one; with one it may be repeated, and stores the entry once (S5). Every method
    raises LogUnavailableError if storage does not answer (S7); those that store an entry raise Refusal: `too_large`
    (L1), `overloaded` (L4), `invalid` or `forbidden` (S8).
    """

    def __init__(self, log: Log, store: StoreDraft, limits: Limits, rooms: RoomDirectory, changes: RoomChanges) -> None:
        """Create the writer.

        Args:
            log: The log of all rooms.
            store: Appends a draft to the log.
            limits: The limits of bodies (L1).
            rooms: The rooms of this process.
            changes: Notifies the list of rooms.

        """
        self._log = log
        self._store = store
        self._limits = limits
        self._rooms = rooms
        self._changes = changes

    async def send(self, item: str, body: Raw, by: Person, *, id: str | None = None) -> WriteResult:
        """Store a message by `by` as the room's next entry; `body` is JSON."""
        return await self._write(Draft(item, "message", id or uuid4().hex, by, now_ms(), self._check_body(body)))

    async def send_event(self, item: str, body: EventBody, by: Person, *, id: str | None = None) -> WriteResult:
        """Store an event of the application, written by `by`, as the room's next entry (S14)."""
        data = {} if body.data is UNSET else {"data": body.data}
        checked = self._check_body(raw({"text": body.text, **data}))
        return await self._write(Draft(item, "event", id or uuid4().hex, by, now_ms(), checked))

    async def edit(
        self, item: str, target: int, body: Raw, by: Person, *, moderate: bool = False, id: str | None = None
    ) -> WriteResult:
        """Store an edit, which replaces the body of the message `target`.

        `moderate`: whether `by` may edit messages of other members, too (S8).
        """
        checked = self._check_body(body)
        return await self._write(Draft(item, "edit", id or uuid4().hex, by, now_ms(), checked, target, moderate))

    async def delete(
        self, item: str, target: int, by: Person, *, moderate: bool = False, id: str | None = None
    ) -> WriteResult:
        """Store a delete, which erases the body of the message `target`.

        `moderate`: whether `by` may delete messages of other members, too (S8).
        """
        return await self._write(Draft(item, "delete", id or uuid4().hex, by, now_ms(), None, target, moderate))

    async def mark_read(self, item: str, member: str, seq: int) -> int:
        """Move a member's read mark forward, at most to the head; return the resulting mark (P5, W11)."""
        return await self._rooms.move_read_mark(item, member, seq)

    async def delete_room(self, item: str) -> None:
        """Delete the item's room with all its data, and close its connections on all processes (W11)."""
        await self._rooms.delete(item)
        self._changes.room_deleted(item)
        await self._log.remove_deleted()

    def _check_body(self, body: Raw) -> Raw:
        """Reformat the body as one line, which the wire requires, and check its size and its numbers.

        Raises Refusal if the body is too large (L1) or invalid (S6).
        """
        body = Raw(msgspec.json.format(body, indent=-1))
        if (size := len(body)) > self._limits.body_bytes:
            raise Refusal(Code.TOO_LARGE, Close.TOO_BIG, too_large_text(self._limits, size))
        if (problem := body_problem(body)) is not None:
            raise Refusal(Code.INVALID, Close.INVALID, problem)
        return body

    async def _write(self, draft: Draft) -> WriteResult:
        """Store a draft, and return its entry. Raises Refusal if the log refuses it, or too many sends wait."""
        try:
            outcome = await self._store(draft)
        except QueueFullError as error:
            raise overloaded_refusal(error) from None
        match outcome:
            case Appended():
                return WriteResult(outcome.entry, outcome.duplicate)
            case Refused(code="forbidden"):
                raise Refusal(Code.FORBIDDEN, Close.FORBIDDEN, outcome.message)
            case Refused():
                raise Refusal(Code.INVALID, Close.INVALID, outcome.message)
