"""Measure latency during a flood of bad tokens: `python -m bench.bad_tokens`, 300 handshakes a second for 10 s.

In a room of a server in signed mode, one connection sends and another reads. The latency from send to reader is
measured twice: without other load, and while handshakes with bad tokens arrive from one address and, as through a
trusted proxy, from many. The command prints both, and fails if the p99 during the flood reaches 50 ms.
"""

import asyncio
import json
import os
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import jwt
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from deploy.ports import free_port

#: Handshakes a second.
RATE = 300
SECONDS = 10.0
MAX_P99_MS = 50.0
PROTOCOL = Subprotocol("alcove.v1")
SECRET = secrets.token_hex(32)


def sign_token(secret: str) -> str:
    """Sign a token with a secret."""
    claims = {"sub": "ada", "items": {"foo": "rw"}, "exp": time.time() + 3600}
    return jwt.encode(claims, secret, algorithm="HS256")


@asynccontextmanager
async def run_server() -> AsyncIterator[int]:
    """Start a server and yield its port once it listens."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).parent / "alcove",
            *("serve", "--port", str(port)),
            cwd=folder,
            env={**os.environ, "ALCOVE_SECRET": SECRET, "ALCOVE_SENDS_PER_S": "0"},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            while True:
                try:
                    (await asyncio.open_connection("127.0.0.1", port))[1].close()
                    break
                except ConnectionRefusedError:
                    await asyncio.sleep(0.05)
            yield port
        finally:
            process.terminate()
            await process.wait()


async def measure_latencies(port: int, load: Callable[[], Awaitable[None]]) -> list[float]:
    """Send one entry after the other while `load` runs; return the sorted latencies in ms."""
    url = f"ws://127.0.0.1:{port}/items/foo/ws?tail=0&token={sign_token(SECRET)}"
    latencies_ms: list[float] = []
    async with connect(url, subprotocols=[PROTOCOL]) as sender, connect(url, subprotocols=[PROTOCOL]) as reader:
        load_task = asyncio.ensure_future(load())
        while not load_task.done():
            sent = time.perf_counter()
            await sender.send(json.dumps({"type": "send", "id": f"{sent}", "body": "x" * 80}))
            while f'"id":"{sent}"' not in str(await reader.recv()):
                pass
            latencies_ms.append((time.perf_counter() - sent) * 1000)
            await asyncio.sleep(0.01)
        await load_task
    return sorted(latencies_ms)


async def make_handshake(port: int, path: str, address: str, error_codes: Counter[str]) -> None:
    """Make a handshake with a bad token from an address, and count the error code of the response."""
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13"
    upgrade = f"Upgrade: websocket\r\nConnection: Upgrade\r\n{key}\r\nSec-WebSocket-Protocol: {PROTOCOL}"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Forwarded-For: {address}\r\n{upgrade}\r\n\r\n".encode()
    )
    response = b""
    while b'"code":"' not in response and (part := await reader.read(65536)):
        response += part
    error_codes[response.partition(b'"code":"')[2].partition(b'"')[0].decode()] += 1
    writer.transport.abort()


async def flood(port: int, error_codes: Counter[str]) -> None:
    """Make handshakes at RATE, half of them from one address, half of them from a new one each."""
    start = time.perf_counter()
    path = f"/items/foo/ws?token={sign_token(secrets.token_hex(32))}"
    async with asyncio.TaskGroup() as attempts:
        for number in range(int(RATE * SECONDS)):
            await asyncio.sleep(max(0.0, start + number / RATE - time.perf_counter()))
            address = "192.0.2.1" if number % 2 else f"198.18.{number // 256 % 256}.{number % 256}"
            attempts.create_task(make_handshake(port, path, address, error_codes))


def format_row(name: str, latencies_ms: list[float]) -> str:
    """Format the percentiles of one run."""
    p50, p99 = latencies_ms[len(latencies_ms) // 2], latencies_ms[int(len(latencies_ms) * 0.99)]
    maximum = latencies_ms[-1]
    return f"{name:10} {len(latencies_ms):5} entries   p50 {p50:6.2f} ms   p99 {p99:6.2f} ms   max {maximum:6.2f} ms"


async def main() -> int:
    """Measure and print; return 1 if the p99 during the flood is too high."""
    error_codes: Counter[str] = Counter()
    async with run_server() as port:
        without_flood_ms = await measure_latencies(port, lambda: asyncio.sleep(SECONDS / 2))
        during_flood_ms = await measure_latencies(port, lambda: flood(port, error_codes))
    print(format_row("no flood", without_flood_ms))
    print(format_row("flood", during_flood_ms), dict(error_codes))
    return 1 if during_flood_ms[int(len(during_flood_ms) * 0.99)] >= MAX_P99_MS else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
