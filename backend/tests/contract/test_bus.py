"""The contract of buses: one suite for each, on real engines that are stopped, killed and started again (X2)."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field

import asyncpg  # type: ignore[import-untyped] # it ships no types
import pytest

from alcove.bus.base import Bus
from alcove.bus.open import open_bus
from deploy.engines import Engine, Postgres, Redis
from tests.integration.clients import eventually


@dataclass
class Ear:
    """What a bus let hear."""

    bus: Bus
    heard: list[tuple[str, bytes]] = field(default_factory=list)
    restored: list[frozenset[str]] = field(default_factory=list)

    async def subscribed(self, *channels: str) -> None:
        """Subscribe, and wait until the channels are heard."""
        for channel in channels:
            before = len(self.restored)
            self.bus.subscribe(channel)
            await self.told(channel, before)

    async def told(self, channel: str, since: int) -> None:
        """Wait until it is told, after the first `since` times, that messages on the channel may have been missed."""
        await eventually(lambda: channel in frozenset[str]().union(*self.restored[since:]))


ENGINES: dict[str, Callable[[], Engine]] = {
    "postgres": Postgres,
    "redis": Redis,
    "redis with a password": lambda: Redis("s3cret: /@"),
}


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A server of this suite's own, so that it can be killed."""
    with ENGINES[request.param]() as engine:
        yield engine


@pytest.fixture
async def ears(engine: Engine) -> AsyncIterator[list[Ear]]:
    """Three processes' ends of a bus."""
    ears = [Ear(open_bus(engine.url, "alcove_test")) for _ in range(3)]
    for ear in ears:
        await ear.bus.start(lambda channel, message, ear=ear: ear.heard.append((channel, message)), ear.restored.append)  # type: ignore[misc] # a lambda's default says no type
        assert ear.bus.up
    yield ears
    for ear in ears:
        await ear.bus.close()


async def test_everyone_else_hears_in_order(ears: list[Ear]) -> None:
    one, two, three = ears
    for ear in ears:
        await ear.subscribed("foo")
    said = [("foo", str(n).encode()) for n in range(500)]
    for channel, message in said:
        one.bus.publish(channel, message)

    await eventually(lambda: len(two.heard) >= 500 and len(three.heard) >= 500)
    assert said == two.heard == three.heard
    assert [] == one.heard


async def test_only_subscribed_channels_are_heard(ears: list[Ear]) -> None:
    one, two, _ = ears
    await two.subscribed("foo", "bar", "end")
    one.bus.publish("foo", b"1")
    await eventually(lambda: len(two.heard) == 1)
    two.bus.unsubscribe("foo")
    await two.subscribed("again")
    for channel in ("foo", "other", "bar", "again"):
        one.bus.publish(channel, b"2")

    await eventually(lambda: ("again", b"2") in two.heard)
    assert [("foo", b"1"), ("bar", b"2"), ("again", b"2")] == two.heard


async def test_a_big_message_arrives_whole_or_as_its_brief(ears: list[Ear]) -> None:
    one, two, _ = ears
    await two.subscribed("foo")
    big = ("ä€𝄞" * 20_000).encode()
    one.bus.publish("foo", big)
    one.bus.publish("foo", big * 10, b"brief")

    await eventually(lambda: len(two.heard) == 2)
    assert [("foo", big), ("foo", b"brief")] == two.heard


async def test_x2_a_killed_server_is_told_and_healed(engine: Engine, ears: list[Ear]) -> None:
    one, two, _ = ears
    await two.subscribed("foo")
    engine.end()
    await eventually(lambda: not one.bus.up and not two.bus.up)
    for _ in range(50_000):
        one.bus.publish("foo", b"lost")  # neither waits, nor raises, nor is kept
    told = len(two.restored)
    engine.start()
    await eventually(lambda: one.bus.up and two.bus.up)

    await two.told("foo", told)
    one.bus.publish("foo", b"after")
    await eventually(lambda: ("foo", b"after") in two.heard)
    assert ("foo", b"lost") not in two.heard


async def test_x2_a_hanging_server_counts_as_down_and_is_told_afterwards(engine: Engine, ears: list[Ear]) -> None:
    one, two, _ = ears
    await two.subscribed("foo")
    engine.hang()
    await eventually(lambda: not one.bus.up and not two.bus.up)
    told = len(two.restored)
    engine.go_on()

    await two.told("foo", told)
    await eventually(lambda: one.bus.up and two.bus.up)


async def test_what_does_not_fit_is_told_to_be_lost(ears: list[Ear]) -> None:
    one, two, _ = ears
    await two.subscribed("foo")
    told = len(two.restored)
    for _ in range(40_000):
        one.bus.publish("foo", b"x" * 1000)

    await two.told("foo", told)
    assert len(two.heard) < 40_000


async def test_a_bus_starts_without_its_server(engine: Engine) -> None:
    engine.end()
    ear = Ear(open_bus(engine.url, "alcove_test"))
    await ear.bus.start(lambda *said: ear.heard.append(said), ear.restored.append)
    ear.bus.subscribe("foo")
    ear.bus.publish("foo", b"lost")
    assert not ear.bus.up
    engine.start()
    await eventually(lambda: ear.bus.up)
    assert any("foo" in channels for channels in ear.restored)
    await ear.bus.close()


async def test_the_bus_of_one_process_hears_nobody() -> None:
    ear = Ear(open_bus("memory://"))
    await ear.bus.start(lambda *said: ear.heard.append(said), ear.restored.append)
    await ear.subscribed("foo")
    ear.bus.publish("foo", b"1")

    assert ear.bus.up
    assert not ear.bus.shared
    assert [] == ear.heard


async def test_x9_notifications_of_another_form_break_nothing(postgres_url: str) -> None:
    """Whoever may connect may notify."""
    ear = Ear(open_bus(postgres_url, "alcove_test"))
    await ear.bus.start(lambda *said: ear.heard.append(said), ear.restored.append)
    await ear.subscribed("foo")
    parts = ["x 2/3 foo\nb", "x 1/2 foo\na", "x 3/2 foo\nc", "x 1/999999 foo\na", "x 1/2 foo\na", "y 2/2 foo\nb"]
    stranger = await asyncpg.connect(postgres_url)
    for payload in ["", "foo", "a b c", "a 1 foo", "a 1/x foo\nx", "a x/1 foo", f"a {'9' * 5000}/1 foo", *parts]:
        await stranger.execute("SELECT pg_notify('alcove_test', $1)", payload)
    for payload in ("z 1/2 foo\nwh", "z 2/2 foo\nole"):
        await stranger.execute("SELECT pg_notify('alcove_test', $1)", payload)
    await eventually(lambda: ("foo", b"whole") in ear.heard)
    await stranger.close()
    await ear.bus.close()

    assert [("foo", b"whole")] == ear.heard
