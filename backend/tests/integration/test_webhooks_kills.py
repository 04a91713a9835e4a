"""Test that no webhook is lost while the receiver is down and the server is killed (K2)."""

import asyncio
import re
import signal
from contextlib import suppress
from pathlib import Path

from deploy.ports import free_port
from tests.support.clients import TIMEOUT_S, pause_briefly
from tests.support.credentials import SECRET
from tests.support.deliveries import Traffic, all_arrived, delays_ms
from tests.support.http import http
from tests.support.servers import Server, start_alcove
from tests.support.storm import DEEP, depth, storm
from tests.support.webhook_receiver import Receiver

KILL_COUNT = depth(2, 5)
MESSAGE_COUNT = depth(60, 2000)
ITEM_COUNT = depth(5, 20)
#: Deliveries that fail in each server process before it is killed. An item is tried after 1, 3, 7, 15 … seconds, so
#: the receiver is down for about a minute in `make storm`.
FAILURE_COUNT = depth(1, 23)
_FAILED = re.compile(r'^alcove_consumer_deliveries_total\{consumer="webhook",outcome="failed"\} (\S+)$', re.MULTILINE)


async def wait_for_failures(server: Server) -> None:
    """Wait until `FAILURE_COUNT` deliveries of this process have failed."""
    async with asyncio.timeout(TIMEOUT_S), http(server) as client:
        while float(_FAILED.findall((await client.get("/metrics")).text)[0]) < FAILURE_COUNT:
            await pause_briefly()


@storm
async def test_k2_no_delivery_is_lost_when_receiver_and_server_fail(tmp_path: Path) -> None:
    receiver = Receiver()
    traffic = Traffic(ITEM_COUNT)
    port = free_port()
    env = {"ALCOVE_SECRET": SECRET, "ALCOVE_SENDS_PER_S": "0", **receiver.env}

    def start_server() -> Server:
        return start_alcove(port=port, cwd=tmp_path, env=env)

    server = await asyncio.to_thread(start_server)
    for _ in range(KILL_COUNT):
        await traffic.send([server], MESSAGE_COUNT // (KILL_COUNT + 1))
        await wait_for_failures(server)
        await asyncio.to_thread(server.end, signal.SIGKILL)
        server = await asyncio.to_thread(start_server)
    await traffic.send([server], MESSAGE_COUNT - traffic.total)
    await wait_for_failures(server)
    async with receiver:
        await receiver.wait_for(lambda: all_arrived(traffic, receiver))
        traffic.assert_delivered_in_order(receiver)
        accepted_count = len(receiver.accepted)
        await traffic.send([server], MESSAGE_COUNT // 2)
        await receiver.wait_for(lambda: all_arrived(traffic, receiver))
        traffic.assert_delivered_in_order(receiver)
        delays = delays_ms(receiver, accepted_count)
        figures = f"{traffic.total} sent, {len(receiver.accepted)} arrivals; ms without faults:"
        print(figures, *_percentiles(delays))  # noqa: T201 - for `make storm -s`
        assert not DEEP or delays[len(delays) * 99 // 100] < 1000
        with suppress(AssertionError):
            await asyncio.to_thread(server.end)


def _percentiles(values: list[float]) -> list[str]:
    """Format percentiles of sorted values."""
    return [f"p{part} {values[len(values) * part // 100]:.0f}" for part in (50, 90, 99)]
