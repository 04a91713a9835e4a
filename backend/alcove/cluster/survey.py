"""Ask all processes for their connections to a room, and wait up to a second for the responses (W8)."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from uuid import uuid4

from alcove.bus.base import Bus
from alcove.cluster.connections import Connections, ConnectionState, describe_connections
from alcove.cluster.local_room import LocalRooms
from alcove.cluster.messages import (
    ALL_PROCESSES,
    ConnectionsRequest,
    ConnectionsResponse,
    encode,
    process_channel,
)

#: Seconds that the other processes have to respond.
_RESPONSE_S = 1.0
#: Maximum number of connections in one message.
_CONNECTIONS_PER_MESSAGE = 100

#: Returns the other processes that are alive: id → name.
OtherProcesses = Callable[[], Mapping[str, str]]


class _PendingRequest:
    """A request of this process, and the responses that have arrived so far."""

    def __init__(self, awaited: Iterable[str]) -> None:
        """Create a request without responses; `awaited`: the ids of the processes that should respond."""
        #: The ids of the processes whose response is not complete yet.
        self.awaited = set(awaited)
        #: Set when all responses are complete.
        self.complete = asyncio.Event()
        #: The highest head in a response.
        self.head = 0
        #: The connections in the responses.
        self.states: list[ConnectionState] = []


class ConnectionSurvey:
    """Asks the other processes for their connections to a room, and responds to their requests."""

    def __init__(
        self, bus: Bus, rooms: LocalRooms, *, process: str, name: str, other_processes: OtherProcesses
    ) -> None:
        """Create the survey of this process.

        Args:
            bus: The bus between the processes.
            rooms: The rooms of this process.
            process: The id of this process.
            name: The name of this process for operators.
            other_processes: Returns the other processes that are alive: id → name.

        """
        self._bus = bus
        self._rooms = rooms
        self._process = process
        self._name = name
        self._other_processes = other_processes
        #: Request id → its responses.
        self._pending: dict[str, _PendingRequest] = {}
        #: item → the survey that is running; later callers with the same item share its result.
        self._running: dict[str, asyncio.Task[Connections]] = {}

    async def find_connections(self, item: str, head: int) -> Connections:
        """Return the connections to the item's room on all processes; concurrent calls for an item share one request.

        Args:
            item: The item.
            head: The head of the log, as far as the caller knows it.

        """
        if not self._bus.shared:
            return describe_connections(head, self._local_states(item))
        task = self._running.get(item)
        if task is None:
            task = self._running[item] = asyncio.create_task(self._survey(item, head))
            task.add_done_callback(lambda _: self._running.pop(item, None))
        return await asyncio.shield(task)

    async def _survey(self, item: str, head: int) -> Connections:
        """Publish a request, wait for the responses, and combine them with the connections of this process."""
        others = self._other_processes()
        pending = _PendingRequest(others)
        if others and self._bus.up:
            request_id = uuid4().hex
            self._pending[request_id] = pending
            self._bus.publish(ALL_PROCESSES, encode(ConnectionsRequest(self._process, request_id, item)))
            try:
                async with asyncio.timeout(_RESPONSE_S):
                    await pending.complete.wait()
            except TimeoutError:
                pass  # the result names the processes that did not respond
            finally:
                del self._pending[request_id]
        room = self._rooms.find(item)
        head = max(head, pending.head, 0 if room is None else room.head)
        unanswered = [others[process] for process in pending.awaited]
        return describe_connections(head, [*self._local_states(item), *pending.states], unanswered)

    def respond(self, request: ConnectionsRequest) -> None:
        """Publish this process's connections to the requested room, in messages of up to `_CONNECTIONS_PER_MESSAGE`."""
        room = self._rooms.find(request.item)
        head = 0 if room is None else room.head
        states = self._local_states(request.item)
        for start in range(0, max(1, len(states)), _CONNECTIONS_PER_MESSAGE):
            end = start + _CONNECTIONS_PER_MESSAGE
            more = end < len(states)
            response = ConnectionsResponse(self._process, request.request_id, head, states[start:end], more=more)
            self._bus.publish(process_channel(request.process), encode(response))

    def receive(self, response: ConnectionsResponse) -> None:
        """Add a response to the request that it answers; ignore a response to a request that has ended."""
        pending = self._pending.get(response.request_id)
        if pending is None:
            return
        pending.head = max(pending.head, response.head)
        pending.states += response.connections
        if not response.more:
            pending.awaited.discard(response.process)
            if not pending.awaited:
                pending.complete.set()

    def _local_states(self, item: str) -> list[ConnectionState]:
        """Describe the connections to the room in this process."""
        room = self._rooms.find(item)
        return [] if room is None else room.connection_states(self._name)
