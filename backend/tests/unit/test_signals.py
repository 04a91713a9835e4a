"""Signals that end the process: the rooms are drained first, then the server's own handler gets the signal (Z1)."""

import asyncio
import signal
from collections.abc import Iterator
from types import FrameType

import pytest

from alcove.server.signals import on_termination


class ServerSignals(list[str]):
    """The names of the signals that the server's own handler got."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived = asyncio.Event()

    def __call__(self, sig: int, _frame: FrameType | None) -> None:
        self.append(signal.Signals(sig).name)
        self.arrived.set()


@pytest.fixture
def received() -> Iterator[ServerSignals]:
    """Install a handler as a server does."""
    handler = ServerSignals()
    before = {sig: signal.signal(sig, handler) for sig in (signal.SIGINT, signal.SIGTERM)}
    yield handler
    for sig, previous in before.items():
        signal.signal(sig, previous)


class Stop:
    """A drain that ends when the test says so."""

    def __init__(self) -> None:
        self.started, self.end = asyncio.Event(), asyncio.Event()
        self.calls = 0

    async def __call__(self) -> None:
        self.calls += 1
        self.started.set()
        await self.end.wait()


async def test_z1_the_server_gets_the_signal_after_the_drain(received: ServerSignals) -> None:
    stop = Stop()
    with on_termination(stop):
        signal.raise_signal(signal.SIGTERM)
        await stop.started.wait()
        assert received == []
        stop.end.set()
        await received.arrived.wait()
        assert received == ["SIGTERM"]


async def test_z1_a_second_signal_reaches_the_server_at_once(received: ServerSignals) -> None:
    stop = Stop()
    with on_termination(stop):
        signal.raise_signal(signal.SIGTERM)
        await stop.started.wait()
        signal.raise_signal(signal.SIGINT)
        assert received == ["SIGTERM", "SIGINT"]
        signal.raise_signal(signal.SIGINT)
        assert received == ["SIGTERM", "SIGINT", "SIGINT"]
        stop.end.set()
    assert stop.calls == 1


async def test_z1_the_server_gets_the_signal_even_if_the_drain_fails(
    received: ServerSignals, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail() -> None:
        raise OSError("no disk")

    with on_termination(fail):
        signal.raise_signal(signal.SIGTERM)
        await received.arrived.wait()
    assert received == ["SIGTERM"]
    assert "no disk" in caplog.text


async def test_z1_signal_handlers_are_restored_after_the_server_has_ended(received: ServerSignals) -> None:
    stop = Stop()
    with on_termination(stop):
        pass
    signal.raise_signal(signal.SIGTERM)
    assert received == ["SIGTERM"]
    assert stop.calls == 0
