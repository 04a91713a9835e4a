"""Keep a table of the other processes: when each one last sent a message, and its members in each room. No I/O."""

from collections.abc import Iterable, Mapping

from alcove.cluster.local_room import PresenceChange
from alcove.cluster.messages import MemberConnections
from alcove.protocol import Person

#: Member id → the member, and the number of their connections.
Members = dict[str, tuple[Person, int]]


class ProcessTable:
    """The other processes that are alive, and their members. All times are seconds of one monotonic clock."""

    def __init__(self) -> None:
        #: process → when its last message arrived.
        self._last_message: dict[str, float] = {}
        #: process → its name for operators.
        self._names: dict[str, str] = {}
        #: item → process → its members in that room.
        self._rooms: dict[str, dict[str, Members]] = {}

    def alive(self) -> set[str]:
        """Return the ids of the processes in the table."""
        return set(self._last_message)

    def names(self) -> dict[str, str]:
        """Return the processes in the table: id → name; while a name is unknown, the id stands for it."""
        return {process: self._names.get(process) or process for process in self._last_message}

    def set_name(self, process: str, name: str) -> None:
        """Store the name of the process for operators."""
        self._names[process] = name

    def record_message(self, process: str, now: float) -> bool:
        """Record that a message of the process arrived at `now`; return whether the process is new in the table."""
        new = process not in self._last_message
        self._last_message[process] = now
        return new

    def silent_since(self, time: float) -> list[str]:
        """List the processes whose last message arrived before `time`."""
        return [process for process, last in self._last_message.items() if last < time]

    def restart_silence(self, now: float) -> None:
        """Set the time of every process's last message to `now`, because no message could arrive before."""
        self._last_message = dict.fromkeys(self._last_message, now)

    def update_members(
        self,
        item: str,
        process: str,
        members: Iterable[MemberConnections],
        *,
        whole: bool,
        people: Mapping[str, Person] | None = None,
    ) -> list[PresenceChange]:
        """Store the members that a process has in a room, and return how the connections changed.

        Args:
            item: The item of the room.
            process: The id of the process.
            members: The members with the numbers of their connections there; 0: they left.
            whole: Whether the list is complete, so that members that it does not name have left.
            people: The profiles of members with a picture or a role, by id.

        """
        before = self._rooms.setdefault(item, {}).setdefault(process, {})
        after: Members = {} if whole else dict(before)
        for id_, name, connections in members:
            after[id_] = ((people or {}).get(id_) or Person(id_, name), connections)
        self._rooms[item][process] = {id_: (person, count) for id_, (person, count) in after.items() if count > 0}
        return _changes(before, after)

    def remove(self, process: str) -> dict[str, list[PresenceChange]]:
        """Remove a process; return the presence changes of its members, by item."""
        self._last_message.pop(process, None)
        self._names.pop(process, None)
        changes = {}
        for item, processes in self._rooms.items():
            if members := processes.pop(process, None):
                changes[item] = _changes(members, {})
        return changes

    def members(self, item: str) -> list[PresenceChange]:
        """List the members that other processes have in the room; a member on two processes is listed twice."""
        return [member for members in self._rooms.get(item, {}).values() for member in members.values()]

    def forget_room(self, item: str) -> None:
        """Drop the members of a room that was removed from memory in this process."""
        self._rooms.pop(item, None)


def _changes(before: Members, after: Members) -> list[PresenceChange]:
    """Compute how each member's number of connections changed; leave out members without a change."""
    changes = [(person, count - before.get(id_, (person, 0))[1]) for id_, (person, count) in after.items()]
    changes += [(person, -count) for id_, (person, count) in before.items() if id_ not in after]
    return [(person, change) for person, change in changes if change]
