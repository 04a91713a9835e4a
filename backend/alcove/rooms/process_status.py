"""Report readiness and load of this process to operators (W7)."""

from dataclasses import dataclass

from alcove.limits import ProcessLimits
from alcove.observability.metrics import ProcessState
from alcove.rooms.admission import Admission
from alcove.rooms.directory import RoomDirectory
from alcove.rooms.list_connections import ListConnections
from alcove.storage.base import Log
from alcove.storage.committer import Committer
from alcove.storage.readiness import StorageCheck


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether this process can serve clients (W7)."""

    #: Whether storage accepts writes; False during the drain, without a check.
    storage: bool
    #: Whether messages to and from other processes are delivered.
    bus: bool
    #: Whether the process is shutting down and refuses new connections (Z1).
    draining: bool


class ProcessStatus:
    """The readiness and the metrics of the process, collected from its parts."""

    def __init__(
        self,
        process_limits: ProcessLimits,
        admission: Admission,
        rooms: RoomDirectory,
        *,
        lists: ListConnections,
        committer: Committer,
        log: Log,
    ) -> None:
        """Store the parts of the process that report their state.

        Args:
            process_limits: The limits of this process.
            admission: Counts connections, and reports whether the process drains.
            rooms: The rooms of this process.
            lists: The connections to the list of rooms.
            committer: Reports how many sends wait, and whether the last commit failed.
            log: The log, whose writes are checked.

        """
        self._process_limits = process_limits
        self._admission = admission
        self._rooms = rooms
        self._lists = lists
        self._committer = committer
        self._storage_check = StorageCheck(log, lambda: committer.failing)

    async def readiness(self) -> Readiness:
        """Check storage, the bus and the drain; during the drain, report storage as not ready without a check."""
        draining = self._admission.draining
        storage = not draining and await self._storage_check.writable()
        return Readiness(storage=storage, bus=self._rooms.bus_up, draining=self._admission.draining)

    async def process_state(self) -> ProcessState:
        """Collect the state that the metrics report."""
        return ProcessState(
            rooms=self._rooms.all(),
            sends_waiting=len(self._committer),
            sends_waiting_limit=self._process_limits.waiting_sends,
            connections_limit=self._process_limits.connections,
            bus_up=self._rooms.bus_up,
            storage_up=await self._storage_check.writable(),
            draining=self._admission.draining,
            list_connections=len(self._lists),
            list_pending=self._lists.pending(),
        )
