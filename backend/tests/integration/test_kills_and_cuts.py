"""Test that killing the server and cutting connections loses, repeats and reorders no entry (S3, S5, R2, R3, D3)."""

import asyncio
import os
import signal
from pathlib import Path
from random import Random

from tests.support.clients import eventually
from tests.support.cutting_proxy import CuttingProxy
from tests.support.http import http
from tests.support.resending_client import CLIENT_COUNT, ITEM, SEND_COUNT, OutboxClient, assert_logs_match
from tests.support.room_client import read_log
from tests.support.servers import Server, start_alcove
from tests.support.storm import depth, storm

KILLS = depth(3, 12)


class ServerRestarter:
    """A server behind a proxy, which is killed and restarted several times while clients send."""

    def __init__(self, carrier: str, cwd: Path, proxy: CuttingProxy, reachable: asyncio.Event) -> None:
        self.kill_count = 0
        self._carrier = carrier
        self._cwd = cwd
        self._proxy = proxy
        self._reachable = reachable
        self.server: Server | None = None

    async def start(self) -> None:
        """Start the server with the log of the previous one."""
        env = {"ALCOVE_SENDS_PER_S": "0"}
        self.server = await asyncio.to_thread(start_alcove, carrier=self._carrier, cwd=self._cwd, env=env)
        self._proxy.target = self.server.port
        self._reachable.set()

    async def kill_and_restart(self, clients: list[OutboxClient]) -> None:
        """Kill and restart the server KILLS times, each time after the same number of acknowledged sends."""
        for kill in range(1, KILLS + 1):
            target = CLIENT_COUNT * SEND_COUNT * kill // (KILLS + 1)
            await eventually(lambda target=target: sum(len(client.acked) for client in clients) >= target)  # type: ignore[misc]
            assert self.server is not None
            self._reachable.clear()
            await asyncio.to_thread(self.server.end, signal.SIGKILL)
            assert self.server.problems == [], self.server.output
            self.kill_count += 1
            await self.start()


@storm
async def test_s3_s5_r3_d3_kills_and_cuts_lose_repeat_and_reorder_no_entry(carrier: str, tmp_path: Path) -> None:
    seed = int(os.environ.get("ALCOVE_STORM_SEED", Random().randrange(2**32)))  # noqa: S311 - not used for security
    print(f"ALCOVE_STORM_SEED={seed}")  # noqa: T201 - the seed reproduces the run
    reachable = asyncio.Event()
    async with CuttingProxy(Random(seed), up=(400, 4_000), down=(2_000, 60_000)) as proxy:  # noqa: S311 - the same
        restarter = ServerRestarter(carrier, tmp_path, proxy, reachable)
        await restarter.start()
        clients = [OutboxClient(number, lambda: proxy.port, reachable) for number in range(CLIENT_COUNT)]
        try:
            async with asyncio.timeout(150), asyncio.TaskGroup() as tasks:
                for client in clients:
                    tasks.create_task(client.run())
                tasks.create_task(restarter.kill_and_restart(clients))
            assert restarter.server is not None
            async with http(restarter.server) as requests:
                log = await read_log(requests, ITEM)
        finally:
            assert restarter.server is not None
            await asyncio.to_thread(restarter.server.end)

    assert_logs_match(log, clients)
    assert restarter.kill_count == KILLS
    assert proxy.cuts >= CLIENT_COUNT
    assert restarter.server.problems == [], restarter.server.output
    print(f"{proxy.cuts} cuts, {restarter.kill_count} kills, {sum(client.joins for client in clients)} joins")  # noqa: T201 - the extent of the outages
