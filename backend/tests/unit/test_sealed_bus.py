"""Test that messages between processes of one log are encrypted, and that all others are refused (X9)."""

from binascii import a2b_base64, b2a_base64

import pytest

from alcove.bus.sealed import SealedBus
from alcove.observability.metrics import SERVER_METRICS
from tests.support.bus import FakeBus, Network
from tests.support.turns import run_turns
from tests.support.virtual_time import elapse, virtual_time

KEY = b"k" * 32
LOG = "0123456789abcdef" * 2
SECOND_NS = 10**9


class ManualClock:
    """A wall clock in ns that a test can set."""

    def __init__(self) -> None:
        self.now = 1_795_000_000 * SECOND_NS

    def __call__(self) -> int:
        return self.now


class Process:
    """A process on the network, with the messages and gaps that its bus reported."""

    def __init__(self, network: Network, clock: ManualClock, *, key: bytes = KEY, log_id: str = LOG) -> None:
        self.server: FakeBus = network.connect()
        self.bus = SealedBus(self.server, key, log_id, clock_ns=clock)
        self.messages: list[tuple[str, bytes]] = []
        self.gaps: list[frozenset[str]] = []

    async def start(self, *channels: str) -> None:
        """Connect, and subscribe to the channels."""
        await self.bus.start(lambda channel, message: self.messages.append((channel, message)), self.gaps.append)
        for channel in channels:
            self.bus.subscribe(channel)
        await run_turns()
        self.gaps.clear()


async def start_two_processes(network: Network, clock: ManualClock) -> tuple[Process, Process]:
    """Start two processes of one log that subscribe to `foo` and `bar`."""
    first, second = Process(network, clock), Process(network, clock)
    for process in (first, second):
        await process.start("foo", "bar")
    return first, second


def refused_count(reason: str) -> float:
    """Return how many messages were refused for this reason since the start of the test process."""
    value: float = SERVER_METRICS.bus_refused.labels(reason)._value.get()
    return value


async def deliver_all() -> None:
    """Run the event loop until published messages have arrived."""
    await run_turns()


async def test_x9_the_server_sees_neither_text_nor_item() -> None:
    first, second = await start_two_processes(Network(), ManualClock())
    first.bus.publish("foo", b"a secret text")
    first.bus.publish("bar", b"")
    await deliver_all()

    assert second.messages == [("foo", b"a secret text"), ("bar", b"")]
    assert first.messages == []
    names = {name for name, _ in first.server.published}
    assert len(names) == 2
    assert all(name.startswith(f"{LOG}.") and "foo" not in name for name in names)
    visible_bytes = b"".join(a2b_base64(payload) + payload for _, payload in first.server.published)
    assert b"secret" not in visible_bytes


async def test_x9_the_same_message_is_never_sealed_to_the_same_bytes() -> None:
    first, _ = await start_two_processes(Network(), ManualClock())
    for _ in range(3):
        first.bus.publish("foo", b"again")

    assert len({payload for _, payload in first.server.published}) == 3


@pytest.mark.parametrize(("key", "log_id"), [(b"x" * 32, LOG), (KEY, "f" * 32)], ids=["another key", "another log"])
async def test_x9_messages_of_another_log_are_not_received(key: bytes, log_id: str) -> None:
    network = Network()
    clock = ManualClock()
    first, foreign = Process(network, clock), Process(network, clock, key=key, log_id=log_id)
    await first.start("foo")
    await foreign.start("foo")
    foreign.bus.publish("foo", b"forged")
    for name in first.server.channels:  # even if the other log's process knows the channel's public name
        foreign.server.publish(name, foreign.server.published[0][1])
    await deliver_all()

    assert first.messages == []


@virtual_time
async def test_x9_a_forged_message_is_refused_and_reported_as_a_gap() -> None:
    network = Network()
    first, second = await start_two_processes(network, ManualClock())
    attacker = network.connect()
    first.bus.publish("foo", b"true")
    await deliver_all()
    ((name, payload),) = first.server.published
    sealed = a2b_base64(payload)
    before = refused_count("forged") + refused_count("replayed")
    forgeries = [
        b"",
        b"{}",
        b"\xff\0",
        payload[:-4],
        payload + b"AAAA",
        b2a_base64(sealed[:16], newline=False),
        *(b2a_base64(sealed[:n] + bytes([sealed[n] ^ 1]) + sealed[n + 1 :], newline=False) for n in range(len(sealed))),
    ]
    for forgery in forgeries:
        attacker.publish(name, forgery)
    await elapse(1)

    assert second.messages == [("foo", b"true")]
    assert second.gaps == [frozenset({"foo"})]  # many forgeries, one gap
    # The first process receives and refuses them as well, even those that begin with its own salt.
    assert first.messages == []
    assert refused_count("forged") + refused_count("replayed") - before == 2 * len(forgeries)


