"""Measure latency within a process and between two, and the delays of readers while the bus restarts."""

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
#: Sends a second.
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
        postgres: The engine of the new database that the processes share.
        bus: The URL of the bus; None: the database.
        databases: The stack that drops the database.
        folder: The folder for their output.

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
    processes = []
    with ExitStack() as stack, (folder / "output.txt").open("wb") as output:
        for name in ("one", "two"):
            port = free_port()
            process = ClusterProcess(name, [str(_ALCOVE), "serve", "--port", str(port)], port, env, output)
            processes.append(process)
            stack.callback(process.end)
            process.start()
        for process in processes:
            process.wait_ready("/readyz")
        yield processes


class Reader:
    """A connection that records when each entry arrives."""

    def __init__(self, socket: ClientConnection) -> None:
        #: The seq of the last entry that arrived.
        self.head = 0
        #: The time from each send to its arrival.
        self.latencies_ms: list[float] = []
        self.task = asyncio.create_task(self._read(socket))
        self._head_changed = asyncio.Event()

    async def _read(self, socket: ClientConnection) -> None:
        async for frame in socket:
            now = time.monotonic()
            for text in str(frame).split("\n"):
                line = json.loads(text)
                if line["type"] == "entry":
                    self.head = line["seq"]
                    self.latencies_ms.append(1000 * (now - line["body"]["at"]))
            self._head_changed.set()

    async def wait_for(self, seq: int) -> None:
        """Wait until the entry with this seq has arrived."""
        while self.head < seq:
            self._head_changed.clear()
            await self._head_changed.wait()


class Traffic:
    """A sender on the first process, and readers on any process."""

    def __init__(self, processes: Sequence[ClusterProcess], stack: AsyncExitStack) -> None:
        self._processes = processes
        self._stack = stack
        #: The number of sent entries.
        self.sent = 0

    async def _join(self, process: int, name: str) -> ClientConnection:
        url = f"ws://127.0.0.1:{self._processes[process].port}/items/foo/ws?token=t&tail=0&name={name}"
        protocols = [Subprotocol("alcove.v1")]
        socket = await self._stack.enter_async_context(connect(url, subprotocols=protocols, proxy=None, max_queue=None))
        await socket.recv()
        return socket

    async def add_reader(self, process: int, number: int) -> Reader:
        """Connect a reader to the process with this index."""
        reader = Reader(await self._join(process, f"reader-{process}-{number}"))
        self._stack.callback(reader.task.cancel)
        return reader

    async def send(self, rate: float, seconds: float) -> None:
        """Send `rate` entries a second for `seconds`."""
        socket = await self._join(0, "sender")
        start = time.monotonic()
        for n in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, start + n / rate - time.monotonic()))
            self.sent += 1
            line = {"type": "send", "id": f"{start}-{n}", "body": {"at": time.monotonic(), "pad": "x" * 40}}
            await socket.send(json.dumps(line))


def _format_percentiles(latencies_ms: Sequence[float]) -> str:
    cuts = statistics.quantiles(latencies_ms, n=100)
    return f"p50 {cuts[49]:.2f} ms, p99 {cuts[98]:.2f} ms"


async def _measure_latency(processes: Sequence[ClusterProcess]) -> str:
    """Return the latency to a reader on the sender's process and to one on the other process."""
    async with AsyncExitStack() as stack:
        traffic = Traffic(processes, stack)
        local_reader = await traffic.add_reader(0, 0)
        remote_reader = await traffic.add_reader(1, 0)
        await traffic.send(_RATE, _SECONDS)
        await asyncio.gather(local_reader.wait_for(traffic.sent), remote_reader.wait_for(traffic.sent))
        local, remote = _format_percentiles(local_reader.latencies_ms), _format_percentiles(remote_reader.latencies_ms)
        return f"within {local}; across {remote}"


async def _measure_restart(processes: Sequence[ClusterProcess], bus: Engine) -> str:
    """Stop and start the bus during sends; return the delays of readers on the other process."""
    async with AsyncExitStack() as stack:
        traffic = Traffic(processes, stack)
        readers = [await traffic.add_reader(1, n) for n in range(_READERS)]
        sending = asyncio.create_task(traffic.send(20, _DOWN_S + 6))
        await asyncio.sleep(2)
        await asyncio.to_thread(bus.end)
        await asyncio.sleep(_DOWN_S)
        await asyncio.to_thread(bus.start)
        restarted = time.monotonic()
        sent = traffic.sent
        await asyncio.gather(*(reader.wait_for(sent) for reader in readers))
        caught_up_s = time.monotonic() - restarted
        await asyncio.to_thread(processes[1].wait_ready, "/readyz")
        ready_s = time.monotonic() - restarted
        await sending
        await asyncio.gather(*(reader.wait_for(traffic.sent) for reader in readers))
        max_ms = max(max(reader.latencies_ms) for reader in readers)
        return (
            f"{_READERS} readers on the other process while Redis is down for {_DOWN_S:g} s: no entry later than "
            f"{max_ms:.0f} ms; all caught up {caught_up_s:.2f} s after its restart, the process was ready after "
            f"{ready_s:.2f} s"
        )


async def measure(postgres: Engine, redis: Engine, databases: ExitStack, folder: Path) -> str:
    """Measure the latency on each bus and a restart of Redis; return the lines to print."""
    lines = [f"Latency at {_RATE:g} sends/s, one reader on each of two processes:"]
    for name, bus in (("Redis", redis.url), ("PostgreSQL's own bus", None)):
        with run_two_processes(postgres, bus, databases, folder) as processes:
            lines.append(f"- {name}: {await _measure_latency(processes)}")
            if bus:
                lines.append(f"- {await _measure_restart(processes, redis)}")
    return "\n".join([*lines, ""])
