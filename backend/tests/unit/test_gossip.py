"""Presence across processes: what one process tells the others of its members, and what it learns of theirs (P, X)."""

import asyncio

from alcove.announcements import ALL, ONE, Alive, Announcement, Answered, Asked, Gone, Here
from alcove.gossip import Gossip
from tests.doubles import turn
from tests.support.bus import FakeBus
from tests.support.rooms import ADA, BOB, RoomLog
from tests.support.virtual_time import elapse, virtual_time


class Process:
    """The process under test, alone on its bus: the test plays all others."""

    def __init__(self) -> None:
        self.bus = FakeBus()
        self.storage = RoomLog()
        self.gossip = Gossip(self.bus, self.storage.rooms, asyncio.get_running_loop().time)

    def hear(self, message: Announcement, channel: str = ALL) -> None:
        """Receive what another process published."""
        self.gossip.heard(channel, message)

    async def open(self, item: str = "foo") -> None:
        """Open a room, which nobody elsewhere answers in time."""
        await self.gossip.open(item)
        self.storage.room(item)
        await turn()
        self.bus.new_messages()

    def members(self, item: str = "foo") -> dict[str, int]:
        """Return how many connections the open room counts, by member."""
        present = self.storage.rooms[item].present
        return {person.id: present.connections(person.id) for person in present.named()}

    def asked(self) -> list[list[str]]:
        """Return the rooms asked about since the last look, one list a message."""
        return [told.items for _, told in self.bus.new_messages() if isinstance(told, Asked)]


@virtual_time
async def test_p3_a_process_announces_itself_at_its_start_and_its_end() -> None:
    process = Process()
    await process.gossip.start()
    assert {ALL, ONE + process.gossip.process} <= process.bus.channels
    assert [(ALL, Alive(process.gossip.process))] == process.bus.new_messages()

    process.gossip.end()
    assert [(ALL, Gone(process.gossip.process))] == process.bus.new_messages()


@virtual_time
async def test_p1_members_who_come_within_50_ms_are_reported_together() -> None:
    process = Process()
    await process.open()
    process.gossip.moved("foo", ADA, 1)
    process.gossip.moved("foo", ADA, 1)
    process.gossip.moved("foo", BOB, 1)
    await elapse(0.049)
    assert [] == process.bus.new_messages()

    await elapse(0.001)
    ((channel, report),) = process.bus.new_messages()
    assert isinstance(report, Here)
    assert ("foo", process.gossip.process) == (channel, report.process)
    assert {("ada", "Ada", 2), ("bob", "Bob", 1)} == set(report.members)


@virtual_time
async def test_p1_a_member_who_left_is_reported_once_with_no_connections() -> None:
    process = Process()
    await process.open()
    process.gossip.moved("foo", ADA, 1)
    await elapse(0.1)
    process.bus.new_messages()
    process.gossip.moved("foo", ADA, -1)
    await elapse(0.1)
    assert [("foo", Here(process.gossip.process, [("ada", "Ada", 0)]))] == process.bus.new_messages()

    process.hear(Asked("p2", ["foo"]))
    answers = [told for _, told in process.bus.new_messages() if isinstance(told, Answered)]
    assert [Answered(process.gossip.process, {"foo": []})] == answers


@virtual_time
async def test_p1_members_who_leave_with_the_room_are_reported_before_it_closes() -> None:
    process = Process()
    await process.open()
    process.gossip.moved("foo", ADA, 1)
    await elapse(0.1)
    process.bus.new_messages()
    process.gossip.moved("foo", ADA, -1)
    process.gossip.close("foo")

    assert [("foo", Here(process.gossip.process, [("ada", "Ada", 0)]))] == process.bus.new_messages()
    await elapse(1)
    assert [] == process.bus.new_messages()


@virtual_time
async def test_p1_a_report_of_another_process_reaches_the_room() -> None:
    process = Process()
    await process.open()
    process.hear(Here("p2", [("ada", "Ada", 2)]), "foo")
    assert {"ada": 2} == process.members()

    process.hear(Here("p2", [("ada", "Ada", 1), ("bob", "Bob", 1)]), "foo")
    process.hear(Here("p3", [("ada", "Ada", 1)]), "foo")
    assert {"ada": 2, "bob": 1} == process.members()

    process.hear(Here("p2", [("bob", "Bob", 1)], whole=True), "foo")
    assert {"ada": 1, "bob": 1} == process.members()
    assert [(BOB, 1), (ADA, 1)] == process.gossip.here("foo")


@virtual_time
async def test_p1_a_report_about_a_room_that_is_not_open_here_is_ignored() -> None:
    process = Process()
    await process.open("bar")
    process.hear(Here("p2", [("ada", "Ada", 2)]), "foo")

    assert [] == process.gossip.here("foo")


@virtual_time
async def test_p1_a_room_that_closes_and_opens_again_knows_only_new_reports() -> None:
    process = Process()
    await process.open()
    process.hear(Here("p2", [("ada", "Ada", 2)]), "foo")
    process.gossip.close("foo")
    opening = asyncio.create_task(process.gossip.open("foo"))
    await turn()
    process.hear(Answered("p2", {"foo": [("bob", "Bob", 1)]}), ONE + process.gossip.process)
    await opening

    assert [(BOB, 1)] == process.gossip.here("foo")