async def test_x9_a_message_can_be_decrypted_only_on_its_channel() -> None:
    network = Network()
    first, second = await start_two_processes(network, ManualClock())
    first.bus.publish("foo", b"true")
    first.bus.publish("bar", b"true, too")
    await deliver_all()
    (_, foo_payload), (bar_name, _) = first.server.published
    second.messages.clear()
    network.connect().publish(bar_name, foo_payload)
    await deliver_all()

    assert second.messages == []


async def test_x9_a_replayed_message_is_refused() -> None:
    network = Network()
    clock = ManualClock()
    first, second = await start_two_processes(network, clock)
    attacker = network.connect()
    for text in (b"1", b"2", b"3"):
        first.bus.publish("foo", text)
    await deliver_all()
    before = refused_count("replayed")
    for name, payload in first.server.published:
        attacker.publish(name, payload)
    await deliver_all()

    assert second.messages == [("foo", b"1"), ("foo", b"2"), ("foo", b"3")]
    # The second process recognizes them by their numbers, and the first one by its own salt.
    assert first.messages == []
    assert refused_count("replayed") - before == 6


async def test_x9_a_recorded_message_is_refused_by_a_new_process() -> None:
    network = Network()
    clock = ManualClock()
    first, _ = await start_two_processes(network, clock)
    first.bus.publish("foo", b"old")
    clock.now += 61 * SECOND_NS
    new_process = Process(network, clock)
    await new_process.start("foo")
    network.connect().publish(*first.server.published[0])
    await deliver_all()

    assert new_process.messages == []


async def test_x9_messages_stay_unique_and_in_order_when_the_clock_is_set_back() -> None:
    clock = ManualClock()
    first, second = await start_two_processes(Network(), clock)
    for n in range(5):
        first.bus.publish("foo", b"%d" % n)
        clock.now -= 2 * SECOND_NS
    await deliver_all()

    assert second.messages == [("foo", b"%d" % n) for n in range(5)]


async def test_x9_the_number_of_remembered_senders_is_bounded() -> None:
    network = Network()
    clock = ManualClock()
    first = Process(network, clock)
    await first.start("foo")
    for _ in range(300):
        second = Process(network, clock)
        await second.start()
        second.bus.publish("foo", b"here")
        await deliver_all()

    assert len(first.messages) == 300
    assert len(first.bus._sealer._senders) == 256


async def test_a_too_large_message_is_replaced_by_its_fallback() -> None:
    first, second = await start_two_processes(Network(), ManualClock())
    largest = first.bus.max_bytes
    first.bus.publish("foo", b"x" * largest, b"fallback")
    first.bus.publish("foo", b"x" * (largest + 1), b"fallback")
    await deliver_all()

    assert second.messages == [("foo", b"x" * largest), ("foo", b"fallback")]
    assert all(len(payload) <= first.server.max_bytes for _, payload in first.server.published)


async def test_a_gap_is_reported_with_the_names_of_the_channels() -> None:
    first, _ = await start_two_processes(Network(), ManualClock())
    first.server.fail()
    assert not first.bus.up
    first.server.recover()
    first.bus.unsubscribe("bar")
    first.server.recover()

    assert first.bus.up
    assert first.gaps == [frozenset({"foo", "bar"}), frozenset({"foo"})]


@virtual_time
async def test_x2_the_log_is_polled_beside_an_older_version() -> None:
    network = Network()
    first, _ = await start_two_processes(network, ManualClock())
    older = network.connect()
    received: list[bytes] = []
    await older.start(lambda _, message: received.append(message), lambda _: None)
    older.subscribe("!all")
    assert not first.bus.mixed_versions
    before = refused_count("older_version")
    older.publish("!all", b'{"kind":"alive","process":"older"}')
    await deliver_all()

    assert first.bus.mixed_versions
    assert refused_count("older_version") - before > 0
    await deliver_all()
    # The older process gets one heartbeat, and then none. It polls the log until it regards that process as dead.
    assert received
    assert all(b'"kind":"alive"' in message for message in received)

    await elapse(7)
    assert not first.bus.mixed_versions
    received.clear()
    await elapse(7)
    assert received == []
