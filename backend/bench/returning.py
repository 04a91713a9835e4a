"""Measure how fast all clients of a killed process reconnect to another one."""

import asyncio
import json
import random
import re
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.request import ProxyHandler, Request, build_opener

from bench.across import run_two_processes
from bench.machine import raise_limits
from bench.opening import handshake
from bench.peers.alcove import Alcove
from bench.plan import Plan
from deploy.engines import Engine

_CLIENTS = 5_000
_ROOMS = 100
#: Entries that each room gets while its readers are disconnected.
_MISSED = 3
#: The client's backoff: a random delay from the first number of seconds up to a ceiling, which doubles up to the last.
_MIN_DELAY_S, _MAX_DELAY_S = 0.5, 20.0
#: Handshakes in progress while the clients connect the first time.
_AT_ONCE = 100
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
        """Try until the client has joined and caught up, with the page's backoff; return the time of that."""
        ceiling = 2 * _MIN_DELAY_S
        while True:
            await asyncio.sleep(random.uniform(_MIN_DELAY_S, ceiling))  # noqa: S311 - spreads attempts, guards nothing
            try:
                await self.join(port, _MISSED)
            except (OSError, EOFError):
                ceiling = min(2 * ceiling, _MAX_DELAY_S)
            else:
                return time.monotonic()

    def leave(self) -> None:
        """Drop the connection."""
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


def _in_step(port: int) -> int:
    """Return the number of connections in step, by the process's metrics."""
    with _http.open(f"http://127.0.0.1:{port}/metrics") as answer:
        (count,) = re.findall(r'alcove_connections\{state="in_step"\} (\S+)', answer.read().decode())
    return int(float(count))


async def measure(postgres: Engine, redis: Engine, databases: ExitStack, folder: Path) -> str:
    """Measure the seconds from the kill until all clients have caught up on the other process; return the text."""
    raise_limits()
    with run_two_processes(postgres, redis.url, databases, folder) as (one, two):
        clients = [Client(number) for number in range(_CLIENTS)]
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def join_once(client: Client) -> None:
            async with at_once:
                await client.join(one.port, 0)

        async with asyncio.timeout(_TIMEOUT_S):
            await asyncio.gather(*map(join_once, clients))
            one.kill()
            killed = time.monotonic()
            await asyncio.gather(*(client.wait_until_lost() for client in clients))
            await asyncio.to_thread(_send_missed, two.port)
            caught_up_at = await asyncio.gather(*(client.reconnect(two.port) for client in clients))
        counted = await asyncio.to_thread(_in_step, two.port)
        for client in clients:
            client.leave()
    seconds = sorted(at - killed for at in caught_up_at)
    median = seconds[len(seconds) // 2]
    return (
        f"{_CLIENTS:,} clients of a process that is killed, back on the other one with the {_MISSED} entries that each "
        f"missed: half after {median:.1f} s, all after {seconds[-1]:.1f} s; {counted:,} in step there\n"
    )
