"""Test how changes reach the lists of this process and of others (W10, X2)."""

from alcove.cluster.cluster import Cluster
from alcove.cluster.messages import ROOM_CHANGES, RoomsChanged, decode
from alcove.protocol import Entry, Person, raw
from alcove.rooms.room_changes import RoomChanges
from alcove.storage.base import Appended, Draft
from tests.support.bus import FakeBus
from tests.support.list_readers import ListHarness
from tests.support.local_rooms import FakeRooms
from tests.support.virtual_time import elapse, virtual_time

EVE = Person("eve", "Eve")
#: The time for which changes are collected, in seconds.
COLLECT_S = 0.25


class Process:
    """One process with readers of the list, on a bus that records what is published."""

    def __init__(self, limit: int = 100) -> None:
        self.rooms = ListHarness()
        self.bus = FakeBus()
        self.cluster = Cluster(self.rooms.log, self.bus, None, rooms=FakeRooms({}), clock=lambda: 0.0)
        self.changes = RoomChanges(self.rooms.log, self.cluster, self.rooms.feed, limit=limit)

    def store(self, item: str, id: str = "1") -> None:
        """Store a message, as a send in this process does."""
        draft = Draft(item, "message", id, EVE, 1, raw("hello"))
        (outcome,) = self.rooms.log.store.append([draft], lambda: None)
        assert isinstance(outcome, Appended)
        self.changes.entries_stored({item: [outcome]})

    @property
    def published(self) -> list[object]:
        """The messages published to other processes."""
        return [decode(data)[0] for channel, data in self.bus.published if channel == ROOM_CHANGES]

    async def close(self) -> None:
        """Cancel the background tasks."""
        await self.changes.close()
        await self.rooms.close()


@virtual_time
async def test_w10_a_room_and_its_read_mark_are_reported_once() -> None:
    process = Process()
    ada = await process.rooms.follow()
    ada.lines()
    process.store("a")
    process.changes.marks_stored("a", ["ada"])
    await elapse(COLLECT_S)
    await process.rooms.settle()

    assert ada.new_items() == ["a"]
    assert process.published == [RoomsChanged({"a": 1}, {"a": ["ada"]})]
    await process.close()


@virtual_time
async def test_w10_a_moved_mark_is_reported_only_to_its_member() -> None:
    process = Process()
    process.rooms.write("a")
    ada, bob = await process.rooms.follow(), await process.rooms.follow(member="bob")
    ada.lines()
    bob.lines()
    process.changes.marks_stored("a", ["ada"])
    await elapse(COLLECT_S)
    await process.rooms.settle()

    assert (ada.new_items(), bob.new_items()) == (["a"], [])
    await process.close()


@virtual_time
async def test_w10_internal_rooms_and_repeated_heads_are_no_change() -> None:
    process = Process()
    ada = await process.rooms.follow()
    ada.lines()
    process.store("!revoked")
    process.changes.history_lost("a")
    process.changes.history_lost("a")
    entry = Entry(1, "message", "1", EVE, 1, body=raw("hello"))
    process.rooms.write("a", id="1")
    process.changes.entries_stored({"a": [Appended(entry, duplicate=False, oldest=1, log="l")]})
    await elapse(COLLECT_S)
    await process.rooms.settle()
    assert ada.new_items() == ["a"]
    process.changes._receive(RoomsChanged({"a": 1}, {}))
    await elapse(COLLECT_S)
    await process.rooms.settle()

    assert ada.new_items() == []
    assert process.published == [RoomsChanged({"a": 1}, {})]
    await process.close()


@virtual_time
async def test_w10_an_overflow_reports_the_latest_rooms_again() -> None:
    process = Process(limit=3)
    ada = await process.rooms.follow()
    ada.lines()
    for n in range(5):
        process.store(f"room-{n}")
    await elapse(COLLECT_S)
    await process.rooms.settle()

    lines = ada.lines()
    assert {line["item"] for line in lines if line["type"] == "item"} == {f"room-{n}" for n in range(5)}
    assert lines[-1]["type"] == "ready"
    assert process.published == [RoomsChanged({}, {}, more=True)]
    await process.close()


@virtual_time
async def test_w10_without_readers_changes_are_only_published() -> None:
    process = Process()
    process.store("a")
    await elapse(COLLECT_S)

    assert process.rooms.log.pending_calls == []
    assert process.published == [RoomsChanged({"a": 1}, {})]
    await process.close()


@virtual_time
async def test_w10_x2_the_log_is_read_within_1_s_while_the_bus_is_down() -> None:
    process = Process()
    ada = await process.rooms.follow()
    ada.lines()
    process.changes.start_polling()
    await process.rooms.settle()
    process.rooms.write("a")
    process.bus.up = False
    await elapse(1.0)
    await process.rooms.settle()
    await elapse(COLLECT_S)
    await process.rooms.settle()

    assert ada.new_items() == ["a"]
    await elapse(1.0)
    await process.rooms.settle()
    await elapse(COLLECT_S)
    assert ada.new_items() == []
    await process.close()
