"""Apply the room protocol to one connection: lines in, lines out. No I/O, no event loop, no clock."""

from collections.abc import Callable, Iterator
from typing import Literal

from msgspec import UNSET

from alcove.command_decoder import MalformedError, body_problem, decode
from alcove.errors import Close, Code, Refusal
from alcove.limits import Budget
from alcove.observability.metrics import LIMITS
from alcove.protocol import (
    Access,
    Auth,
    Delete,
    Edit,
    Error,
    Limits,
    Member,
    Ping,
    Pong,
    Read,
    Send,
    Typing,
    encode,
    error_line,
)
from alcove.rate_limits import ExcessDetector
from alcove.rooms.admission import RETRY_MS, ConnectionSlot
from alcove.rooms.cursor import Cursor
from alcove.rooms.input_pace import InputPace
from alcove.rooms.outcome_lines import OutcomeWriter
from alcove.rooms.room import Room
from alcove.rooms.sends import rate_exceeded_text, too_large_text
from alcove.rooms.session_host import SessionHost
from alcove.storage.base import Draft
from alcove.storage.committer import QueueFullError
from alcove.wire.connection import Frame

#: Invalid lines in a row after which a connection is closed (F2).
_MAX_BAD_LINES = 10
_KINDS: dict[type[Send | Edit | Delete], Literal["message", "edit", "delete"]] = {
    Send: "message",
    Edit: "edit",
    Delete: "delete",
}
_PONG = encode(Pong())


