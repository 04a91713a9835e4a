"""Keep the table of the other processes: the time of its last message, and its members in each room. No I/O."""

from collections.abc import Iterable, Mapping

from alcove.cluster.local_room import PresenceChange
from alcove.cluster.messages import MemberConnections
from alcove.protocol import Person

#: Member id → who they are, and how many connections they have.
Members = dict[str, tuple[Person, int]]


class ProcessTable:
    """The other processes and their members. All times are seconds of one clock."""

    def __init__(self) -> None:
        self._last_message: dict[str, float] = {}
        self._names: dict[str, str] = {}
        #: item → process → its members in that room.
        self._rooms: dict[str, dict[str, Members]] = {}

    def alive(self) -> set[str]:
        """Return the ids of the processes that are alive."""
        return set(self._last_message)

    def names(self) -> dict[str, str]:
        """Return the processes that are alive: id → name, or the id again while the name is unknown."""
        return {process: self._names.get(process) or process for process in self._last_message}

    def set_name(self, process: str, name: str) -> None:
        """Record what operators call the process."""
        self._names[process] = name

    def record_message(self, process: str, now: float) -> bool:
        """Record that a message of the process arrived at `now`; return whether it is the first one."""
        new = process not in self._last_message
        self._last_message[process] = now
        return new

    def silent_since(self, time: float) -> list[str]:
        """Return the processes whose last message arrived before `time`."""
        return [process for process, last in self._last_message.items() if last < time]

    def restart_silence(self, now: float) -> None:
        """Count the silence of every process from `now`, because no message could arrive before."""
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
        """Record a process's members in a room; return what that changes.

        Args:
            item: The room's item.
            process: The process that reports.
            members: The members with their connections there; with 0 connections they left.
            whole: Whether members that are not named have left.
            people: Those of the members who have a picture or a role.

        """
        before = self._rooms.setdefault(item, {}).setdefault(process, {})
        after: Members = {} if whole else dict(before)
        for id_, name, connections in members:
            after[id_] = ((people or {}).get(id_) or Person(id_, name), connections)
        self._rooms[item][process] = {id_: held for id_, held in after.items() if held[1] > 0}
        return _changes(before, after)

    def remove(self, process: str) -> dict[str, list[PresenceChange]]:
        """Remove a process that ended; return what that changes, by item."""
        self._last_message.pop(process, None)
        self._names.pop(process, None)
        changes = {}
        for item, processes in self._rooms.items():
            if members := processes.pop(process, None):
                changes[item] = _changes(members, {})
        return changes

    def members(self, item: str) -> list[PresenceChange]:
        """Return the members that the other processes have in the room, once per process."""
        return [held for members in self._rooms.get(item, {}).values() for held in members.values()]

    def forget_room(self, item: str) -> None:
        """Forget the members in a room that is no longer in memory here."""
        self._rooms.pop(item, None)


def _changes(before: Members, after: Members) -> list[PresenceChange]:
    changes = [(person, n - before.get(id_, (person, 0))[1]) for id_, (person, n) in after.items()]
    changes += [(person, -n) for id_, (person, n) in before.items() if id_ not in after]
    return [(person, change) for person, change in changes if change]
