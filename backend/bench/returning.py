"""A process is killed, and all its clients come back to another one at the same time."""

import asyncio
import json
import random
import re
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.request import ProxyHandler, Request, build_opener

from bench.across import pair
from bench.machine import raise_limits
from bench.opening import handshake
from bench.peers.alcove import Alcove
from bench.plan import Plan
from deploy.engines import Engine

_CLIENTS = 5_000
_ROOMS = 100
#: Entries that each room gets while its readers are away.
_MISSED = 3
#: How the page backs off: from the first up to a ceiling that doubles until the last, in seconds.
_SHORTEST_S, _LONGEST_S = 0.5, 20.0
#: Handshakes at once while the clients come the first time.
_AT_ONCE = 100
_PATIENCE_S = 60.0
_SEQ = re.compile(rb'"type":"entry","seq":(\d+)')
_http = build_opener(ProxyHandler({}))


class Client:
    """A connection that is lost, and comes back behind what it had: nothing."""

    def __init__(self, number: int) -> None:
        self._room, self._member = number % _ROOMS, number
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def enter(self, port: int, missed: int) -> None:
        """Be greeted, and in step: with everything that was missed. Raises OSError, EOFError."""
        plan = Plan(kind="opening", port=port, dialect=Alcove.dialect, rooms=_ROOMS, readers=1)
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        self._writer.write(handshake(plan, self._room, self._member).replace(b"&tail=0", b"&after=0"))
        heard = b""
        while b'"type":"hello"' not in heard or max(map(int, _SEQ.findall(heard)), default=0) < missed:
            data = await self._reader.read(65536)
            if not data:
                raise EOFError
            heard += data

    async def lost(self) -> None:
        """Wait until the connection is."""
        assert self._reader is not None
        try:
            while await self._reader.read(65536):
                pass
        except OSError:
            return

    async def come_back(self, port: int) -> float:
        """Try again and again, as the page does; the time when it is in step."""
        ceiling = 2 * _SHORTEST_S
        while True:
            await asyncio.sleep(random.uniform(_SHORTEST_S, ceiling))  # noqa: S311 - spreads attempts, guards nothing
            try:
                await self.enter(port, _MISSED)
            except (OSError, EOFError):
                ceiling = min(2 * ceiling, _LONGEST_S)
            else:
                return time.monotonic()

    def leave(self) -> None:
        """Be gone."""
        if self._writer is not None:
            self._writer.transport.abort()


def _say(port: int) -> None:
    """Send what the readers of every room miss."""
    for room in range(_ROOMS):
        for number in range(_MISSED):
            body = json.dumps({"id": f"missed-{number}", "body": "x" * 80}).encode()
            headers = {"authorization": "Bearer bench", "content-type": "application/json"}
            with _http.open(Request(f"http://127.0.0.1:{port}/api/items/room{room}/entries", body, headers)):
                pass


def _in_step(port: int) -> int:
    """Connections in step, by the process's own count."""
    with _http.open(f"http://127.0.0.1:{port}/metrics") as answer:
        (count,) = re.findall(r'alcove_connections\{state="in_step"\} (\S+)', answer.read().decode())
    return int(float(count))


async def measure(postgres: Engine, redis: Engine, databases: ExitStack, folder: Path) -> str:
    """Seconds from the kill until everyone is in step on the other process."""
    raise_limits()
    with pair(postgres, redis.url, databases, folder) as (one, two):
        clients = [Client(number) for number in range(_CLIENTS)]
        few = asyncio.Semaphore(_AT_ONCE)

        async def come(client: Client) -> None:
            async with few:
                await client.enter(one.port, 0)

        async with asyncio.timeout(_PATIENCE_S):
            await asyncio.gather(*map(come, clients))
            one.kill()
            killed = time.monotonic()
            await asyncio.gather(*(client.lost() for client in clients))
            await asyncio.to_thread(_say, two.port)
            back = await asyncio.gather(*(client.come_back(two.port) for client in clients))
        counted = await asyncio.to_thread(_in_step, two.port)
        for client in clients:
            client.leave()
    took = sorted(at - killed for at in back)
    return (
        f"{_CLIENTS:,} clients of a process that is killed, back on the other one with the {_MISSED} entries that each "
        f"missed: half after {took[len(took) // 2]:.1f} s, all after {took[-1]:.1f} s; {counted:,} in step there\n"
    )
