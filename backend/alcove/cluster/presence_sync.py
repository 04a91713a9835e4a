"""Who is connected where: what this process tells the others of its members, and hears of theirs (P across X)."""

import asyncio
from collections.abc import Callable, Iterable
from uuid import uuid4

from alcove.bus.base import Bus
from alcove.cluster.local_room import LocalRooms
from alcove.cluster.messages import (
    ALL,
    ONE,
    ClusterMessage,
    MemberConnections,
    MembersChanged,
    MembersRequest,
    MembersResponse,
    ProcessAlive,
    ProcessEnded,
    encode,
)
from alcove.cluster.processes import Change, ProcessTable
from alcove.protocol import Person

#: Seconds in which changes are gathered before they are told.
_GATHER_S = 0.05
#: Seconds that the others have to say who is in a room that opens here.
_ANSWER_S = 0.5
#: Seconds in which every process that is there says so.
_MEET_S = 0.6
#: Seconds of silence after which a process may not get through, and after which it counts as dead (P3).
_DOUBT_S = 1.5
_DEAD_S = 6.0
#: Rooms asked for or answered in one message.
_ROOMS = 200


class PresenceSync:
    """Presence across processes."""

    def __init__(self, bus: Bus, rooms: LocalRooms, clock: Callable[[], float], name: str = "") -> None:
        """`name` is what people call this process."""
        self.process = uuid4().hex[:12]
        self._alive = ProcessAlive(self.process, name)
        self._names: dict[str, str] = {}
        self._bus = bus
        self._rooms = rooms
        self._clock = clock
        self._peers = ProcessTable()
        #: Rooms that are open here: item → member → who they are, and their connections in this process.
        self._mine: dict[str, dict[str, Change]] = {}
        self._changed: dict[str, set[str]] = {}
        self._asking: list[str] = []
        self._awaited: dict[str, tuple[set[str], asyncio.Event]] = {}
        self._timer: asyncio.TimerHandle | None = None

    # --- this process

    async def start(self) -> None:
        """Say that this process is there, and hear who else is."""
        self._bus.subscribe(ALL)
        self._bus.subscribe(ONE + self.process)
        self._tell(ALL, self._alive)
        await asyncio.sleep(_MEET_S)

    def end(self) -> None:
        """Say that nobody is here any more."""
        if self._timer is not None:
            self._timer.cancel()
        self._tell(ALL, ProcessEnded(self.process))

    async def open(self, item: str) -> None:
        """A room opens: learn who is in it elsewhere, as far as the others answer in time."""
        self._mine[item] = {}
        others = self._peers.alive() - set(self._peers.silent(self._clock() - _DOUBT_S))
        if not others or not self._bus.up:
            return
        answered = asyncio.Event()
        self._awaited[item] = others, answered
        self._ask([item])
        try:
            async with asyncio.timeout(_ANSWER_S):
                await answered.wait()
        except TimeoutError:
            return  # whoever is late answers into the open room
        finally:
            del self._awaited[item]

    def close(self, item: str) -> None:
        """A room closes: nobody is left in it here."""
        self._flush()
        self._mine.pop(item, None)
        self._peers.drop(item)

    def others(self) -> dict[str, str]:
        """The other processes that are there: id → name, or the id where that is not known yet."""
        return {process: self._names.get(process) or process for process in self._peers.alive()}

    def here(self, item: str) -> list[Change]:
        """Everyone who is in the room elsewhere."""
        return self._peers.here(item)

    def moved(self, item: str, person: Person, more: int) -> None:
        """A connection of the member came (1) or went (-1)."""
        mine = self._mine.get(item)
        if mine is None:
            return
        known, connections = mine.get(person.id, (person, 0))
        mine[person.id] = known, connections + more
        self._changed.setdefault(item, set()).add(person.id)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_GATHER_S, self._flush)

    def restored(self, items: Iterable[str]) -> None:
        """Messages on these items' channels may be lost: say again who is here, and ask who is there."""
        known = [item for item in items if item in self._mine and item not in self._awaited]
        for item in known:
            self._tell(item, MembersChanged(self.process, self._held(item), whole=True))
        self._ask(known)

    def beat(self) -> bool:
        """Say that this process is there, and part with those that are not; False: one may not get through."""
        now = self._clock()
        self._tell(ALL, self._alive)
        if not self._bus.up:
            self._peers.pardon(now)
            return True
        for process in self._peers.silent(now - _DEAD_S):
            self._part(process)
        return not self._peers.silent(now - _DOUBT_S)

    # --- the others

    def heard(self, channel: str, told: ClusterMessage) -> None:
        """Take in what another process told."""
        match told:
            case ProcessAlive(process=process, name=name):
                self._names[process] = name
                self._meet(process)
            case ProcessEnded(process=process):
                self._part(process)
            case MembersRequest(process=process, items=items):
                self._meet(process)
                rooms = {item: self._held(item) for item in items}
                self._tell(ONE + process, MembersResponse(self.process, rooms))
            case MembersResponse(process=process, rooms=rooms):
                self._meet(process)
                for item, members in rooms.items():
                    self._learn(item, process, members, whole=True)
                    if item in self._awaited:
                        others, answered = self._awaited[item]
                        others.discard(process)
                        if not others:
                            answered.set()
            case MembersChanged(process=process, members=members, whole=whole):
                self._meet(process)
                self._learn(channel, process, members, whole=whole)

    def _meet(self, process: str) -> None:
        """Hear of a process; a new one is answered, and asked who is there."""
        if self._peers.heard(process, self._clock()):
            self._tell(ALL, self._alive)
            self._ask(self._mine)

    def _part(self, process: str) -> None:
        """A process is no more, and nobody is there."""
        self._names.pop(process, None)
        for item, changes in self._peers.gone(process).items():
            self._apply(item, changes)

    def _learn(self, item: str, process: str, members: Iterable[MemberConnections], *, whole: bool) -> None:
        if item in self._mine:
            self._apply(item, self._peers.told(item, process, members, whole=whole))

    def _apply(self, item: str, changes: list[Change]) -> None:
        room = self._rooms.find(item)
        if room is not None:
            room.apply_remote_presence(changes)

    # --- telling

    def _held(self, item: str) -> list[MemberConnections]:
        return [(id_, person.name, n) for id_, (person, n) in self._mine.get(item, {}).items() if n > 0]

    def _flush(self) -> None:
        """Tell who came and went."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        changed, self._changed = self._changed, {}
        for item, ids in changed.items():
            mine = self._mine.get(item, {})
            members = [(id_, mine[id_][0].name, mine[id_][1]) for id_ in ids if id_ in mine]
            for id_, _, connections in members:
                if not connections:
                    del mine[id_]
            self._tell(item, MembersChanged(self.process, members))

    def _ask(self, items: Iterable[str]) -> None:
        """Ask all others, with whatever else is to be asked in this turn of the loop."""
        if not self._asking:
            asyncio.get_running_loop().call_soon(self._ask_all)
        self._asking += items

    def _ask_all(self) -> None:
        items, self._asking = list(dict.fromkeys(self._asking)), []
        for start in range(0, len(items), _ROOMS):
            self._tell(ALL, MembersRequest(self.process, items[start : start + _ROOMS]))

    def _tell(self, channel: str, told: ClusterMessage) -> None:
        self._bus.publish(channel, encode(told))
