"""Test that no entry is lost or repeated while connections, processes, the bus and the database fail (X)."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from random import Random

from tests.support.clients import eventually
from tests.support.clusters import Engines
from tests.support.cutting_proxy import CuttingProxy
from tests.support.http import http
from tests.support.resending_client import CLIENT_COUNT, ITEM, SEND_COUNT, OutboxClient, assert_logs_match
from tests.support.room_client import read_log
from tests.support.servers import Server, Start
from tests.support.storm import storm

PROCESSES = 3
#: The number of sends of all clients.
TOTAL_SENDS = CLIENT_COUNT * SEND_COUNT


class Outages:
    """Three processes, each behind a proxy that cuts connections, and the outages of their services."""

    def __init__(self, engines: Engines, join: Start, proxies: list[CuttingProxy], clients: list[OutboxClient]) -> None:
        self._engines = engines
        self._join = join
        self._proxies = proxies
        self._clients = clients
        self._servers: list[Server] = []

    async def start(self) -> None:
        """Start the processes."""
        for proxy in self._proxies:
            server = await asyncio.to_thread(self._join)
            proxy.target = server.port
            self._servers.append(server)

    async def kill(self, number: int) -> None:
        """Kill the process with this index, and start another in its place."""
        await asyncio.to_thread(self._servers[number].end, signal.SIGKILL)
        self._servers[number] = await asyncio.to_thread(self._join)
        self._proxies[number].target = self._servers[number].port

    async def lose_bus(self) -> None:
        """Restart the bus; with Redis, kill a process and wait for more acks in between."""
        await asyncio.to_thread(self._engines.bus.end)
        if self._engines.redis is not None:
            # On a busy machine the clients may have finished most sends before this outage.
            target_acks = min(self._acked() + TOTAL_SENDS // 8, TOTAL_SENDS)
            await self.kill(1)
            await eventually(lambda: self._acked() >= target_acks)
        await asyncio.to_thread(self._engines.bus.start)

    async def restart_database(self) -> None:
        """Kill the database, and start it again."""
        await asyncio.to_thread(self._engines.postgres.end)
        await asyncio.to_thread(self._engines.postgres.start)

    async def cause_all(self) -> None:
        """Cause all outages, spread over the sends."""
        outages: list[Callable[[], Awaitable[None]]] = [
            lambda: self.kill(0),
            self.lose_bus,
            self.restart_database,
            lambda: self.kill(2),
        ]
        for number, outage in enumerate(outages, 1):
            target_acks = TOTAL_SENDS * number // (len(outages) + 1)
            await eventually(lambda target_acks=target_acks: self._acked() >= target_acks)  # type: ignore[misc]
            await outage()

    def _acked(self) -> int:
        """Return the number of acknowledged sends."""
        return sum(len(client.acked) for client in self._clients)

    @property
    def first_server(self) -> Server:
        """The first process, which was restarted after it was killed."""
        return self._servers[0]


@storm
async def test_x1_x2_x3_x4_random_outages_lose_repeat_and_reorder_no_entry(engines: Engines, join: Start) -> None:
    seed = int(os.environ.get("ALCOVE_STORM_SEED", Random().randrange(2**32)))  # noqa: S311 - not used for security
    print(f"ALCOVE_STORM_SEED={seed}")  # noqa: T201 - the seed reproduces the run
    rng = Random(seed)  # noqa: S311 - the same
    reachable = asyncio.Event()
    reachable.set()
    async with AsyncExitStack() as stack:
        proxies = [
            await stack.enter_async_context(CuttingProxy(rng, up=(400, 4_000), down=(2_000, 60_000)))
            for _ in range(PROCESSES)
        ]
        clients = [OutboxClient(n, lambda: rng.choice(proxies).port, reachable) for n in range(CLIENT_COUNT)]
        outages = Outages(engines, join, proxies, clients)
        await outages.start()
        async with asyncio.timeout(150), asyncio.TaskGroup() as tasks:
            for client in clients:
                tasks.create_task(client.run())
            tasks.create_task(outages.cause_all())
        async with http(outages.first_server) as requests:
            assert_logs_match(await read_log(requests, ITEM), clients)
    print(f"{sum(proxy.cuts for proxy in proxies)} cuts, {sum(client.joins for client in clients)} joins")  # noqa: T201
