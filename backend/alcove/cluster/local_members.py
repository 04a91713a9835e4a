"""Count the connections of each member to the rooms of this process, and collect changes to publish. No I/O."""

from collections.abc import KeysView

from alcove.cluster.messages import MemberConnections
from alcove.protocol import Person


class LocalMembers:
    """The connected members of each open room in this process."""

    def __init__(self) -> None:
        #: item → member → who they are, and their connections in this process.
        self._rooms: dict[str, dict[str, tuple[Person, int]]] = {}
        #: item → members whose connections changed since the last `take_changes`.
        self._changed: dict[str, set[str]] = {}

    def __contains__(self, item: str) -> bool:
        return item in self._rooms

    def items(self) -> KeysView[str]:
        """Return the items whose rooms are open."""
        return self._rooms.keys()

    def open_room(self, item: str) -> None:
        """Start to count the connections to the item's room."""
        self._rooms[item] = {}

    def close_room(self, item: str) -> None:
        """Stop counting the connections to the item's room; call `take_changes` before, so that no change is lost."""
        self._rooms.pop(item, None)

    def count(self, item: str, person: Person, change: int) -> bool:
        """Add `change` to the number of the member's connections; return False if the room is not open."""
        members = self._rooms.get(item)
        if members is None:
            return False
        known_person, connections = members.get(person.id, (person, 0))
        members[person.id] = known_person, connections + change
        self._changed.setdefault(item, set()).add(person.id)
        return True

    def connections(self, item: str) -> list[MemberConnections]:
        """List the members in the room with the numbers of their connections."""
        return [(id_, person.name, count) for id_, (person, count) in self._rooms.get(item, {}).items() if count > 0]

    def people(self, item: str) -> dict[str, Person]:
        """Return the members of the room who have a picture or a role, by member id (A9)."""
        members = self._rooms.get(item, {}).items()
        return {id_: person for id_, (person, _) in members if person.picture or person.role}

    def take_changes(self) -> dict[str, list[MemberConnections]]:
        """Return the members whose connections changed since the last call, by item; then drop those who left."""
        changed, self._changed = self._changed, {}
        return {item: self._take(item, ids) for item, ids in changed.items()}

    def _take(self, item: str, ids: set[str]) -> list[MemberConnections]:
        """Return the numbers of connections of these members of a room; remove members without connections."""
        members = self._rooms.get(item, {})
        taken = [(id_, members[id_][0].name, members[id_][1]) for id_ in ids if id_ in members]
        for id_, _, connections in taken:
            if not connections:
                del members[id_]
        return taken
