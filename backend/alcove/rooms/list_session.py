"""Apply the protocol of the list of rooms to one connection: decode lines, renew tokens, close (W10)."""

import time
from collections.abc import Iterator
from typing import Protocol

from msgspec import UNSET

from alcove.command_decoder import MalformedError, decode
from alcove.errors import Close, Code, Refusal
from alcove.limits import Budget
from alcove.observability.metrics import LIMITS, Metrics
from alcove.protocol import Access, Auth, Error, Line, Ping, Pong, encode, error_line
from alcove.rooms.input_pace import InputPace
from alcove.rooms.list_reader import ListReader
from alcove.wire.connection import Frame

#: Invalid lines in a row after which a connection is closed (F2).
_MAX_BAD_LINES = 10


class ListHost(Protocol):
    """The interface of the process that a session of the list calls; `ListConnections` implements it."""

    #: Counts refusals.
    metrics: Metrics

    def leave(self, session: "ListSession") -> None:
        """Remove the session from the list, after its connection closed."""
        ...

    def renew(self, session: "ListSession", token: str, wait_s: float) -> None:
        """Check a fresh token in `wait_s` seconds; the session's `renewed` or `refused` is called then (A4)."""
        ...


class ListSession:
    """The session of one connection to the list, which accepts `auth` and `ping` (a Receiver and a Revocable)."""

    __slots__ = ("_bad_lines", "_budget", "_closed", "_host", "_pace", "_renewing", "reader")

    def __init__(self, host: ListHost, reader: ListReader, budget: Budget) -> None:
        """Create the session.

        Args:
            host: The part of the process that the session calls.
            reader: The connection, and what waits to be sent on it.
            budget: How much input is processed in one turn of the event loop (L6).

        """
        self.reader = reader
        self._host = host
        self._budget = budget
        #: Invalid lines in a row.
        self._bad_lines = 0
        #: Whether a fresh token is being checked: no line is processed until the result.
        self._renewing = False
        self._pace = InputPace()
        self._closed = False

    def __repr__(self) -> str:
        return f"<ListSession {self.reader!r}>"

    # --- Receiver

    def on_text(self, data: str) -> Iterator[None] | None:
        """Process one frame of lines (F1).

        Returns:
            An iterator over the remaining work; each step processes one turn's worth (L6).

        """
        rest = self._process_lines(data)
        next(rest, None)
        return rest

    def on_binary(self, _data: bytes) -> None:
        """Close with 1003, because the protocol has text frames only (C)."""
        self.reader.connection.close(Close.NOT_TEXT, "alcove.v1 has text frames only")

    def on_close(self, code: int) -> None:
        """Leave the list, after the connection closed with `code`."""
        self._closed = True
        if code == Close.TOO_BIG:
            LIMITS.labels("frame").inc()
        self._host.leave(self)

    # --- credentials

    def renewed(self, expires_ms: int | None) -> None:
        """Confirm a fresh token with an `access` line, and continue with the lines after the `auth` (A4).

        The latest rooms that the token gives access to follow, and `ready`.
        """
        self._write(Access(["read"], expires_ms))
        self._resume()

    def refused(self, refusal: Refusal) -> None:
        """Send an `error` about a fresh token, and continue; the old token stays valid until it expires (A4)."""
        self._refuse(refusal)
        self._resume()

    def end(self, refusal: Refusal) -> None:
        """Send an `error` with the reason, then close the connection (Revocable)."""
        self._refuse(refusal)
        self._close(refusal.close_code, refusal.message)

    # --- lines

    def _process_lines(self, data: str) -> Iterator[None]:
        """Process the lines of a frame in steps; a step ends when the budget is used up, or at an `auth`."""
        start = 0
        while start <= len(data) and not self._closed:
            lines_left, stop = self._budget.frames, start + self._budget.size
            while lines_left and start < stop and start <= len(data) and not (self._renewing or self._closed):
                end = data.find("\n", start)
                end = len(data) if end < 0 else end
                self._process_line(data[start:end])
                start = end + 1
                lines_left -= 1
            yield

    def _process_line(self, line: str) -> None:
        """Decode and process one line; ignore blank ones."""
        if not line or line.isspace():
            return
        try:
            command = decode(line)
        except MalformedError as error:
            self._refuse_invalid(str(error), error.id)
            return
        match command:
            case Ping():
                self._write(Pong())
            case Auth():
                self._renew(command.token)
            case _:
                self._refuse_invalid("the list of rooms accepts `auth` and `ping` only", getattr(command, "id", None))
                return
        self._bad_lines = 0

    def _renew(self, token: str) -> None:
        """Start the check of a fresh token, and process no further lines until its result (A4, L6)."""
        self._renewing = True
        self.reader.connection.pause_reading()
        self._host.renew(self, token, self._pace.reserve_token_check(time.monotonic()))

    def _resume(self) -> None:
        """Continue with the lines after an `auth`."""
        self._renewing = False
        self.reader.connection.resume_reading()

    def _refuse_invalid(self, message: str, id: str | None) -> None:
        """Send an `error` for an invalid line, and close at the tenth in a row (F2)."""
        self._host.metrics.refusals.labels(Code.INVALID).inc()
        self._write(Error(Code.INVALID, message, UNSET if id is None else id))
        self._bad_lines += 1
        if self._bad_lines >= _MAX_BAD_LINES:
            self._close(Close.INVALID, f"{_MAX_BAD_LINES} bad lines in a row")

    def _refuse(self, refusal: Refusal) -> None:
        """Count the refusal, and send its `error` line."""
        self._host.metrics.refusals.labels(refusal.code).inc()
        self._write(error_line(refusal))

    def _close(self, code: Close, reason: str) -> None:
        """Close the connection, and ignore all further input."""
        self._closed = True
        self.reader.connection.close(code, reason)

    def _write(self, line: Line) -> None:
        """Encode the line and write it to the connection."""
        self.reader.connection.write(Frame(encode(line)))
