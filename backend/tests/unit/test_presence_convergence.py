"""Test presence of several processes on one bus: after any losses and ends, all count the same members (P1, X1)."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from alcove.cluster.messages import decode
from alcove.cluster.presence_sync import PresenceSync
from tests.support.bus import Network
from tests.support.local_rooms import FakeRooms
from tests.support.memory_rooms import ADA, BOB, CYD, RoomLog
from tests.support.storm import examples
from tests.support.turns import run_turns
from tests.support.virtual_time import elapse, virtual_time

PEOPLE = {person.id: person for person in (ADA, BOB, CYD)}


class Process:
    """One of several processes, with the room `foo` open and the actual connections of its members."""

    def __init__(self, network: Network) -> None:
        self.bus = network.connect()
        self.storage = RoomLog()
        self.connections: Counter[str] = Counter()
        self.presence = PresenceSync(
            self.bus, FakeRooms(self.storage.rooms), asyncio.get_running_loop().time, process=uuid4().hex
        )
        self.beating: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect, open the room, and start to send heartbeats."""
        await self.bus.start(self.receive, lambda channels: self.presence.resync(channels & {"foo"}))
        await self.presence.start()
        self.bus.subscribe("foo")
        await self.presence.open_room("foo")
        self.storage.room().apply_remote_presence(self.presence.remote_members("foo"))
        self.beating = asyncio.create_task(self.beat())

    def receive(self, channel: str, message: bytes) -> None:
        """Receive a message that another process published."""
        self.presence.receive(channel, decode(message)[0])

    async def beat(self) -> None:
        """Send heartbeats."""
        while True:
            self.presence.beat()
            await elapse(0.5)

    def move(self, member: str, change: int) -> None:
        """Open or close a connection of the member."""
        if self.connections[member] + change >= 0:
            self.connections[member] += change
            self.presence.count_connection("foo", PEOPLE[member], change)

    def end(self, *, killed: bool) -> None:
        """End the process; a killed one publishes nothing."""
        assert self.beating is not None
        self.beating.cancel()
        if not killed:
            self.presence.stop()
        self.bus.fail()
        self.connections.clear()

    def remote_connections(self) -> Counter[str]:
        """Return the connections in other processes, as this process counts them."""
        presence = self.storage.rooms["foo"].presence
        return Counter({person.id: presence.connections(person.id) for person in presence.named_members()})


async def start(network: Network, number: int) -> list[Process]:
    """Start processes one after another."""
    processes = [Process(network) for _ in range(number)]
    for process in processes:
        await process.start()
    return processes


def check_that_processes_agree(processes: Sequence[Process]) -> None:
    """Check that each process counts the actual connections of the others."""
    for process in processes:
        connections = [remote_process.connections for remote_process in processes if remote_process is not process]
        assert process.remote_connections() == +sum(connections, Counter[str]())


@virtual_time
async def test_p1_a_process_that_starts_later_counts_the_members_of_the_others() -> None:
    network = Network()
    first = await start(network, 2)
    first[0].move("ada", 2)
    first[1].move("bob", 1)
    later = await start(network, 1)

    assert later[0].remote_connections() == Counter(ada=2, bob=1)
    assert later[0].connections == Counter()


@virtual_time
async def test_p1_x2_presence_lost_on_the_bus_is_repaired_when_it_works_again() -> None:
    processes = await start(Network(), 3)
    processes[0].move("ada", 1)
    await elapse(1)
    processes[0].bus.fail()
    processes[0].move("ada", -1)
    processes[0].move("bob", 1)
    processes[1].move("cyd", 1)
    await elapse(3)
    processes[0].bus.recover()
    await elapse(0.5)

    check_that_processes_agree(processes)


@virtual_time
async def test_p3_a_process_that_was_disconnected_for_long_is_counted_again_afterwards() -> None:
    processes = await start(Network(), 2)
    processes[0].move("ada", 1)
    await elapse(1)
    processes[0].bus.fail()
    await elapse(20)
    assert processes[1].remote_connections() == Counter()

    processes[0].bus.recover()
    await elapse(0.5)
    check_that_processes_agree(processes)


moves = st.tuples(st.sampled_from(["come", "go"]), st.integers(0, 2), st.sampled_from(sorted(PEOPLE)))
faults = st.tuples(st.sampled_from(["fail", "recover", "kill", "end", "wait"]), st.integers(0, 2), st.just(""))


@settings(max_examples=examples(25))
@given(st.lists(moves | faults, max_size=25))
@virtual_time
async def test_p1_p3_x2_processes_agree_after_any_moves_losses_and_ends(steps: Sequence[tuple[str, int, str]]) -> None:
    """Ten seconds after the last fault each process counts exactly the connections of the others."""
    processes = await start(Network(), 3)
    ended: set[int] = set()
    for kind, n, member in steps:
        process = processes[n]
        if n in ended:
            continue
        match kind:
            case "come":
                process.move(member, 1)
            case "go":
                process.move(member, -1)
            case "fail":
                process.bus.fail()
            case "recover" if not process.bus.up:
                process.bus.recover()
            case "kill" | "end":
                process.end(killed=kind == "kill")
                ended.add(n)
            case _:
                await elapse(0.7)
        await run_turns()
    live_processes = [process for n, process in enumerate(processes) if n not in ended]
    for process in live_processes:
        if not process.bus.up:
            process.bus.recover()
    await elapse(10)

    check_that_processes_agree(live_processes)
