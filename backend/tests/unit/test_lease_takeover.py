"""Test that one process delivers at a time, and that another one takes over within 10 s of its death (K4)."""

from types import SimpleNamespace
from typing import cast

import pytest

from alcove.library.handlers import HandlerTarget
from alcove.observability.metrics import Metrics
from alcove.rooms.hub import Hub
from alcove.settings import Settings
from alcove.storage.consumers import ConsumerLog
from alcove.webhooks.deliveries import Deliveries
from tests.support.leases import ProcessStorage, SharedLease
from tests.support.virtual_time import elapse, virtual_time

#: The time between two checks, in seconds of virtual time.
STEP_S = 0.05


class Process:
    """One of several server processes that have the same handler."""

    def __init__(self, lease: SharedLease) -> None:
        self.storage = ProcessStorage(lease)
        self._metrics = Metrics()
        changes = SimpleNamespace(follow=lambda *_: None, complete=True)
        hub = cast("Hub", SimpleNamespace(changes=changes))
        handlers = {"notify": HandlerTarget("notify", "*", "message", print, 1.0)}
        log = cast("ConsumerLog", self.storage)
        self.deliveries = Deliveries(log, hub, Settings(), self._metrics, handlers)

    @property
    def delivers(self) -> bool:
        """Whether the process delivers, according to its metric."""
        return bool(self._metrics.registry.get_sample_value("alcove_consumer_leading", {"consumer": "notify"}))


async def wait_for_takeover(processes: list[Process], former: Process | None) -> float:
    """Wait until a process other than `former` delivers; return the time that this took, in seconds."""
    seconds = 0.0
    while not any(process.delivers for process in processes if process is not former):
        await elapse(STEP_S)
        seconds += STEP_S
        assert seconds < 60, "expected another process to deliver within 60 s"
        assert sum(process.delivers for process in processes) <= 1
    return seconds


@pytest.mark.parametrize("offsets", [(0.0, 0.0, 0.0), (0.0, 0.3, 1.9), (1.7, 0.9, 0.0)])
@virtual_time
async def test_k4_another_process_takes_over_within_10_s_of_a_death(
    offsets: tuple[float, ...],
) -> None:
    lease = SharedLease()
    processes = [Process(lease) for _ in offsets]
    for process, offset in zip(processes, offsets, strict=True):
        await elapse(offset)
        await process.deliveries.start()
    await wait_for_takeover(processes, None)
    for n in range(20):  # kill at different times between two renewals
        await elapse(6 + n * 0.1)
        (killed,) = [process for process in processes if process.delivers]
        killed.storage.cut_off = True
        assert await wait_for_takeover(processes, killed) <= 10
        killed.storage.cut_off = False
    for process in processes:
        await process.deliveries.close()


@virtual_time
async def test_k4_another_process_takes_over_at_once_after_a_stop() -> None:
    lease = SharedLease()
    processes = [Process(lease) for _ in range(2)]
    for process in processes:
        await process.deliveries.start()
    await wait_for_takeover(processes, None)
    (stopping,) = [process for process in processes if process.delivers]
    await stopping.deliveries.close()

    assert await wait_for_takeover(processes, stopping) <= 2.1
    for process in processes:
        await process.deliveries.close()
