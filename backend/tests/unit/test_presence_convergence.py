"""Test that processes on one bus agree on the members after any lost messages and ended processes (P1, X1)."""

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
from tests.support.storm import example_count
from tests.support.turns import run_turns
from tests.support.virtual_time import elapse, virtual_time

PEOPLE = {person.id: person for person in (ADA, BOB, CYD)}


class Process:
    """One of several processes that have the room `foo` open, with the actual connections of its members."""

    def __init__(self, network: Network) -> None:
        self.bus = network.connect()
        self.storage = RoomLog()
        self.connections: Counter[str] = Counter()
        self.presence = PresenceSync(
            self.bus, FakeRooms(self.storage.rooms), asyncio.get_running_loop().time, process=uuid4().hex
        )
        self.heartbeat_task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect, open the room, and start to send heartbeats."""
        await self.bus.start(self.receive, lambda channels: self.presence.resync(channels & {"foo"}))
        await self.presence.start()
        self.bus.subscribe("foo")
        await self.presence.open_room("foo")
        self.storage.room().apply_remote_presence(self.presence.remote_members("foo"))
        self.heartbeat_task = asyncio.create_task(self.send_heartbeats())

    def receive(self, channel: str, message: bytes) -> None:
        """Receive a message that another process published."""
        self.presence.receive(channel, decode(message)[0])

    async def send_heartbeats(self) -> None:
        """Send a heartbeat every half second."""
        while True:
            self.presence.send_heartbeat()
            await elapse(0.5)

    def change_connections(self, member: str, change: int) -> None:
        """Open or close a connection of the member."""
        if self.connections[member] + change >= 0:
            self.connections[member] += change
            self.presence.count_connection("foo", PEOPLE[member], change)

    def end(self, *, killed: bool) -> None:
        """End the process; a killed one publishes nothing."""
        assert self.heartbeat_task is not None
        self.heartbeat_task.cancel()
        if not killed:
            self.presence.stop()
        self.bus.fail()
        self.connections.clear()

    def remote_connections(self) -> Counter[str]:
        """Return the connections in other processes, as this process counts them."""
        presence = self.storage.rooms["foo"].presence
        return Counter({person.id: presence.connections(person.id) for person in presence.named_members()})


async def start_processes(network: Network, count: int) -> list[Process]:
    """Start processes one after another."""
    processes = [Process(network) for _ in range(count)]
    for process in processes:
        await process.start()
    return processes


def assert_processes_agree(processes: Sequence[Process]) -> None:
    """Check that each process counts the actual connections of the others."""
    for process in processes:
        connections = [remote_process.connections for remote_process in processes if remote_process is not process]
        assert process.remote_connections() == +sum(connections, Counter[str]())


@virtual_time
async def test_p1_a_new_process_counts_the_members_of_the_others() -> None:
    network = Network()
    processes = await start_processes(network, 2)
    processes[0].change_connections("ada", 2)
    processes[1].change_connections("bob", 1)
    (new_process,) = await start_processes(network, 1)

    assert new_process.remote_connections() == Counter(ada=2, bob=1)
    assert new_process.connections == Counter()


@virtual_time
async def test_p1_x2_lost_presence_is_repaired_when_the_bus_recovers() -> None:
    processes = await start_processes(Network(), 3)
    processes[0].change_connections("ada", 1)
    await elapse(1)
    processes[0].bus.fail()
    processes[0].change_connections("ada", -1)
    processes[0].change_connections("bob", 1)
    processes[1].change_connections("cyd", 1)
    await elapse(3)
    processes[0].bus.recover()
    await elapse(0.5)

    assert_processes_agree(processes)


@virtual_time
async def test_p3_a_process_is_counted_again_after_a_long_outage() -> None:
    processes = await start_processes(Network(), 2)
    processes[0].change_connections("ada", 1)
    await elapse(1)
    processes[0].bus.fail()
    await elapse(20)
    assert processes[1].remote_connections() == Counter()

    processes[0].bus.recover()
    await elapse(0.5)
    assert_processes_agree(processes)


moves = st.tuples(st.sampled_from(["join", "leave"]), st.integers(0, 2), st.sampled_from(sorted(PEOPLE)))
faults = st.tuples(st.sampled_from(["fail", "recover", "kill", "end", "wait"]), st.integers(0, 2), st.just(""))


@settings(max_examples=example_count(25))
@given(st.lists(moves | faults, max_size=25))
@virtual_time
async def test_p1_p3_x2_processes_agree_after_any_faults(steps: Sequence[tuple[str, int, str]]) -> None:
    """Ten seconds after the last fault each process counts exactly the connections of the others."""
    processes = await start_processes(Network(), 3)
    ended: set[int] = set()
    for kind, n, member in steps:
        process = processes[n]
        if n in ended:
            continue
        match kind:
            case "join":
                process.change_connections(member, 1)
            case "leave":
                process.change_connections(member, -1)
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

    assert_processes_agree(live_processes)
