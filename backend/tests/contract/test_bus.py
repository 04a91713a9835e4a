"""Test the contract of buses, on real servers that are stopped, killed and restarted (X2)."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field

import asyncpg  # type: ignore[import-untyped] # it ships no types
import pytest

from alcove.bus.base import Bus
from alcove.bus.open import open_bus
from deploy.engines import Engine, Postgres, Redis
from tests.support.clients import eventually


@dataclass
class Subscriber:
    """A process on the bus that records messages and gaps."""

    bus: Bus
    messages: list[tuple[str, bytes]] = field(default_factory=list)
    gaps: list[frozenset[str]] = field(default_factory=list)

    async def start(self) -> None:
        """Connect, and record messages and gaps."""
        await self.bus.start(lambda channel, message: self.messages.append((channel, message)), self.gaps.append)

    async def subscribe_all(self, *channels: str) -> None:
        """Subscribe, and wait until the subscriptions have taken effect."""
        for channel in channels:
            gap_count = len(self.gaps)
            self.bus.subscribe(channel)
            await self.wait_for_gap(channel, gap_count)

    async def wait_for_gap(self, channel: str, after: int) -> None:
        """Wait until a gap on the channel is reported, ignoring the first `after` reports."""
        await eventually(lambda: channel in frozenset[str]().union(*self.gaps[after:]))


ENGINES: dict[str, Callable[[], Engine]] = {
    "postgres": Postgres,
    "redis": Redis,
    "redis with a password": lambda: Redis("s3cret: /@"),
}


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Start a server for this suite alone, so that tests can kill it."""
    with ENGINES[request.param]() as engine:
        yield engine


@pytest.fixture
async def subscribers(engine: Engine) -> AsyncIterator[list[Subscriber]]:
    """Connect three processes to one bus."""
    subscribers = [Subscriber(open_bus(engine.url, "alcove_test")) for _ in range(3)]
    for subscriber in subscribers:
        await subscriber.start()
        assert subscriber.bus.up
    yield subscribers
    for subscriber in subscribers:
        await subscriber.bus.close()


async def test_messages_reach_all_other_processes_in_order(subscribers: list[Subscriber]) -> None:
    publisher, second, third = subscribers
    for subscriber in subscribers:
        await subscriber.subscribe_all("foo")
    published = [("foo", str(n).encode()) for n in range(500)]
    for channel, message in published:
        publisher.bus.publish(channel, message)

    await eventually(lambda: len(second.messages) >= 500 and len(third.messages) >= 500)
    assert published == second.messages == third.messages
    assert publisher.messages == []


async def test_only_subscribed_channels_are_received(subscribers: list[Subscriber]) -> None:
    publisher, subscriber, _ = subscribers
    await subscriber.subscribe_all("foo", "bar", "end")
    publisher.bus.publish("foo", b"1")
    await eventually(lambda: len(subscriber.messages) == 1)
    subscriber.bus.unsubscribe("foo")
    await subscriber.subscribe_all("again")
    for channel in ("foo", "other", "bar", "again"):
        publisher.bus.publish(channel, b"2")

    await eventually(lambda: ("again", b"2") in subscriber.messages)
    assert subscriber.messages == [("foo", b"1"), ("bar", b"2"), ("again", b"2")]


async def test_large_message_arrives_complete_or_as_its_fallback(subscribers: list[Subscriber]) -> None:
    publisher, subscriber, _ = subscribers
    await subscriber.subscribe_all("foo")
    large = ("ä€𝄞" * 20_000).encode()
    publisher.bus.publish("foo", large)
    publisher.bus.publish("foo", large * 10, b"fallback")

    await eventually(lambda: len(subscriber.messages) == 2)
    assert subscriber.messages == [("foo", large), ("foo", b"fallback")]


async def test_x2_killed_server_is_reported_as_a_gap(engine: Engine, subscribers: list[Subscriber]) -> None:
    publisher, subscriber, _ = subscribers
    await subscriber.subscribe_all("foo")
    engine.end()
    await eventually(lambda: not publisher.bus.up and not subscriber.bus.up)
    for _ in range(50_000):
        publisher.bus.publish("foo", b"lost")  # does not block, raise or keep the message
    gap_count = len(subscriber.gaps)
    engine.start()
    await eventually(lambda: publisher.bus.up and subscriber.bus.up)

    await subscriber.wait_for_gap("foo", gap_count)
    publisher.bus.publish("foo", b"after")
    await eventually(lambda: ("foo", b"after") in subscriber.messages)
    assert ("foo", b"lost") not in subscriber.messages


async def test_x2_bus_is_down_while_its_server_hangs(engine: Engine, subscribers: list[Subscriber]) -> None:
    publisher, subscriber, _ = subscribers
    await subscriber.subscribe_all("foo")
    engine.hang()
    await eventually(lambda: not publisher.bus.up and not subscriber.bus.up)
    gap_count = len(subscriber.gaps)
    engine.go_on()

    await subscriber.wait_for_gap("foo", gap_count)
    await eventually(lambda: publisher.bus.up and subscriber.bus.up)


async def test_messages_beyond_the_outbox_are_lost_and_a_gap_is_reported(subscribers: list[Subscriber]) -> None:
    publisher, subscriber, _ = subscribers
    await subscriber.subscribe_all("foo")
    gap_count = len(subscriber.gaps)
    for _ in range(40_000):
        publisher.bus.publish("foo", b"x" * 1000)

    await subscriber.wait_for_gap("foo", gap_count)
    assert len(subscriber.messages) < 40_000


async def test_bus_starts_without_its_server(engine: Engine) -> None:
    engine.end()
    subscriber = Subscriber(open_bus(engine.url, "alcove_test"))
    await subscriber.start()
    subscriber.bus.subscribe("foo")
    subscriber.bus.publish("foo", b"lost")
    assert not subscriber.bus.up
    engine.start()
    await eventually(lambda: subscriber.bus.up)
    assert any("foo" in channels for channels in subscriber.gaps)
    await subscriber.bus.close()


async def test_bus_of_one_process_receives_nothing() -> None:
    subscriber = Subscriber(open_bus("memory://"))
    await subscriber.start()
    await subscriber.subscribe_all("foo")
    subscriber.bus.publish("foo", b"1")

    assert subscriber.bus.up
    assert not subscriber.bus.shared
    assert subscriber.messages == []


async def test_x9_malformed_notifications_are_ignored(postgres_url: str) -> None:
    """Every role that may connect can send notifications."""
    subscriber = Subscriber(open_bus(postgres_url, "alcove_test"))
    await subscriber.start()
    await subscriber.subscribe_all("foo")
    parts = ["x 2/3 foo\nb", "x 1/2 foo\na", "x 3/2 foo\nc", "x 1/999999 foo\na", "x 1/2 foo\na", "y 2/2 foo\nb"]
    outsider = await asyncpg.connect(postgres_url)
    for payload in ["", "foo", "a b c", "a 1 foo", "a 1/x foo\nx", "a x/1 foo", f"a {'9' * 5000}/1 foo", *parts]:
        await outsider.execute("SELECT pg_notify('alcove_test', $1)", payload)
    for payload in ("z 1/2 foo\nwh", "z 2/2 foo\nole"):
        await outsider.execute("SELECT pg_notify('alcove_test', $1)", payload)
    await eventually(lambda: ("foo", b"whole") in subscriber.messages)
    await outsider.close()
    await subscriber.bus.close()

    assert subscriber.messages == [("foo", b"whole")]
