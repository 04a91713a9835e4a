"""Lock a PostgreSQL log: exclusively without a network bus, shared with one (X7)."""

import asyncio
import contextlib
import logging
from typing import Any, Self

import asyncpg  # type: ignore[import-untyped] # it ships no types

from alcove import background
from alcove.descriptors import reserve
from alcove.postgres_driver import connect_options
from alcove.storage.base import LockMode, LogUnusableError

logger = logging.getLogger(__name__)

#: "Alcx": the key of the advisory lock. Keys are separate in each database, and a database has one log.
_LOCK_KEY = 0x416C6378
#: Seconds that a starting process waits for the lock: a reload starts the new process while the old one is stopping.
_WAIT_S = 5.0
#: Seconds that connecting may take.
_CONNECT_S = 5.0
#: Seconds between two checks that the connection still answers.
_CHECK_INTERVAL_S = 10.0
#: Seconds between two attempts to take a lost lock again.
_RETRY_S = 0.2
#: With these settings PostgreSQL ends the session of an unreachable machine, and releases its lock, in ten seconds.
_KEEPALIVE = "SET tcp_keepalives_idle = 4; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3"
_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
_ADVICE = "stop it first, or set ALCOVE_BUS_URL=redis://… or postgresql://… for every process"
#: Why the lock in a mode cannot be taken, for the operator.
_LOCKED_MESSAGES: dict[LockMode, str] = {
    "exclusive": f"another Alcove process uses this log, which requires a bus that both share: {_ADVICE}",
    "shared": f"an Alcove process with ALCOVE_BUS_URL=memory:// uses this log: {_ADVICE}",
}


class PostgresLock:
    """Holds an advisory lock on its own connection, and takes it again whenever that connection is lost."""

    def __init__(self, url: str, name: str, lock_mode: LockMode) -> None:
        """Store the arguments of `take`; the lock is not taken yet."""
        self._url = url
        self._name = name
        self._lock_mode = lock_mode
        self._connection: Any = None
        self._acquired = asyncio.Event()
        #: Set when the present connection ends.
        self._lost = asyncio.Event()
        #: The task that takes a lost lock again.
        self._keeper: asyncio.Task[None] | None = None

    @property
    def held(self) -> bool:
        """Whether this process has the lock.

        If not, another process may use the log, so it must not be read or written.
        """
        return self._acquired.is_set()

    @classmethod
    async def take(cls, url: str, name: str, lock_mode: LockMode) -> Self:
        """Take the lock, waiting up to five seconds for a process that is stopping, and keep it until `close`.

        Args:
            url: The address of the database.
            name: The database's name in messages, without credentials.
            lock_mode: `shared` if other processes may have the lock at the same time.

        Raises:
            LogUnusableError: Another process holds the lock in a conflicting mode.
            asyncpg.PostgresError: The lock's connection failed; this may also be another error of `_ERRORS`.

        """
        lock = cls(url, name, lock_mode)
        try:
            await lock._acquire(_WAIT_S)
        finally:
            if not lock.held:
                lock._disconnect()
        if not lock.held:
            raise LogUnusableError(_LOCKED_MESSAGES[lock_mode])
        lock._keeper = asyncio.create_task(lock._keep_locked())
        return lock

    async def close(self) -> None:
        """Release the lock and close its connection."""
        await background.cancel(self._keeper)
        connection, self._connection = self._connection, None
        self._acquired.clear()
        if connection is not None:
            # Waits for the server, so that the next process finds the lock free.
            with contextlib.suppress(*_ERRORS):
                await connection.close(timeout=_CONNECT_S)

    async def _acquire(self, wait_s: float) -> None:
        """Connect, and take the lock (`held`) if it becomes free within `wait_s` seconds.

        Raises one of `_ERRORS` if the connection fails.
        """
        self._lost = lost = asyncio.Event()
        options = connect_options(self._url, "alcove lock", "primary")
        with reserve.lend():
            self._connection = connection = await asyncpg.connect(
                self._url, timeout=_CONNECT_S, command_timeout=wait_s + _CONNECT_S, **options
            )

        def on_terminated(_: object) -> None:
            lost.set()
            if lost is self._lost:
                self._acquired.clear()

        connection.add_termination_listener(on_terminated)
        await self._check_primary()
        await connection.execute(_KEEPALIVE)
        await connection.execute("SELECT set_config('lock_timeout', $1, false)", f"{max(1, int(wait_s * 1000))}ms")
        function = "pg_advisory_lock" if self._lock_mode == "exclusive" else "pg_advisory_lock_shared"
        with contextlib.suppress(asyncpg.LockNotAvailableError):
            await connection.execute(f"SELECT {function}($1)", _LOCK_KEY)
            self._acquired.set()

    async def _check_primary(self) -> None:
        """Check that the server is not a standby, whose locks are invisible to processes on the primary.

        Raises:
            ConnectionError: The server is a standby.

        """
        if await self._connection.fetchval("SELECT pg_is_in_recovery()", timeout=_CONNECT_S):
            raise ConnectionError("the database is a standby")

    async def _keep_locked(self) -> None:
        """Take the lock again whenever its connection is lost, until cancelled."""
        while True:
            await self._wait_lost()
            self._acquired.clear()
            self._disconnect()
            logger.warning("%s: the connection that locks this log was lost; taking the lock again", self._name)
            await self._reacquire()

    async def _wait_lost(self) -> None:
        """Wait until the connection ends or fails the check, which runs every ten seconds."""
        while not self._lost.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CHECK_INTERVAL_S):
                    await self._lost.wait()
                    return
            try:
                await self._check_primary()
            except _ERRORS:
                return

    async def _reacquire(self) -> None:
        """Try to take the lock until it is held; log an error once if another process has it."""
        reported = False
        while not self.held:
            # An unreachable database is not logged here, as every read and write reports it.
            with contextlib.suppress(*_ERRORS):
                await self._acquire(_RETRY_S)
                if not self.held and not reported:
                    reported = True
                    logger.error(
                        "%s: nothing is read or written here: %s", self._name, _LOCKED_MESSAGES[self._lock_mode]
                    )
            if not self.held:
                self._disconnect()
                await asyncio.sleep(_RETRY_S)

    def _disconnect(self) -> None:
        """Drop the connection without waiting for the server."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()
