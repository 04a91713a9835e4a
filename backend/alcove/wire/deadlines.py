"""Check the deadlines of all detached connections of a server with one timer."""

import asyncio
import logging
import math
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from alcove.errors import Close
from alcove.limits import Budget

logger = logging.getLogger(__name__)


class Deadlines(NamedTuple):
    """How long a connection waits for its peer, in seconds."""

    #: Silence after which the peer is pinged.
    ping_s: float
    #: Time to answer a ping; any data is an answer (P3).
    pong_s: float
    #: Time to send the rest of a frame that has begun.
    frame_s: float = 30.0
    #: Time to take what is buffered, answer a close frame, and close the peer's side.
    close_s: float = 5.0


class HasDeadlines(Protocol):
    """A connection whose deadlines the wheel checks."""

    #: The tick at which `check_deadlines` is called next. Only the wheel writes it.
    due: int

    def check_deadlines(self) -> float:
        """Ping, close or abort the connection if a deadline has passed; return the seconds until the next check."""
        ...

    def close(self, code: int, reason: str = "") -> None:
        """Send a close frame, and wait for the peer's."""
        ...

    def abort(self) -> None:
        """Drop the connection without a closing handshake."""
        ...


class DeadlineWheel:
    """A timing wheel: the open connections of a server, by the tick at which their deadlines are checked next.

    Traffic does not move a connection to another tick, only a check does. So thousands of idle connections cost no more
    than their pings.
    """

    def __init__(self, deadlines: Deadlines, budget: Budget) -> None:
        """Create an empty wheel.

        Args:
            deadlines: The deadlines of every connection.
            budget: The input of a connection to process in one turn of the event loop (L6).

        """
        self.deadlines = deadlines
        self.budget = budget
        #: The event loop's time at the last tick: cheaper to read than the clock, and exact enough for deadlines.
        self.now = 0.0
        #: Seconds between two ticks: short enough that a check is late by at most an eighth of a deadline.
        self._tick_s = min(1.0, *(seconds / 8 for seconds in deadlines))
        #: The number of the last tick.
        self._tick = 0
        self._by_tick: dict[int, set[HasDeadlines]] = {}
        self._timer: asyncio.TimerHandle | None = None
        #: Set when the last connection is lost; None unless `close_all` waits for that.
        self._empty: asyncio.Event | None = None

    def __len__(self) -> int:
        return sum(map(len, self._by_tick.values()))

    def __iter__(self) -> Iterator[HasDeadlines]:
        return iter([connection for connections in self._by_tick.values() for connection in connections])

    def __repr__(self) -> str:
        return f"<DeadlineWheel: {len(self)} connections, tick {self._tick} of {self._tick_s:g} s>"

    def add(self, connection: HasDeadlines) -> None:
        """Register a new connection, until `discard`; start the timer if this is the only connection."""
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self.now = loop.time()
            self._timer = loop.call_later(self._tick_s, self._on_tick, loop)
        self._insert(connection, self.deadlines.ping_s)

    def check_within(self, connection: HasDeadlines, seconds: float) -> None:
        """Make sure that the connection's next check comes within `seconds`."""
        if connection.due > self._tick_after(seconds):
            self._remove(connection)
            self._insert(connection, seconds)

    def discard(self, connection: HasDeadlines) -> None:
        """Remove a connection that is lost."""
        self._remove(connection)
        if not self._by_tick and self._empty is not None:
            self._empty.set()

    async def close_all(self, code: int = Close.RESTART, reason: str = "", *, within_s: float = 1.0) -> None:
        """Close every connection, and wait until all are lost.

        Args:
            code: The close code.
            reason: The reason in the close frame.
            within_s: Seconds after which connections that are still open are aborted.

        """
        for connection in self:
            connection.close(code, reason)
        if not await self._wait_until_empty(within_s):
            for connection in self:
                connection.abort()
            await self._wait_until_empty(within_s)

    async def _wait_until_empty(self, within_s: float) -> bool:
        """Wait up to `within_s` seconds for the last connection to be lost; return whether it was."""
        if not self._by_tick:
            return True
        self._empty = asyncio.Event()
        try:
            async with asyncio.timeout(within_s):
                await self._empty.wait()
        except TimeoutError:
            return False
        finally:
            self._empty = None
        return True

    def _tick_after(self, seconds: float) -> int:
        """Return the number of the tick that comes `seconds` from now, at least the next one."""
        return self._tick + max(1, math.ceil(seconds / self._tick_s))

    def _insert(self, connection: HasDeadlines, seconds: float) -> None:
        """Schedule the connection's check in `seconds`."""
        connection.due = tick = self._tick_after(seconds)
        self._by_tick.setdefault(tick, set()).add(connection)

    def _remove(self, connection: HasDeadlines) -> None:
        """Remove the connection from its tick; do nothing if it is not there."""
        connections = self._by_tick.get(connection.due)
        if connections is not None:
            connections.discard(connection)
            if not connections:
                del self._by_tick[connection.due]

    def _on_tick(self, loop: asyncio.AbstractEventLoop) -> None:
        """Check the connections of this tick, schedule their next checks, and set the timer again."""
        self.now = loop.time()
        self._tick += 1
        for connection in tuple(self._by_tick.get(self._tick, ())):
            try:
                seconds = connection.check_deadlines()
            except Exception:
                logger.exception("checking the deadlines of a connection failed; the connection is aborted")
                connection.abort()
                seconds = self.deadlines.close_s
            if connection.due == self._tick:
                self._remove(connection)
                self._insert(connection, seconds)
        self._timer = loop.call_later(self._tick_s, self._on_tick, loop) if self._by_tick else None
