"""K4: which process delivers, in virtual time: one at a time, and another one within 10 s after its death."""

from types import SimpleNamespace
from typing import cast

import pytest

from alcove.library.handlers import HandlerTarget
from alcove.observability.metrics import Metrics
from alcove.rooms.hub import Hub
from alcove.settings import Settings
from alcove.storage.consumers import ConsumerLog
from alcove.webhooks.deliveries import Deliveries
from tests.support.leases import Leases, ProcessStorage
from tests.support.virtual_time import elapse, virtual_time

#: Seconds that one step of the tests takes.
STEP_S = 0.05


class Process:
    """One of several processes with the same handler."""

    def __init__(self, leases: Leases) -> None:
        self.storage = ProcessStorage(leases)
        self._metrics = Metrics()
        changes = SimpleNamespace(follow=lambda *_: None, complete=True)
        hub = cast("Hub", SimpleNamespace(changes=changes))
        handlers = {"notify": HandlerTarget("notify", "*", "message", print, 1.0)}
        log = cast("ConsumerLog", self.storage)
        self.deliveries = Deliveries(log, hub, Settings(), self._metrics, handlers)

    @property
    def delivers(self) -> bool:
        """Whether it delivers, as its metric says."""
        return bool(self._metrics.registry.get_sample_value("alcove_consumer_leading", {"consumer": "notify"}))


async def until_another_delivers(processes: list[Process], killed: Process | None) -> float:
    """Return the seconds until one of the processes delivers that is not `killed`."""
    seconds = 0.0
    while not any(process.delivers for process in processes if process is not killed):
        await elapse(STEP_S)
        seconds += STEP_S
        assert seconds < 60, "nobody delivers"
        assert sum(process.delivers for process in processes) <= 1
    return seconds


@pytest.mark.parametrize("offsets", [(0.0, 0.0, 0.0), (0.0, 0.3, 1.9), (1.7, 0.9, 0.0)])
@virtual_time
async def test_k4_another_process_delivers_within_10_s_after_the_death_of_the_one_that_did(
    offsets: tuple[float, ...],
) -> None:
    leases = Leases()
    processes = [Process(leases) for _ in offsets]
    for process, offset in zip(processes, offsets, strict=True):
        await elapse(offset)
        await process.deliveries.start()
    await until_another_delivers(processes, None)
    for number in range(20):  # at any time between two renewals
        await elapse(6 + number * 0.1)
        (killed,) = [process for process in processes if process.delivers]
        killed.storage.cut_off = True
        assert await until_another_delivers(processes, killed) <= 10
        killed.storage.cut_off = False
    for process in processes:
        await process.deliveries.close()


@virtual_time
async def test_k4_a_process_that_stops_leaves_its_deliveries_to_another_one_at_once() -> None:
    leases = Leases()
    processes = [Process(leases) for _ in range(2)]
    for process in processes:
        await process.deliveries.start()
    await until_another_delivers(processes, None)
    (stopping,) = [process for process in processes if process.delivers]
    await stopping.deliveries.close()

    assert await until_another_delivers(processes, stopping) <= 2.1
    for process in processes:
        await process.deliveries.close()
