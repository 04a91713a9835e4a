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
    #: To answer a ping, with any data (P3).
    pong_s: float
    #: To send the rest of a frame that it began.
    frame_s: float = 30.0
    #: To take what is buffered, answer a close frame and close its side.
    close_s: float = 5.0


class HasDeadlines(Protocol):
    """The interface of a connection to the wheel."""

    #: The tick at which `check_deadlines` is called next. Written by the wheel alone.
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
    """The open connections of a server by the tick at which their next deadline is checked: a timing wheel.

    Traffic does not move a connection in the wheel, only a check does, so thousands of idle connections cost no more
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
        #: The event loop's clock at the last tick: cheap to read, and exact enough for deadlines.
        self.now = 0.0
        self._tick_s = min(1.0, *(seconds / 8 for seconds in deadlines))
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
        """Register a new connection until it is discarded; start the timer if this is the first one."""
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self.now = loop.time()
            self._timer = loop.call_later(self._tick_s, self._on_tick, loop)
        self._insert(connection, self.deadlines.ping_s)

    def check_within(self, connection: HasDeadlines, seconds: float) -> None:
        """Move the connection's next check forward, so that it comes after `seconds` at the latest."""
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
