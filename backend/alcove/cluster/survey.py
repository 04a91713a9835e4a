"""Ask every process who is connected to a room (W8), and wait a bounded time for the answers."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from uuid import uuid4

from alcove.bus.base import Bus
from alcove.cluster.connections import Connections, ConnectionState, connections
from alcove.cluster.local_room import LocalRooms
from alcove.cluster.messages import ALL, ONE, ClusterMessage, ConnectionsRequest, ConnectionsResponse, encode

#: Seconds that the others have to answer.
_ANSWER_S = 1.0
#: Connections told in one message.
_CONNECTIONS = 100

#: The processes that are there, besides this one: id → name.
Others = Callable[[], Mapping[str, str]]


class _Question:
    """What is known of the answers to one question."""

    def __init__(self, awaited: Iterable[str]) -> None:
        self.awaited = set(awaited)
        self.answered = asyncio.Event()
        self.head = 0
        self.states: list[ConnectionState] = []


class ConnectionSurvey:
    """Questions to the other processes, and answers to theirs."""

    def __init__(self, bus: Bus, rooms: LocalRooms, *, process: str, name: str, others: Others) -> None:
        """`process` is where the others answer to, `name` what people call it."""
        self._bus = bus
        self._rooms = rooms
        self._process = process
        self._name = name
        self._others = others
        self._questions: dict[str, _Question] = {}
        #: By item: those who ask for the same one meanwhile share the answer.
        self._asking: dict[str, asyncio.Task[Connections]] = {}

    async def inspect(self, item: str, head: int) -> Connections:
        """Return everyone connected to the item's room, on all processes; its log reaches at least to `head`."""
        if not self._bus.shared:
            return connections(head, self._here(item))
        asking = self._asking.get(item)
        if asking is None:
            asking = self._asking[item] = asyncio.create_task(self._ask(item, head))
            asking.add_done_callback(lambda _: self._asking.pop(item, None))
        return await asyncio.shield(asking)

    async def _ask(self, item: str, head: int) -> Connections:
        others = self._others()
        question = _Question(others)
        if others and self._bus.up:
            id_ = uuid4().hex
            self._questions[id_] = question
            self._bus.publish(ALL, encode(ConnectionsRequest(self._process, id_, item)))
            try:
                async with asyncio.timeout(_ANSWER_S):
                    await question.answered.wait()
            except TimeoutError:
                pass  # who did not answer is named
            finally:
                del self._questions[id_]
        room = self._rooms.find(item)
        head = max(head, question.head, 0 if room is None else room.head)
        return connections(head, [*self._here(item), *question.states], [others[one] for one in question.awaited])

    def heard(self, told: ClusterMessage) -> None:
        """Answer another process's question, or take in its answer."""
        if isinstance(told, ConnectionsRequest):
            self._answer(told)
        elif isinstance(told, ConnectionsResponse) and (question := self._questions.get(told.question)):
            question.head = max(question.head, told.head)
            question.states += told.connections
            if not told.more:
                question.awaited.discard(told.process)
                if not question.awaited:
                    question.answered.set()

    def _answer(self, asked: ConnectionsRequest) -> None:
        room = self._rooms.find(asked.item)
        head = 0 if room is None else room.head
        states = self._here(asked.item)
        for start in range(0, max(1, len(states)), _CONNECTIONS):
            end = start + _CONNECTIONS
            told = ConnectionsResponse(self._process, asked.question, head, states[start:end], more=end < len(states))
            self._bus.publish(ONE + asked.process, encode(told))

    def _here(self, item: str) -> list[ConnectionState]:
        """Who is connected to the room in this process."""
        room = self._rooms.find(item)
        return [] if room is None else room.connection_states(self._name)
