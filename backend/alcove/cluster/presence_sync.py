"""Synchronize presence: publish the members of this process, and apply those of the other processes (P, X)."""

import asyncio
from collections.abc import Callable, Iterable, Mapping

from alcove.bus.base import Bus
from alcove.cluster.local_members import LocalMembers
from alcove.cluster.local_room import LocalRooms, PresenceChange
from alcove.cluster.messages import (
    ALL_PROCESSES,
    ClusterMessage,
    MemberConnections,
    MembersChanged,
    MembersRequest,
    MembersResponse,
    ProcessAlive,
    ProcessEnded,
    encode,
    process_channel,
)
from alcove.cluster.processes import ProcessTable
from alcove.protocol import Person

#: Seconds over which changes are collected before they are published.
_COLLECT_S = 0.05
#: Seconds that the other processes have to respond with their members of a room that opens in this one.
_RESPONSE_S = 0.5
#: Seconds to wait at the start, in which every other process sends a heartbeat.
_FIRST_HEARTBEATS_S = 0.6
#: Seconds of silence after which messages of a process may be lost.
_SILENT_S = 1.5
#: Seconds of silence after which a process counts as dead (P3).
_DEAD_S = 6.0
#: Maximum number of rooms that are requested in one message.
_ROOMS_PER_MESSAGE = 200


