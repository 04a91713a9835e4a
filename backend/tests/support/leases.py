"""A storage of the lease of consumers whose clock is the event loop's; tests can cut processes off from it (K4)."""

import asyncio
from collections.abc import Sequence

from alcove.storage.base import LogUnavailableError
from alcove.storage.consumers import ConsumerRecord, ItemPosition


class SharedLease:
    """The lease that processes share: its holder, and when it expires in seconds of the event loop's clock."""

    def __init__(self) -> None:
        self.holder = ""
        self.expires = 0.0


class ProcessStorage:
    """The storage of one process, with consumers and without rooms (ConsumerLog, ConsumerStorage)."""

    def __init__(self, lease: SharedLease) -> None:
        self._lease = lease
        #: Whether every call fails because the process cannot reach the storage.
        self.cut_off = False

    @property
    def consumers(self) -> "ProcessStorage":
        """The storage of consumers (ConsumerLog)."""
        return self

    def _check_reachable(self) -> None:
        if self.cut_off:
            raise LogUnavailableError("cut off")

    async def register(self, name: str) -> None:
        """Do nothing (ConsumerStorage.register)."""

    async def lease(self, names: Sequence[str], holder: str, duration_ms: int) -> dict[str, ConsumerRecord]:
        """Take or renew the lease (ConsumerStorage.lease)."""
        self._check_reachable()
        now = asyncio.get_running_loop().time()
        if self._lease.holder not in {"", holder} and self._lease.expires >= now:
            return {}
        self._lease.holder, self._lease.expires = holder, now + duration_ms / 1000
        return {name: ConsumerRecord(0, None) for name in names}

    async def release(self, holder: str) -> None:
        """End the lease of `holder` (ConsumerStorage.release)."""
        self._check_reachable()
        if self._lease.holder == holder:
            self._lease.holder = ""

    async def pending_positions(self, name: str, after: int, *, limit: int) -> tuple[list[ItemPosition], int | None]:  # noqa: ARG002 - there are no rooms
        """Return that nothing is pending (ConsumerStorage.pending_positions)."""
        self._check_reachable()
        return [], None

    async def changed_since(self, at: int, *, limit: int) -> list[tuple[str, int]]:  # noqa: ARG002 - as above
        """Return that nothing has changed (Log.changed_since)."""
        self._check_reachable()
        return []

    async def parked_count(self, name: str) -> int:  # noqa: ARG002 - as above
        """Return that nothing is parked (ConsumerStorage.parked_count)."""
        self._check_reachable()
        return 0
