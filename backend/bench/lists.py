"""Measure the live list of rooms: the cost of a change for the server, and the delay until its readers have it."""

import asyncio
import json
import statistics
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

import httpx
import jwt
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from bench.machine import cpu_s, memory_bytes
from bench.peers.alcove import Alcove
from bench.server import Server, run_server

_SECRET = "the secret of the benchmark, at least 32 bytes"  # noqa: S105 - for the benchmark only
_TEAMS = 100
_ROOMS = 1000
_READERS = 1000
#: Changes a second, spread over all rooms.
_RATE = 50.0


class _AlcoveWithTokens(Alcove):
    """Alcove that requires signed tokens, so that each reader has separate rights."""

    def env(self, folder: Path) -> dict[str, str]:
        """Add the secret to the environment."""
        return {**super().env(folder), "ALCOVE_SECRET": _SECRET}


class _Measurement(NamedTuple):
    """The figures of one run."""

    change_count: int
    line_count: int
    cpu_ms: float
    #: The growth of the server's memory by all readers.
    memory_kb: float
    latencies_ms: list[float]


def _token(sub: str, items: dict[str, str]) -> str:
    return jwt.encode({"sub": sub, "items": items, "exp": int(time.time()) + 3600}, _SECRET, algorithm="HS256")


def _room(number: int) -> str:
    return f"team-{number % _TEAMS}-room-{number}"


class _Reader:
    """A reader of the list."""

    def __init__(self, socket: ClientConnection) -> None:
        self.line_count = 0
        #: The last head of each item.
        self.heads: dict[str, int] = {}
        self.latencies_ms: list[float] = []
        self.updated = asyncio.Event()
        self._socket = socket

    async def run(self) -> None:
        """Read until the connection closes."""
        async for frame in self._socket:
            now = time.monotonic()
            for text in str(frame).split("\n"):
                line = json.loads(text)
                if line["type"] == "item":
                    self.line_count += 1
                    self.heads[line["item"]] = line["head"]
                    self.latencies_ms.append(1000 * (now - line["last"]["body"]))
            self.updated.set()

    async def wait_for(self, heads: dict[str, int]) -> None:
        """Wait until a line with each of these heads, or a later one, is received."""
        while any(self.heads.get(item, 0) < head for item, head in heads.items()):
            self.updated.clear()
            await self.updated.wait()


async def _write_changes(client: httpx.AsyncClient, numbers: range, rate: float) -> dict[str, int]:
    """Write to one room for each number, `rate` times a second or (0) without pause; return the heads by item."""
    heads: dict[str, int] = {}
    start = time.monotonic()
    for n in numbers:
        if rate:
            await asyncio.sleep(max(0.0, start + (n - numbers.start) / rate - time.monotonic()))
        item = _room(n * 37 % _ROOMS)  # 37 and _ROOMS have no common factor, so every room gets its turn
        response = await client.post(f"/api/items/{item}/entries", json={"body": time.monotonic()})
        heads[item] = response.raise_for_status().json()["seq"]
    return heads


async def _measure(server: Server, seconds: float, reader_count: int, *, all_rooms: bool) -> _Measurement:
    """Measure CPU, memory and latency with readers of all rooms, or of ten rooms each."""
    async with AsyncExitStack() as stack:
        headers = {"Authorization": f"Bearer {_token('writer', {'*': 'rw'})}"}
        client = await stack.enter_async_context(
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", headers=headers, trust_env=False)
        )
        await _write_changes(client, range(_ROOMS), 0)
        before_kb = memory_bytes(server.pid) / 1024
        readers: list[_Reader] = []
        for n in range(reader_count):
            rights = {"*": "r"} if all_rooms else {f"team-{n % _TEAMS}-*": "r"}
            url = f"ws://127.0.0.1:{server.port}/api/items/ws?limit=0&token={_token(f'reader-{n}', rights)}"
            protocols = [Subprotocol("alcove.v1")]
            socket = await stack.enter_async_context(
                connect(url, subprotocols=protocols, proxy=None, compression=None, max_queue=None, ping_interval=None)
            )
            readers.append(_Reader(socket))
            stack.callback(asyncio.create_task(readers[-1].run()).cancel)
        memory_growth_kb = memory_bytes(server.pid) / 1024 - before_kb
        changes = range(_ROOMS, _ROOMS + int(_RATE * seconds))
        cpu_used_s = -cpu_s(server.pid)
        heads = await _write_changes(client, changes, _RATE)
        for n, reader in enumerate(readers):
            await reader.wait_for(
                heads if all_rooms else {item: head for item, head in heads.items() if _may_read(item, n)}
            )
        cpu_used_s += cpu_s(server.pid)
        latencies_ms = [latency_ms for reader in readers for latency_ms in reader.latencies_ms]
        line_count = sum(reader.line_count for reader in readers)
        return _Measurement(len(changes), line_count, 1000 * cpu_used_s, memory_growth_kb, latencies_ms)


def _may_read(item: str, reader: int) -> bool:
    return item.startswith(f"team-{reader % _TEAMS}-")


def run(out: Path, seconds: float) -> int:
    """Print a table: the same changes with no readers, with readers of ten rooms each, and of all rooms."""
    print(f"{_ROOMS:,} rooms, {_READERS:,} readers of the list, {_RATE:g} changes a second over HTTP:\n")
    print("| readers | lines per change | CPU per change: ms | memory per reader: KB | p50 / p99: ms |")
    print("|---|--:|--:|--:|--:|")
    scenarios = [("none", 0, False), ("each of 10 rooms", _READERS, False), ("each of all rooms", _READERS, True)]
    for name, reader_count, all_rooms in scenarios:
        with run_server(_AlcoveWithTokens("detached"), out, None) as server:
            result = asyncio.run(_measure(server, seconds, reader_count, all_rooms=all_rooms))
        percentiles = statistics.quantiles(result.latencies_ms, n=100) if reader_count else []
        latency = f"{percentiles[49]:.0f} / {percentiles[98]:.0f}" if percentiles else "–"
        kb_per_reader = f"{result.memory_kb / reader_count:.1f}" if reader_count else "–"
        lines_per_change = result.line_count / result.change_count
        cpu_ms_per_change = result.cpu_ms / result.change_count
        print(f"| {name} | {lines_per_change:.1f} | {cpu_ms_per_change:.2f} | {kb_per_reader} | {latency} |")
    return 0
