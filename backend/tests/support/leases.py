"""The leases of consumers in a storage whose clock is the loop's, from which processes are cut off (K4)."""

import asyncio
from collections.abc import Sequence

from alcove.storage.base import LogUnavailableError
from alcove.storage.consumers import ConsumerRecord, ItemPosition


class Leases:
    """What processes share: who has the lease, and until when."""

    def __init__(self) -> None:
        self.holder = ""
        self.expires = 0.0


class ProcessStorage:
    """The log of one process, which has no rooms, and its consumers (ConsumerLog, ConsumerStorage)."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases
        #: Whether the process is dead for the others: no call reaches the storage.
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
        if self._leases.holder not in {"", holder} and self._leases.expires >= now:
            return {}
        self._leases.holder, self._leases.expires = holder, now + duration_ms / 1000
        return {name: ConsumerRecord(0, None) for name in names}

    async def release(self, holder: str) -> None:
        """End the lease of `holder` (ConsumerStorage.release)."""
        self._check_reachable()
        if self._leases.holder == holder:
            self._leases.holder = ""

    async def pending(self, name: str, after: int, *, limit: int) -> tuple[list[ItemPosition], int | None]:  # noqa: ARG002 - there are no rooms
        """Return that nothing is pending (ConsumerStorage.pending)."""
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