class Session:
    """The room protocol on one member's connection (a Receiver and a Revocable)."""

    __slots__ = (
        "_bad_lines",
        "_budget",
        "_clock",
        "_ended",
        "_excess",
        "_host",
        "_limits",
        "_outcomes",
        "_pace",
        "_paused",
        "_replies",
        "_slot",
        "cursor",
        "room",
    )

    def __init__(
        self,
        host: SessionHost,
        room: Room,
        cursor: Cursor,
        slot: ConnectionSlot,
        *,
        limits: Limits,
        clock: Callable[[], float],
        budget: Budget = Budget(),  # noqa: B008 - a tuple: it cannot change
    ) -> None:
        self.room = room
        self.cursor = cursor
        self._host = host
        self._slot = slot
        self._limits = limits
        self._clock = clock
        self._budget = budget
        self._excess: ExcessDetector | None = None
        self._bad_lines = 0
        self._paused = False
        self._pace: InputPace | None = None  # most connections need none
        self._replies: list[bytes] | None = None  # None: answers are sent at once
        self._outcomes = OutcomeWriter(cursor.connection, host.metrics)
        self._ended = False

    def __repr__(self) -> str:
        return f"<Session of {self.cursor.member.person.id!r} in {self.room.item!r}{' closed' if self._ended else ''}>"

    # --- Receiver

    def on_text(self, data: str) -> Iterator[None] | None:
        """Process one frame of one or more lines, each independent of the others (F1).

        Returns an iterator over the remaining lines; each step does the work of one turn of the event loop (L6).
        """
        if self._ended:
            return None
        if "\n" not in data:
            self._process_line(data)
            return None
        rest = self._process_lines(data)
        next(rest, None)
        return rest

    def on_binary(self, _data: bytes) -> None:
        """Close the connection with 1003, because the protocol has no binary frames (C)."""
        self.cursor.connection.close(Close.NOT_TEXT, "alcove.v1 has text frames only")

    def on_close(self, code: int) -> None:
        """Leave the room, after the connection closed with `code`."""
        self._ended = True
        if code == Close.TOO_BIG:
            LIMITS.labels("frame").inc()
        self._slot.release()
        self._host.leave(self)

    # --- credentials

    def renewed(self, member: Member) -> None:
        """Apply the rights and the expiry of a fresh token, and confirm it with an `access` line (A4)."""
        self.cursor.member = member
        if "read" not in member.can:
            self.end(Refusal(Code.FORBIDDEN, Close.FORBIDDEN, f"this requires the right to read {self.room.item}"))
            return
        self._write(encode(Access(sorted(member.can), member.expires_ms)))
        self._resume()

    def refused(self, refusal: Refusal) -> None:
        """Send an `error` about a fresh token; the old token stays valid until it expires (A4)."""
        self._refuse_credential(refusal)
        self._resume()

    def end(self, refusal: Refusal) -> None:
        """Send an `error` with the reason, then close the connection (Revocable)."""
        self._refuse_credential(refusal)
        self._close(refusal.close_code, refusal.message)

    # --- lines

    def _process_lines(self, data: str) -> Iterator[None]:
        """Process the lines of a frame in steps; a step ends when the budget is used up, or when the session is paused.

        The answers of a step are sent in one frame.
        """
        start = 0
        while start <= len(data) and not self._ended:
            lines_left, stop = self._budget.frames, start + self._budget.size
            self._replies = replies = list[bytes]()
            while lines_left and start < stop and start <= len(data) and not self._paused:
                end = data.find("\n", start)
                if end < 0:
                    end = len(data)
                self._process_line(data[start:end])
                start = end + 1
                lines_left -= 1
            self._replies = None
            if replies:
                self.cursor.connection.write(Frame(b"\n".join(replies)))
            yield

    def _process_line(self, line: str) -> None:
        """Decode and process one line; ignore blank lines, and all lines after the end."""
        # Checked first: a frame may have very many empty lines, and an exception for each would block the event loop.
        if self._ended or not line or line.isspace():
            return
        try:
            command = decode(line)
        except MalformedError as error:
            self._refuse_invalid(str(error), error.id)
            return
        match command:
            case Send() | Edit() | Delete():
                self._send(command)
            case Typing():
                if "write" in self.cursor.member.can:
                    self.room.record_typing(self.cursor.member.person, self._clock())
                else:
                    self._forbid(None)
            case Read():
                self.room.record_read(self.cursor.member.person.id, command.seq)
            case Ping():
                self._write(_PONG)
            case Auth():
                self._renew(command.token)
        self._bad_lines = 0

    def _renew(self, token: str) -> None:
        """Start the check of a fresh token, and process no further lines until its result (A4, L6)."""
        self._pause()
        self._pace = self._pace or InputPace()
        self._host.renew(self, token, self._pace.reserve_token_check(self._clock()))

    def _pause(self) -> None:
        """Process no further lines until `_resume`."""
        self._paused = True
        self.cursor.connection.pause_reading()

    def _resume(self) -> None:
        """Process further lines after `_pause`."""
        self._paused = False
        self.cursor.connection.resume_reading()

    def _send(self, command: Send | Edit | Delete) -> None:
        """Check rights, size, rate and body of a send, then submit its draft without waiting for the outcome."""
        member = self.cursor.member
        if "write" not in member.can:
            self._forbid(command.id)
            return
        body = None
        if not isinstance(command, Delete):
            # A copy, because the decoded body refers to its line, which may be far larger, and keeps it in memory.
            body = command.body.copy()
            if (size := len(body)) > self._limits.body_bytes:
                self._refuse_large(size, command.id)
                return
        if retry_ms := self._host.take_send(member.person.id, self.room.item):
            self._refuse_rate(retry_ms, command.id)
            return
        if body is not None and (problem := body_problem(body)) is not None:
            self._refuse(Code.INVALID, problem, command.id)
            return
        draft = Draft(
            self.room.item,
            _KINDS[type(command)],
            command.id,
            member.person,
            self._host.now_ms(),
            body,
            None if isinstance(command, Send) else command.target,
            "moderate" in member.can,
        )
        try:
            self._host.submit(draft, self._outcomes)
        except QueueFullError as error:
            self._refuse(Code.OVERLOADED, str(error), command.id, RETRY_MS)

    def _refuse_large(self, size: int, id: str) -> None:
        """Refuse a body that is too large (L1)."""
        self._refuse(Code.TOO_LARGE, too_large_text(self._limits, size), id)

    def _refuse_rate(self, retry_ms: int, id: str) -> None:
        """Refuse a send beyond the rate, and close a client that ignores `retry_ms` (L2)."""
        self._refuse(Code.RATE_LIMITED, rate_exceeded_text(self._limits), id, retry_ms)
        if self._excess is None:
            self._excess = ExcessDetector()
        if self._excess.record_refusal(self._clock(), retry_ms):
            self._close(Close.TOO_MANY, "too many sends for too long")

    def _forbid(self, id: str | None) -> None:
        """Refuse a line that requires the right to write."""
        self._refuse(Code.FORBIDDEN, f"this requires the right to write {self.room.item}", id)

    # --- answers

    def _refuse_invalid(self, message: str, id: str | None) -> None:
        """Send an `error` for an invalid line, and close at the tenth in a row (F2)."""
        self._refuse(Code.INVALID, message, id)
        self._bad_lines += 1
        if self._bad_lines >= _MAX_BAD_LINES:
            self._close(Close.INVALID, f"{_MAX_BAD_LINES} bad lines in a row")

    def _close(self, code: Close, reason: str) -> None:
        """Send the pending answers and close the connection; ignore all further input."""
        self._ended = True
        if self._replies:
            self.cursor.connection.write(Frame(b"\n".join(self._replies)))
            self._replies.clear()
        self.cursor.connection.close(code, reason)

    def _refuse(self, code: Code, message: str, id: str | None, retry_ms: int | None = None) -> None:
        """Count the refusal, and send its `error` line; after many refusals, pause the session for a moment (L6)."""
        self._host.metrics.refusals.labels(code).inc()
        self._pace = self._pace or InputPace()
        if wait_s := self._pace.record_refused_line():
            self._pause()
            self._host.call_later(wait_s, self._resume)
        self._write(encode(Error(code, message, UNSET if id is None else id, UNSET if retry_ms is None else retry_ms)))

    def _refuse_credential(self, refusal: Refusal) -> None:
        """Count the refusal of a credential, and send its `error` line."""
        self._host.metrics.refusals.labels(refusal.code).inc()
        self._write(encode(error_line(refusal)))

    def _write(self, line: bytes) -> None:
        """Send a line at once, or with the other answers of the current step of `_process_lines`."""
        if self._replies is None:
            self.cursor.connection.write(Frame(line))
        else:
            self._replies.append(line)
