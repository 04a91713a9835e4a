"""The lock that a server holds on its PostgreSQL log: alone without a bus, shared with one (X7)."""

import asyncio
import contextlib
import logging
from typing import Any, Self

import asyncpg  # type: ignore[import-untyped] # it ships no types

from alcove import background
from alcove.descriptors import reserve
from alcove.postgres_driver import connect_options
from alcove.storage.base import LockMode, LogUnusableError

log = logging.getLogger("alcove.log")

#: "Alcx": the advisory lock of a log. A database has one log, and advisory locks are a database's own.
_KEY = 0x416C6378
#: Seconds that a start waits for the lock: a reload starts its new process while the old one is still ending.
_WAIT_S = 5.0
#: Seconds to connect, and between two looks whether the connection still answers.
_CONNECT_S = 5.0
_LOOK_S = 10.0
#: Seconds between two tries to take the lock again.
_RETRY_S = 0.2
#: PostgreSQL ends the session of a machine that vanished, and its lock with it, in about ten seconds.
_KEEPALIVE = "SET tcp_keepalives_idle = 4; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3"
_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
_ADVICE = "stop it first, or set ALCOVE_BUS_URL=redis://… or postgresql://… for every process"
_TAKEN: dict[LockMode, str] = {
    "exclusive": f"another Alcove process uses this log, which takes a bus that both share: {_ADVICE}",
    "shared": f"an Alcove process with ALCOVE_BUS_URL=memory:// uses this log: {_ADVICE}",
}


class PostgresLock:
    """An advisory lock on a session of its own, taken again whenever that session is lost."""

    def __init__(self, url: str, name: str, lock_mode: LockMode) -> None:
        self._url = url
        self._name = name
        self._lock_mode = lock_mode
        self._connection: Any = None
        self._taken = asyncio.Event()
        self._lost = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    @property
    def held(self) -> bool:
        """Whether this process has the lock. Without it another may serve the log: nothing may be read or written."""
        return self._taken.is_set()

    @classmethod
    async def take(cls, url: str, name: str, lock_mode: LockMode) -> Self:
        """Take the lock, waiting for a process that is ending; `name` is the database's in messages.

        Raises LogUnusableError where another process holds it, and asyncpg's errors.
        """
        lock = cls(url, name, lock_mode)
        try:
            await lock._acquire(_WAIT_S)
        finally:
            if not lock.held:
                lock._disconnect()
        if not lock.held:
            raise LogUnusableError(_TAKEN[lock_mode])
        lock._keeper = asyncio.create_task(lock._keep())
        return lock

    async def close(self) -> None:
        """Release the lock with its session."""
        await background.end(self._keeper)
        connection, self._connection = self._connection, None
        self._taken.clear()
        if connection is not None:
            # Waits for the server's side, so that a process started next finds the lock free.
            with contextlib.suppress(*_ERRORS):
                await connection.close(timeout=_CONNECT_S)

    async def _acquire(self, wait_s: float) -> None:
        """Connect, and take the lock if it is free within `wait_s`: then it is `held`. Raises asyncpg's errors."""
        self._lost = lost = asyncio.Event()
        options = connect_options(self._url, "alcove lock", "primary")
        with reserve.lent():
            self._connection = connection = await asyncpg.connect(
                self._url, timeout=_CONNECT_S, command_timeout=wait_s + _CONNECT_S, **options
            )

        def ended(_: object) -> None:
            lost.set()
            if lost is self._lost:
                self._taken.clear()

        connection.add_termination_listener(ended)
        await self._check_primary()
        await connection.execute(_KEEPALIVE)
        await connection.execute("SELECT set_config('lock_timeout', $1, false)", f"{max(1, int(wait_s * 1000))}ms")
        function = "pg_advisory_lock" if self._lock_mode == "exclusive" else "pg_advisory_lock_shared"
        with contextlib.suppress(asyncpg.LockNotAvailableError):
            await connection.execute(f"SELECT {function}($1)", _KEY)
            self._taken.set()

    async def _check_primary(self) -> None:
        """Raises ConnectionError on a standby: it keeps locks of its own, which processes on the primary do not see."""
        if await self._connection.fetchval("SELECT pg_is_in_recovery()", timeout=_CONNECT_S):
            raise ConnectionError("the database is a standby")

    async def _keep(self) -> None:
        """Look whether the session lives, and take the lock again when it was lost."""
        while True:
            await self._until_lost()
            self._taken.clear()
            self._disconnect()
            log.warning("%s: the session that locks this log was lost; taking the lock again", self._name)
            await self._take_again()

    async def _until_lost(self) -> None:
        while not self._lost.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await self._lost.wait()
                    return
            try:
                await self._check_primary()
            except _ERRORS:
                return

    async def _take_again(self) -> None:
        """Try until the lock is held."""
        told = False
        while not self.held:
            # Where the database is away, whoever reads or writes says so.
            with contextlib.suppress(*_ERRORS):
                await self._acquire(_RETRY_S)
                if not self.held and not told:
                    told = True
                    log.error("%s: nothing is read or written here: %s", self._name, _TAKEN[self._lock_mode])
            if not self.held:
                self._disconnect()
                await asyncio.sleep(_RETRY_S)

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()
