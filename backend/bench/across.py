"""Measure latency within a process and between two, and what readers notice when the bus restarts."""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from deploy.cluster import ClusterProcess
from deploy.engines import Engine, database
from deploy.ports import free_port

_ALCOVE = Path(sys.executable).with_name("alcove")
#: Sends a second, and for how many seconds.
_RATE = 50.0
_SECONDS = 6.0
_READERS = 100
#: Seconds that the bus is down.
_DOWN_S = 5.0


@contextmanager
def run_two_processes(
    postgres: Engine, bus: str | None, databases: ExitStack, folder: Path
) -> Iterator[list[ClusterProcess]]:
    """Start two processes and wait until they are ready.

    Args:
        postgres: The engine in which they get a new database.
        bus: The URL of the bus; None: the database.
        databases: Drops the database.
        folder: For their output.

    """
    url = databases.enter_context(database(postgres.url))
    env = {
        "ALCOVE_DATABASE_URL": url,
        "ALCOVE_BUS_URL": bus or url,
        "ALCOVE_BUS_PREFIX": url[-8:],
        "ALCOVE_SENDS_PER_S": "0",
        "ALCOVE_HANDSHAKES_PER_S": "0",
        "ALCOVE_LOG": "json",
    }
    members = []
    with ExitStack() as running, (folder / "output.txt").open("wb") as output:
        for name in ("one", "two"):
            port = free_port()
            members.append(ClusterProcess(name, [str(_ALCOVE), "serve", "--port", str(port)], port, env, output))
            running.callback(members[-1].end)
            members[-1].start()
        for member in members:
            member.wait_ready("/readyz")
        yield members


class Reader:
    """A connection that records when each entry arrives."""

    def __init__(self, socket: ClientConnection) -> None:
        self.head = 0
        #: Milliseconds from each send to its arrival.
        self.latencies_ms: list[float] = []
        self.moved = asyncio.Event()
        self.reading = asyncio.create_task(self._read(socket))

    async def _read(self, socket: ClientConnection) -> None:
        async for frame in socket:
            now = time.monotonic()
            for text in str(frame).split("\n"):
                line = json.loads(text)
                if line["type"] == "entry":
                    self.head = line["seq"]
                    self.latencies_ms.append(1000 * (now - line["body"]["at"]))
            self.moved.set()

    async def wait_for(self, seq: int) -> None:
        """Wait until the entry with this seq has arrived."""
        while self.head < seq:
            self.moved.clear()
            await self.moved.wait()


class Traffic:
    """A sender on the first process, and readers on any process."""

    def __init__(self, members: Sequence[ClusterProcess], stack: AsyncExitStack) -> None:
        self._members = members
        self._stack = stack
        self.sent = 0

    async def _join(self, process: int, name: str) -> ClientConnection:
        url = f"ws://127.0.0.1:{self._members[process].port}/items/foo/ws?token=t&tail=0&name={name}"
        protocols = [Subprotocol("alcove.v1")]
        socket = await self._stack.enter_async_context(connect(url, subprotocols=protocols, proxy=None, max_queue=None))
        await socket.recv()
        return socket

    async def reader(self, process: int, number: int) -> Reader:
        """Connect a reader to a process."""
        reader = Reader(await self._join(process, f"reader-{process}-{number}"))
        self._stack.callback(reader.reading.cancel)
        return reader

    async def send_at(self, rate: float, seconds: float) -> None:
        """Send `rate` entries a second."""
        socket = await self._join(0, "sender")
        start = time.monotonic()
        for n in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, start + n / rate - time.monotonic()))
            self.sent += 1
            line = {"type": "send", "id": f"{start}-{n}", "body": {"at": time.monotonic(), "pad": "x" * 40}}
            await socket.send(json.dumps(line))


def _percentiles(latencies_ms: Sequence[float]) -> str:
    cuts = statistics.quantiles(latencies_ms, n=100)
    return f"p50 {cuts[49]:.2f} ms, p99 {cuts[98]:.2f} ms"


async def _latency(members: Sequence[ClusterProcess]) -> str:
    async with AsyncExitStack() as stack:
        traffic = Traffic(members, stack)
        within, across = await traffic.reader(0, 0), await traffic.reader(1, 0)
        await traffic.send_at(_RATE, _SECONDS)
        await asyncio.gather(within.wait_for(traffic.sent), across.wait_for(traffic.sent))
        return f"within {_percentiles(within.latencies_ms)}; across {_percentiles(across.latencies_ms)}"


async def _restart(members: Sequence[ClusterProcess], bus: Engine) -> str:
    async with AsyncExitStack() as stack:
        traffic = Traffic(members, stack)
        readers = [await traffic.reader(1, n) for n in range(_READERS)]
        sending = asyncio.create_task(traffic.send_at(20, _DOWN_S + 6))
        await asyncio.sleep(2)
        await asyncio.to_thread(bus.end)
        await asyncio.sleep(_DOWN_S)
        await asyncio.to_thread(bus.start)
        back, sent = time.monotonic(), traffic.sent
        await asyncio.gather(*(reader.wait_for(sent) for reader in readers))
        caught_up = time.monotonic() - back
        await asyncio.to_thread(members[1].wait_ready, "/readyz")
        up = time.monotonic() - back
        await sending
        await asyncio.gather(*(reader.wait_for(traffic.sent) for reader in readers))
        late = max(max(reader.latencies_ms) for reader in readers)
        return (
            f"{_READERS} readers on the other process while Redis is down for {_DOWN_S:g} s: no entry later than "
            f"{late:.0f} ms; all caught up {caught_up:.2f} s after it is back, announcements again after {up:.2f} s"
        )


async def measure(postgres: Engine, redis: Engine, databases: ExitStack, folder: Path) -> str:
    """Measure the latency on each bus and a restart of Redis; return the lines to print."""
    lines = [f"Latency at {_RATE:g} sends/s, one reader on each of two processes:"]
    for name, bus in (("Redis", redis.url), ("PostgreSQL's own bus", None)):
        with run_two_processes(postgres, bus, databases, folder) as members:
            lines.append(f"- {name}: {await _latency(members)}")
            if bus:
                lines.append(f"- {await _restart(members, redis)}")
    return "\n".join([*lines, ""])
