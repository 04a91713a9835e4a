"""A receiver that is down and a server that is killed lose no webhook (K2)."""

import asyncio
import signal
from contextlib import suppress
from pathlib import Path

from deploy.ports import free_port
from tests.support.credentials import SECRET
from tests.support.deliveries import Traffic, complete, delays
from tests.support.servers import Server, alcove
from tests.support.storm import DEEP, depth, storm
from tests.support.webhook_receiver import Receiver

KILLS, MESSAGES, ITEMS = depth(2, 5), depth(60, 2000), depth(5, 20)
#: Seconds that the receiver is down.
DOWN_S = 60.0


@storm
async def test_k2_nothing_is_lost_while_the_receiver_is_down_and_the_server_is_killed(tmp_path: Path) -> None:
    receiver, traffic, port = Receiver(), Traffic(ITEMS), free_port()
    env = {"ALCOVE_SECRET": SECRET, "ALCOVE_SENDS_PER_S": "0", **receiver.env}

    def start() -> Server:
        return alcove(port=port, cwd=tmp_path, env=env)

    server = await asyncio.to_thread(start)
    began = asyncio.get_running_loop().time()
    for kill in range(KILLS):
        await traffic.send([server], MESSAGES // (KILLS + 1))
        if DEEP:  # the kills are spread over the time
            await asyncio.sleep(max(0, began + DOWN_S * (kill + 1) / (KILLS + 1) - asyncio.get_running_loop().time()))
        await asyncio.to_thread(server.end, signal.SIGKILL)
        server = await asyncio.to_thread(start)
    await traffic.send([server], MESSAGES - traffic.total)
    if DEEP:
        await asyncio.sleep(max(0, began + DOWN_S - asyncio.get_running_loop().time()))
    async with receiver:
        await receiver.until(lambda: complete(traffic, receiver))
        traffic.check(receiver)
        before = len(receiver.accepted)
        await traffic.send([server], MESSAGES // 2)
        await receiver.until(lambda: complete(traffic, receiver))
        traffic.check(receiver)
        in_peace = delays(receiver, before)
        print(f"{traffic.total} messages, {len(receiver.accepted)} arrivals; in peace ms:", *_percentiles(in_peace))  # noqa: T201 - for `make storm -s`
        assert not DEEP or in_peace[len(in_peace) * 99 // 100] < 1000
        with suppress(AssertionError):
            await asyncio.to_thread(server.end)


def _percentiles(values: list[float]) -> list[str]:
    return [f"p{part} {values[len(values) * part // 100]:.0f}" for part in (50, 90, 99)]