class PresenceSync:
    """Synchronizes presence with the other processes.

    Each process publishes its own members, and adds the members that the other processes publish.
    """

    def __init__(
        self, bus: Bus, rooms: LocalRooms, clock: Callable[[], float], *, process: str, name: str = ""
    ) -> None:
        """Create the presence of a process without members.

        Args:
            bus: The bus between the processes.
            rooms: The rooms of this process.
            clock: Returns seconds of a monotonic clock.
            process: The id of this process.
            name: The name of this process for operators.

        """
        #: The id of this process.
        self.process = process
        self._heartbeat = ProcessAlive(process, name)
        self._bus = bus
        self._rooms = rooms
        self._clock = clock
        self._processes = ProcessTable()
        self._local = LocalMembers()
        #: Items whose remote members are requested at the end of this turn of the event loop.
        self._requested: list[str] = []
        #: item → the processes that have not responded yet, and the event that is set when all have.
        self._awaited: dict[str, tuple[set[str], asyncio.Event]] = {}
        #: Publishes the collected changes; None while there are none.
        self._timer: asyncio.TimerHandle | None = None

    # --- this process

    async def start(self) -> None:
        """Subscribe to the channels of processes, send a heartbeat, and wait 0.6 s for those of the other processes."""
        self._bus.subscribe(ALL_PROCESSES)
        self._bus.subscribe(process_channel(self.process))
        self._publish(ALL_PROCESSES, self._heartbeat)
        await asyncio.sleep(_FIRST_HEARTBEATS_S)

    def stop(self) -> None:
        """Tell the other processes that this one ends, so that its members leave at once."""
        if self._timer is not None:
            self._timer.cancel()
        self._publish(ALL_PROCESSES, ProcessEnded(self.process))

    async def open_room(self, item: str) -> None:
        """Start to count the members of a room; request its remote members, and wait up to 0.5 s for the responses."""
        self._local.open_room(item)
        others = self._processes.alive() - set(self._processes.silent_since(self._clock() - _SILENT_S))
        if not others or not self._bus.up:
            return
        complete = asyncio.Event()
        self._awaited[item] = others, complete
        self._request([item])
        try:
            async with asyncio.timeout(_RESPONSE_S):
                await complete.wait()
        except TimeoutError:
            return  # later responses are applied to the open room
        finally:
            del self._awaited[item]

    def close_room(self, item: str) -> None:
        """Publish the last changes of a room that is removed from memory, and drop all its members."""
        self._publish_changes()
        self._local.close_room(item)
        self._processes.forget_room(item)

    def other_processes(self) -> dict[str, str]:
        """Return the other processes that are alive: id → name; while a name is unknown, the id stands for it."""
        return self._processes.names()

    def remote_members(self, item: str) -> list[PresenceChange]:
        """Return the members that other processes have in the room, with the numbers of their connections."""
        return self._processes.members(item)

    def count_connection(self, item: str, person: Person, change: int) -> None:
        """Count an opened or closed connection of a member in this process, and publish the change within 0.05 s.

        Args:
            item: The item of the room.
            person: The member.
            change: 1 for an opened connection, -1 for a closed one.

        """
        if self._local.count(item, person, change) and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_COLLECT_S, self._publish_changes)

    def resync(self, items: Iterable[str]) -> None:
        """Publish all members of these rooms, and request the remote members, because messages may be lost."""
        open_items = [item for item in items if item in self._local and item not in self._awaited]
        for item in open_items:
            members, people = self._local.connections(item), self._local.people(item)
            self._publish(item, MembersChanged(self.process, members, whole=True, people=people))
        self._request(open_items)

    def send_heartbeat(self) -> bool:
        """Send a heartbeat; remove the processes that were silent for six seconds, and their members.

        Returns:
            Whether all other processes were heard in the last 1.5 s; if not, messages of a silent one may be lost.

        """
        now = self._clock()
        self._publish(ALL_PROCESSES, self._heartbeat)
        if not self._bus.up:
            self._processes.restart_silence(now)
            return True
        for process in self._processes.silent_since(now - _DEAD_S):
            self._remove(process)
        return not self._processes.silent_since(now - _SILENT_S)

    # --- the other processes

    def receive(self, channel: str, message: ClusterMessage) -> None:
        """Apply a message of another process about members or processes; ignore other kinds of messages."""
        match message:
            case ProcessAlive(process=process, name=name):
                self._processes.set_name(process, name)
                self._record_message(process)
            case ProcessEnded(process=process):
                self._remove(process)
            case MembersRequest(process=process, items=items):
                self._record_message(process)
                rooms = {item: self._local.connections(item) for item in items}
                people = {id_: person for item in items for id_, person in self._local.people(item).items()}
                self._publish(process_channel(process), MembersResponse(self.process, rooms, people))
            case MembersResponse(process=process, rooms=rooms, people=people):
                self._record_message(process)
                for item, members in rooms.items():
                    self._update_members(item, process, members, people, whole=True)
                    self._record_response(item, process)
            case MembersChanged(process=process, members=members, whole=whole, people=people):
                self._record_message(process)
                self._update_members(channel, process, members, people, whole=whole)

    def _record_message(self, process: str) -> None:
        """Record that a process is alive; if it is new, send it a heartbeat and request its members."""
        if self._processes.record_message(process, self._clock()):
            self._publish(ALL_PROCESSES, self._heartbeat)
            self._request(self._local.items())

    def _record_response(self, item: str, process: str) -> None:
        """Record that a process responded for a room; wake `open_room` if no other response is missing."""
        if item in self._awaited:
            others, complete = self._awaited[item]
            others.discard(process)
            if not others:
                complete.set()

    def _remove(self, process: str) -> None:
        """Remove a process that ended or is dead, and its members from all rooms."""
        for item, changes in self._processes.remove(process).items():
            self._apply(item, changes)

    def _update_members(
        self,
        item: str,
        process: str,
        members: Iterable[MemberConnections],
        people: Mapping[str, Person],
        *,
        whole: bool,
    ) -> None:
        """Store the members that a process reports for a room, and apply the difference to the room."""
        if item in self._local:
            changes = self._processes.update_members(item, process, members, whole=whole, people=people)
            self._apply(item, changes)

    def _apply(self, item: str, changes: list[PresenceChange]) -> None:
        """Apply changes of remote members to the item's room, if it is in memory."""
        room = self._rooms.find(item)
        if room is not None:
            room.apply_remote_presence(changes)

    # --- publishing

    def _publish_changes(self) -> None:
        """Publish the changes of local members that were collected since the last call, and reset the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for item, members in self._local.take_changes().items():
            everyone = self._local.people(item)
            people = {id_: everyone[id_] for id_, _, _ in members if id_ in everyone}
            self._publish(item, MembersChanged(self.process, members, people=people))

    def _request(self, items: Iterable[str]) -> None:
        """Schedule a request for the remote members of these rooms.

        Requests of one turn of the event loop are combined.
        """
        if not self._requested:
            asyncio.get_running_loop().call_soon(self._publish_requests)
        self._requested += items

    def _publish_requests(self) -> None:
        """Publish the scheduled requests, with up to `_ROOMS_PER_MESSAGE` rooms in one message."""
        items, self._requested = list(dict.fromkeys(self._requested)), []
        for start in range(0, len(items), _ROOMS_PER_MESSAGE):
            self._publish(ALL_PROCESSES, MembersRequest(self.process, items[start : start + _ROOMS_PER_MESSAGE]))

    def _publish(self, channel: str, message: ClusterMessage) -> None:
        """Encode the message and publish it on the channel."""
        self._bus.publish(channel, encode(message))
