"""Kill the server, cut connections while clients send: no entry is lost, repeated, reordered (S3, S5, R2, R3, D3)."""

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


class RepeatedKills:
    """Kills the server repeatedly, each time after a number of acknowledged sends, and restarts it."""

    def __init__(self, carrier: str, cwd: Path, proxy: CuttingProxy, reachable: asyncio.Event) -> None:
        self.kills = 0
        self._carrier = carrier
        self._cwd = cwd
        self._proxy = proxy
        self._reachable = reachable
        self.server: Server | None = None

    async def start(self) -> None:
        """Start the server on the current log."""
        env = {"ALCOVE_SENDS_PER_S": "0"}
        self.server = await asyncio.to_thread(start_alcove, carrier=self._carrier, cwd=self._cwd, env=env)
        self._proxy.target = self.server.port
        self._reachable.set()

    async def kill_and_restart(self, clients: list[OutboxClient]) -> None:
        """Kill and restart the server, spread over the sends."""
        for kill in range(1, KILLS + 1):
            due = CLIENT_COUNT * SEND_COUNT * kill // (KILLS + 1)
            await eventually(lambda due=due: sum(len(client.acked) for client in clients) >= due)  # type: ignore[misc]
            assert self.server is not None
            self._reachable.clear()
            await asyncio.to_thread(self.server.end, signal.SIGKILL)
            assert self.server.problems == [], self.server.output
            self.kills += 1
            await self.start()


@storm
async def test_s3_s5_r3_d3_kills_and_disconnections_lose_repeat_and_reorder_no_entry(
    carrier: str, tmp_path: Path
) -> None:
    seed = int(os.environ.get("ALCOVE_STORM_SEED", Random().randrange(2**32)))  # noqa: S311 - dice, no secret
    print(f"ALCOVE_STORM_SEED={seed}")  # noqa: T201 - with the seed the same dice fall again
    reachable = asyncio.Event()
    async with CuttingProxy(Random(seed), up=(400, 4_000), down=(2_000, 60_000)) as proxy:  # noqa: S311 - the same
        kills = RepeatedKills(carrier, tmp_path, proxy, reachable)
        await kills.start()
        clients = [OutboxClient(number, lambda: proxy.port, reachable) for number in range(CLIENT_COUNT)]
        try:
            async with asyncio.timeout(150), asyncio.TaskGroup() as tasks:
                for client in clients:
                    tasks.create_task(client.run())
                tasks.create_task(kills.kill_and_restart(clients))
            assert kills.server is not None
            async with http(kills.server) as requests:
                log = await read_log(requests, ITEM)
        finally:
            assert kills.server is not None
            await asyncio.to_thread(kills.server.end)

    assert_logs_match(log, clients)
    assert kills.kills == KILLS
    assert proxy.cuts >= CLIENT_COUNT
    assert kills.server.problems == [], kills.server.output
    print(f"{proxy.cuts} cuts, {kills.kills} kills, {sum(client.joins for client in clients)} joins")  # noqa: T201 - the storm's size
