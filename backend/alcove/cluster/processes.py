"""The other processes: when each was last heard of, and which members are connected there; pure."""

from collections.abc import Iterable

from alcove.cluster.messages import MemberConnections
from alcove.protocol import Person

#: A member, and by how many their connections grew; negative: fewer.
Change = tuple[Person, int]


class ProcessTable:
    """Who is elsewhere. Times are seconds of one clock."""

    def __init__(self) -> None:
        self._heard: dict[str, float] = {}
        #: item → process → member → who they are, and their connections.
        self._rooms: dict[str, dict[str, dict[str, Change]]] = {}

    def alive(self) -> set[str]:
        """The processes that are there."""
        return set(self._heard)

    def heard(self, process: str, now: float) -> bool:
        """Somebody heard of the process; True: for the first time."""
        new = process not in self._heard
        self._heard[process] = now
        return new

    def silent(self, since: float) -> list[str]:
        """Processes that nobody heard of since then."""
        return [process for process, heard in self._heard.items() if heard < since]

    def pardon(self, now: float) -> None:
        """Count everyone as heard: nobody could be, meanwhile."""
        self._heard = dict.fromkeys(self._heard, now)

    def told(self, item: str, process: str, members: Iterable[MemberConnections], *, whole: bool) -> list[Change]:
        """A process told who is there; what that changes."""
        before = self._rooms.setdefault(item, {}).setdefault(process, {})
        after = {} if whole else dict(before)
        for id_, name, connections in members:
            after[id_] = (Person(id_, name), connections)
        self._rooms[item][process] = {id_: change for id_, change in after.items() if change[1] > 0}
        return _changes(before, after)

    def gone(self, process: str) -> dict[str, list[Change]]:
        """The process is no more; what that changes, by item."""
        self._heard.pop(process, None)
        changes = {}
        for item, processes in self._rooms.items():
            if members := processes.pop(process, None):
                changes[item] = _changes(members, {})
        return changes

    def here(self, item: str) -> list[Change]:
        """Everyone who is in the room elsewhere."""
        return [change for members in self._rooms.get(item, {}).values() for change in members.values()]

    def drop(self, item: str) -> None:
        """Forget a room that nobody is interested in here."""
        self._rooms.pop(item, None)


def _changes(before: dict[str, Change], after: dict[str, Change]) -> list[Change]:
    changes = [(person, n - before.get(id_, (person, 0))[1]) for id_, (person, n) in after.items()]
    changes += [(person, -n) for id_, (person, n) in before.items() if id_ not in after]
    return [(person, more) for person, more in changes if more]
