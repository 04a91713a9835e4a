"""Test that a termination signal first drains the rooms, and then reaches the server's own handler (Z1)."""

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
def server_signals() -> Iterator[ServerSignals]:
    """Install a handler, as a server does; restore the previous ones afterwards."""
    handler = ServerSignals()
    previous_handlers = {sig: signal.signal(sig, handler) for sig in (signal.SIGINT, signal.SIGTERM)}
    yield handler
    for sig, previous in previous_handlers.items():
        signal.signal(sig, previous)


class Drain:
    """A drain that lasts until the test sets `end`."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.end = asyncio.Event()
        self.calls = 0

    async def __call__(self) -> None:
        self.calls += 1
        self.started.set()
        await self.end.wait()


async def test_z1_the_server_gets_the_signal_after_the_drain(server_signals: ServerSignals) -> None:
    drain = Drain()
    with on_termination(drain):
        signal.raise_signal(signal.SIGTERM)
        await drain.started.wait()
        assert server_signals == []
        drain.end.set()
        await server_signals.arrived.wait()
        assert server_signals == ["SIGTERM"]


async def test_z1_a_second_signal_reaches_the_server_at_once(server_signals: ServerSignals) -> None:
    drain = Drain()
    with on_termination(drain):
        signal.raise_signal(signal.SIGTERM)
        await drain.started.wait()
        signal.raise_signal(signal.SIGINT)
        assert server_signals == ["SIGTERM", "SIGINT"]
        signal.raise_signal(signal.SIGINT)
        assert server_signals == ["SIGTERM", "SIGINT", "SIGINT"]
        drain.end.set()
    assert drain.calls == 1


async def test_z1_the_server_gets_the_signal_even_if_the_drain_fails(
    server_signals: ServerSignals, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail() -> None:
        raise OSError("no disk")

    with on_termination(fail):
        signal.raise_signal(signal.SIGTERM)
        await server_signals.arrived.wait()
    assert server_signals == ["SIGTERM"]
    assert "no disk" in caplog.text


async def test_z1_signal_handlers_are_restored_at_the_end(server_signals: ServerSignals) -> None:
    drain = Drain()
    with on_termination(drain):
        pass
    signal.raise_signal(signal.SIGTERM)
    assert server_signals == ["SIGTERM"]
    assert drain.calls == 0
