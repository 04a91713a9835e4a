"""Measure the live list of rooms: what a change costs the server, and when its readers see it."""

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

from bench.machine import cpu_s, memory
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
    """What one run measured."""

    changes: int
    lines: int
    cpu_ms: float
    memory_kb: float
    latencies_ms: list[float]


def _token(sub: str, items: dict[str, str]) -> str:
    return jwt.encode({"sub": sub, "items": items, "exp": int(time.time()) + 3600}, _SECRET, algorithm="HS256")


def _room(number: int) -> str:
    return f"team-{number % _TEAMS}-room-{number}"


class _Reader:
    """A reader of the list."""

    def __init__(self, socket: ClientConnection) -> None:
        self.lines = 0
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
                    self.lines += 1
                    self.heads[line["item"]] = line["head"]
                    self.latencies_ms.append(1000 * (now - line["last"]["body"]))
            self.updated.set()

    async def wait_for(self, heads: dict[str, int]) -> None:
        """Wait until these heads were received."""
        while any(self.heads.get(item, 0) < head for item, head in heads.items()):
            self.updated.clear()
            await self.updated.wait()


async def _write_changes(client: httpx.AsyncClient, numbers: range, rate: float) -> dict[str, int]:
    """Write to one room after the other, `rate` times a second; return their heads."""
    heads: dict[str, int] = {}
    start = time.monotonic()
    for n in numbers:
        if rate:
            await asyncio.sleep(max(0.0, start + (n - numbers.start) / rate - time.monotonic()))
        item = _room(n * 37 % _ROOMS)
        response = await client.post(f"/api/items/{item}/entries", json={"body": time.monotonic()})
        heads[item] = response.raise_for_status().json()["seq"]
    return heads


async def _measure(server: Server, seconds: float, readers: int, *, all_rooms: bool) -> _Measurement:
    """Measure CPU, memory and latency of one scenario."""
    async with AsyncExitStack() as stack:
        headers = {"Authorization": f"Bearer {_token('writer', {'*': 'rw'})}"}
        client = await stack.enter_async_context(
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", headers=headers, trust_env=False)
        )
        await _write_changes(client, range(_ROOMS), 0)
        before_kb = memory(server.pid) / 1024
        connected_readers: list[_Reader] = []
        for n in range(readers):
            rights = {"*": "r"} if all_rooms else {f"team-{n % _TEAMS}-*": "r"}
            url = f"ws://127.0.0.1:{server.port}/api/items/ws?limit=0&token={_token(f'reader-{n}', rights)}"
            protocols = [Subprotocol("alcove.v1")]
            socket = await stack.enter_async_context(
                connect(url, subprotocols=protocols, proxy=None, compression=None, max_queue=None, ping_interval=None)
            )
            connected_readers.append(_Reader(socket))
            stack.callback(asyncio.create_task(connected_readers[-1].run()).cancel)
        memory_growth_kb = memory(server.pid) / 1024 - before_kb
        changes = range(_ROOMS, _ROOMS + int(_RATE * seconds))
        cpu_used_s = -cpu_s(server.pid)
        heads = await _write_changes(client, changes, _RATE)
        for n, reader in enumerate(connected_readers):
            await reader.wait_for(
                heads if all_rooms else {item: head for item, head in heads.items() if _in_team(item, n)}
            )
        cpu_used_s += cpu_s(server.pid)
        latencies = [latency_ms for reader in connected_readers for latency_ms in reader.latencies_ms]
        lines = sum(reader.lines for reader in connected_readers)
        return _Measurement(len(changes), lines, 1000 * cpu_used_s, memory_growth_kb, latencies)


def _in_team(item: str, reader: int) -> bool:
    return item.startswith(f"team-{reader % _TEAMS}-")


def run(out: Path, seconds: float) -> int:
    """Print a table: the same changes with no readers, with readers of ten rooms each, and of all rooms."""
    print(f"{_ROOMS:,} rooms, {_READERS:,} readers of the list, {_RATE:g} changes a second over HTTP:\n")
    print("| readers | lines per change | CPU per change: ms | memory per reader: KB | p50 / p99: ms |")
    print("|---|--:|--:|--:|--:|")
    scenarios = [("none", 0, False), ("each of 10 rooms", _READERS, False), ("each of all rooms", _READERS, True)]
    for name, readers, all_rooms in scenarios:
        with run_server(_AlcoveWithTokens("detached"), out, None) as server:
            result = asyncio.run(_measure(server, seconds, readers, all_rooms=all_rooms))
        percentiles = statistics.quantiles(result.latencies_ms, n=100) if readers else []
        latency = f"{percentiles[49]:.0f} / {percentiles[98]:.0f}" if percentiles else "–"
        per_reader = f"{result.memory_kb / readers:.1f}" if readers else "–"
        print(
            f"| {name} | {result.lines / result.changes:.1f} | {result.cpu_ms / result.changes:.2f} | {per_reader}"
            f" | {latency} |"
        )
    return 0
