"""The detached connections of a process, and one timer for all their deadlines."""

import asyncio
import logging
import math
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from alcove.errors import Close
from alcove.limits import Budget

_log = logging.getLogger(__name__)


class Deadlines(NamedTuple):
    """How long a peer is waited for, in seconds."""

    #: Silence after which it is pinged.
    ping_s: float = 20.0
    #: To answer a ping: with anything (P3).
    pong_s: float = 20.0
    #: To send the rest of a frame that it began.
    frame_s: float = 30.0
    #: To take what is buffered, answer a close frame, and close its side.
    close_s: float = 5.0


class Watched(Protocol):
    """A connection, as the registry sees it."""

    #: The tick at which it is looked at next; the registry's own note.
    due: int

    def look(self) -> float:
        """Do what is due; return the seconds until the next look."""
        ...

    def close(self, code: int, reason: str = "") -> None:
        """Begin the closing handshake."""
        ...

    def abort(self) -> None:
        """Cut the connection off."""
        ...


class Registry:
    """Every open connection, filed under the tick at which something of it falls due.

    A connection is filed once, whatever goes over it, and looked at only when due: thousands of idle ones cost what
    their pings cost. `now` is the event loop's clock as of the last tick: cheap to note, and exact enough.
    """

    def __init__(self, deadlines: Deadlines = Deadlines(), budget: Budget = Budget()) -> None:  # noqa: B008 - tuples: they cannot change
        self.deadlines = deadlines
        self.budget = budget
        self.now = 0.0
        self._tick_s = min(1.0, *(seconds / 8 for seconds in deadlines))
        self._tick = 0
        self._due: dict[int, set[Watched]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._empty: asyncio.Event | None = None

    def __len__(self) -> int:
        return sum(map(len, self._due.values()))

    def __iter__(self) -> Iterator[Watched]:
        return iter([connection for due in self._due.values() for connection in due])

    def add(self, connection: Watched) -> None:
        """Take a new connection; `discard` it when it is lost. The clock runs while there is one."""
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self.now = loop.time()
            self._timer = loop.call_later(self._tick_s, self._on_tick, loop)
        self._file(connection, self.deadlines.ping_s)

    def within(self, connection: Watched, seconds: float) -> None:
        """Look at the connection in `seconds` at the latest."""
        if connection.due > self._tick_in(seconds):
            self._unfile(connection)
            self._file(connection, seconds)

    def discard(self, connection: Watched) -> None:
        """Forget a connection that is lost."""
        self._unfile(connection)
        if not self._due and self._empty is not None:
            self._empty.set()

    async def close_all(self, code: int = Close.RESTART, reason: str = "", *, within_s: float = 1.0) -> None:
        """Close every connection and wait until all are gone; who has not answered `within_s` seconds is cut off."""
        for connection in self:
            connection.close(code, reason)
        if not await self._emptied(within_s):
            for connection in self:
                connection.abort()
            await self._emptied(within_s)

    async def _emptied(self, within_s: float) -> bool:
        if not self._due:
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

    def _tick_in(self, seconds: float) -> int:
        return self._tick + max(1, math.ceil(seconds / self._tick_s))

    def _file(self, connection: Watched, seconds: float) -> None:
        connection.due = tick = self._tick_in(seconds)
        self._due.setdefault(tick, set()).add(connection)

    def _unfile(self, connection: Watched) -> None:
        filed = self._due.get(connection.due)
        if filed is not None:
            filed.discard(connection)
            if not filed:
                del self._due[connection.due]

    def _on_tick(self, loop: asyncio.AbstractEventLoop) -> None:
        self.now = loop.time()
        self._tick += 1
        for connection in tuple(self._due.get(self._tick, ())):
            try:
                seconds = connection.look()
            except Exception:  # noqa: BLE001 - whatever it is, it must cost one connection and not everyone's deadlines
                _log.exception("a connection failed when it was looked at; it is cut off")
                connection.abort()
                seconds = self.deadlines.close_s
            if connection.due == self._tick:
                self._unfile(connection)
                self._file(connection, seconds)
        self._timer = loop.call_later(self._tick_s, self._on_tick, loop) if self._due else None
