"""Measure the time in which all clients of a killed process reconnect to another one."""

import asyncio
import json
import random
import re
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.request import ProxyHandler, Request, build_opener

from bench.across import run_two_processes
from bench.machine import raise_open_file_limit
from bench.opening import handshake
from bench.peers.alcove import Alcove
from bench.plan import Plan
from deploy.engines import Engine

_CLIENTS = 5_000
_ROOMS = 100
#: Entries that each room gets while its readers are disconnected.
_MISSED = 3
#: The backoff of the page's client: a random delay between the minimum and a limit, which doubles up to the maximum.
_MIN_DELAY_S, _MAX_DELAY_S = 0.5, 20.0
#: The maximum number of handshakes in progress while the clients connect for the first time.
_MAX_IN_PROGRESS = 100
_TIMEOUT_S = 60.0
_SEQ = re.compile(rb'"type":"entry","seq":(\d+)')
_http = build_opener(ProxyHandler({}))


class Client:
    """A connection that reconnects after it is lost, and resumes from the beginning of the room."""

    def __init__(self, number: int) -> None:
        self._room, self._member = number % _ROOMS, number
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def join(self, port: int, seq: int) -> None:
        """Join the room and read up to the entry `seq`. Raises OSError or EOFError."""
        plan = Plan(kind="opening", port=port, dialect=Alcove.dialect, rooms=_ROOMS, readers=1)
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        self._writer.write(handshake(plan, self._room, self._member).replace(b"&tail=0", b"&after=0"))
        received = b""
        while b'"type":"hello"' not in received or max(map(int, _SEQ.findall(received)), default=0) < seq:
            data = await self._reader.read(65536)
            if not data:
                raise EOFError
            received += data

    async def wait_until_lost(self) -> None:
        """Wait until the connection is lost."""
        assert self._reader is not None
        try:
            while await self._reader.read(65536):
                pass
        except OSError:
            return

    async def reconnect(self, port: int) -> float:
        """Try to join with backoff until the client has caught up; return the time on the monotonic clock."""
        delay_limit_s = 2 * _MIN_DELAY_S
        while True:
            await asyncio.sleep(random.uniform(_MIN_DELAY_S, delay_limit_s))  # noqa: S311 - not for security
            try:
                await self.join(port, _MISSED)
            except (OSError, EOFError):
                delay_limit_s = min(2 * delay_limit_s, _MAX_DELAY_S)
            else:
                return time.monotonic()

    def abort(self) -> None:
        """Abort the connection."""
        if self._writer is not None:
            self._writer.transport.abort()


def _send_missed(port: int) -> None:
    """Send _MISSED entries to every room."""
    for room in range(_ROOMS):
        for number in range(_MISSED):
            body = json.dumps({"id": f"missed-{number}", "body": "x" * 80}).encode()
            headers = {"authorization": "Bearer bench", "content-type": "application/json"}
            with _http.open(Request(f"http://127.0.0.1:{port}/api/items/room{room}/entries", body, headers)):
                pass


def _count_in_step(port: int) -> int:
    """Return the number of connections in step (with every entry sent to them), as the process's metrics report it."""
    with _http.open(f"http://127.0.0.1:{port}/metrics") as response:
        (count,) = re.findall(r'alcove_connections\{state="in_step"\} (\S+)', response.read().decode())
    return int(float(count))


async def measure(postgres: Engine, redis: Engine, databases: ExitStack, folder: Path) -> str:
    """Measure the time from the kill until all clients have caught up on the other process; return the result."""
    raise_open_file_limit()
    with run_two_processes(postgres, redis.url, databases, folder) as (one, two):
        clients = [Client(number) for number in range(_CLIENTS)]
        slots = asyncio.Semaphore(_MAX_IN_PROGRESS)

        async def join_first(client: Client) -> None:
            async with slots:
                await client.join(one.port, 0)

        async with asyncio.timeout(_TIMEOUT_S):
            await asyncio.gather(*map(join_first, clients))
            one.kill()
            killed_at = time.monotonic()
            await asyncio.gather(*(client.wait_until_lost() for client in clients))
            await asyncio.to_thread(_send_missed, two.port)
            caught_up_at = await asyncio.gather(*(client.reconnect(two.port) for client in clients))
        in_step_count = await asyncio.to_thread(_count_in_step, two.port)
        for client in clients:
            client.abort()
    delays_s = sorted(at - killed_at for at in caught_up_at)
    median_s = delays_s[len(delays_s) // 2]
    return (
        f"{_CLIENTS:,} clients of a killed process reconnected to the other one and read the {_MISSED} entries that "
        f"each missed: half of them after {median_s:.1f} s, all after {delays_s[-1]:.1f} s; {in_step_count:,} in step\n"
    )