@virtual_time
async def test_p1_a_room_opens_as_soon_as_every_live_process_has_answered() -> None:
    process = Process()
    for other in ("p2", "p3"):
        process.hear(Alive(other))
    opening = asyncio.create_task(process.gossip.open("foo"))
    await turn()
    assert [["foo"]] == process.asked()

    process.hear(Answered("p2", {"foo": [("ada", "Ada", 1)]}), ONE + process.gossip.process)
    await turn()
    assert not opening.done()

    process.hear(Answered("p3", {"foo": [("bob", "Bob", 2)]}), ONE + process.gossip.process)
    await opening
    assert 0 == asyncio.get_running_loop().time()
    assert [(ADA, 1), (BOB, 2)] == process.gossip.here("foo")


@virtual_time
async def test_p1_a_room_waits_at_most_half_a_second_for_answers() -> None:
    process = Process()
    process.hear(Alive("p2"))
    await process.gossip.open("foo")
    assert 0.5 == asyncio.get_running_loop().time()

    process.storage.room("foo")
    process.hear(Answered("p2", {"foo": [("ada", "Ada", 1)]}), ONE + process.gossip.process)
    assert {"ada": 1} == process.members(), "a late answer still counts"


@virtual_time
async def test_p1_a_room_waits_for_no_process_that_is_silent_nor_while_the_bus_is_down() -> None:
    process = Process()
    process.hear(Alive("p2"))
    await elapse(2)
    await process.gossip.open("foo")
    process.hear(Alive("p2"))
    process.bus.fail()
    await process.gossip.open("bar")

    assert 2 == asyncio.get_running_loop().time()


@virtual_time
async def test_x1_a_new_process_is_greeted_and_asked_about_every_open_room() -> None:
    process = Process()
    await process.open("foo")
    await process.open("bar")
    process.hear(Alive("p2"))
    process.hear(Alive("p2"))
    await turn()
    messages = process.bus.new_messages()

    assert [(ALL, Alive(process.gossip.process)), (ALL, Asked(process.gossip.process, ["foo", "bar"]))] == messages


@virtual_time
async def test_x1_a_question_is_answered_to_the_process_that_asked() -> None:
    process = Process()
    await process.open()
    process.gossip.moved("foo", ADA, 1)
    await elapse(0.1)
    process.bus.new_messages()
    process.hear(Asked("p2", ["foo", "bar"]))
    answers = [message for message in process.bus.new_messages() if isinstance(message[1], Answered)]

    rooms = {"foo": [("ada", "Ada", 1)], "bar": []}
    assert [(ONE + "p2", Answered(process.gossip.process, rooms))] == answers


@virtual_time
async def test_x1_a_question_about_many_rooms_is_split_into_bounded_messages() -> None:
    process = Process()
    for n in range(450):
        await process.gossip.open(f"item-{n}")
    process.bus.new_messages()
    process.hear(Alive("p2"))
    await turn()
    asked = process.asked()

    assert [f"item-{n}" for n in range(450)] == [item for items in asked for item in items]
    assert 200 == max(map(len, asked))


@virtual_time
async def test_p3_members_of_a_process_leave_when_it_ends() -> None:
    process = Process()
    await process.open()
    process.hear(Here("p2", [("ada", "Ada", 2)]), "foo")
    process.hear(Gone("p2"))

    assert ({}, []) == (process.members(), process.gossip.here("foo"))


@virtual_time
async def test_p3_members_of_a_killed_process_leave_within_ten_seconds() -> None:
    process = Process()
    await process.open()
    process.hear(Here("p2", [("ada", "Ada", 2)]), "foo")
    process.hear(Here("p3", [("ada", "Ada", 1)]), "foo")
    for _ in range(20):
        process.hear(Alive("p3"))
        process.gossip.beat()
        await elapse(0.5)

    assert {"ada": 1} == process.members()


@virtual_time
async def test_p3_a_heartbeat_keeps_members_and_a_silence_is_reported_as_doubt() -> None:
    process = Process()
    await process.open()
    process.hear(Here("p2", [("ada", "Ada", 1)]), "foo")
    assert process.gossip.beat()

    await elapse(2)
    assert not process.gossip.beat(), "a process that is not heard may have sent what was not heard either"
    assert {"ada": 1} == process.members()

    process.hear(Alive("p2"))
    assert process.gossip.beat()


@virtual_time
async def test_p3_x2_no_member_leaves_because_the_bus_is_down() -> None:
    process = Process()
    await process.open()
    process.hear(Here("p2", [("ada", "Ada", 1)]), "foo")
    process.bus.fail()
    for _ in range(60):
        assert process.gossip.beat()
        await elapse(0.5)
    process.bus.up = True
    process.gossip.beat()

    assert {"ada": 1} == process.members()


@virtual_time
async def test_x2_after_a_loss_the_process_reports_all_its_members_and_asks_for_the_others() -> None:
    process = Process()
    await process.open()
    await process.open("bar")
    process.gossip.moved("foo", ADA, 1)
    await elapse(0.1)
    process.bus.new_messages()
    process.gossip.restored(["foo", "never opened"])
    await turn()

    expected = [
        ("foo", Here(process.gossip.process, [("ada", "Ada", 1)], whole=True)),
        (ALL, Asked(process.gossip.process, ["foo"])),
    ]
    assert expected == process.bus.new_messages()


@virtual_time
async def test_p1_a_connection_in_a_room_that_is_not_open_is_not_reported() -> None:
    process = Process()
    process.gossip.moved("foo", ADA, 1)
    await elapse(1)

    assert [] == process.bus.new_messages()
