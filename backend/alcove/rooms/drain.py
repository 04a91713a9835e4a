"""Close all connections at shutdown: first commit accepted sends, then spread the clients' reconnects (Z1)."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Iterable

from alcove.errors import Close
from alcove.protocol import Bye, encode
from alcove.wire.connection import Connection, Frame


class Drain:
    """The shutdown of all connections: each gets a `bye` that contains its delay before reconnecting."""

    def __init__(
        self,
        *,
        drain_s: float,
        finish_sends: Callable[[], Awaitable[object]],
        connections: Callable[[], Iterable[Connection]],
    ) -> None:
        """Create a drain; `start` runs it.

        Args:
            drain_s: Maximum seconds to wait for `finish_sends`, and the seconds over which reconnects are spread.
            finish_sends: Waits until every accepted send is stored and acked.
            connections: Returns the connections to close.

        """
        self._drain_s = drain_s
        self._finish_sends = finish_sends
        self._connections = connections
        self._before_close: list[Callable[[], None]] = []
        self._task: asyncio.Task[None] | None = None
        #: The deadline for the commit, by the event loop's clock; None: not set yet.
        self._deadline: float | None = None

    def before_close(self, callback: Callable[[], None]) -> None:
        """Register a callback that runs after the commit and before the first connection is closed."""
        self._before_close.append(callback)

    def start(self) -> asyncio.Task[None]:
        """Start the drain at the first call. Return its task, which ends when every close frame is written."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        return self._task

    async def wait_for_commit(self) -> None:
        """Wait until no send waits for storage, but not beyond the deadline, which the first call sets."""
        now = asyncio.get_running_loop().time()
        if self._deadline is None:
            self._deadline = now + self._drain_s
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(self._deadline):
                await self._finish_sends()

    async def _run(self) -> None:
        """Wait for the commit, run the callbacks, then close the connections in random order."""
        await self.wait_for_commit()
        # The server stops listening here, before any connection closes, so that a proxy sends clients that reconnect
        # to another process.
        for callback in self._before_close:
            callback()
        connections = list(self._connections())
        random.shuffle(connections)
        for number, connection in enumerate(connections, 1):
            retry_ms = int(1000 * self._drain_s * number / len(connections))
            connection.write(Frame(encode(Bye("restart", retry_ms))))
            connection.close(Close.RESTART, "restart")
