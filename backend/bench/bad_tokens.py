"""What a flood of bad tokens does to those who are in: `python -m bench.bad_tokens`, 300 handshakes a second for 10 s.

A server of its own in signed mode, a room in which one member sends and another hears it, twice: in peace, and while
handshakes with bad tokens come from the same address and, through a trusted proxy, from many. It prints how long an
entry takes from the send to the reader, and fails where the p99 under the flood reaches 50 ms.
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

RATE = 300
SECONDS = 10.0
BOUND_MS = 50.0
PROTOCOL = Subprotocol("alcove.v1")
SECRET = secrets.token_hex(32)


def token(*, good: bool) -> str:
    """A token, which a stranger signed where it is no good."""
    claims = {"sub": "ada", "items": {"foo": "rw"}, "exp": time.time() + 3600}
    return jwt.encode(claims, SECRET if good else secrets.token_hex(32), algorithm="HS256")


@asynccontextmanager
async def server() -> AsyncIterator[int]:
    """A server that listens on the port."""
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


async def latencies(port: int, during: Callable[[], Awaitable[None]]) -> list[float]:
    """Milliseconds from each send to its entry at the reader, one after the other, while something else goes on."""
    url = f"ws://127.0.0.1:{port}/items/foo/ws?tail=0&token={token(good=True)}"
    took: list[float] = []
    async with connect(url, subprotocols=[PROTOCOL]) as sender, connect(url, subprotocols=[PROTOCOL]) as reader:
        other = asyncio.ensure_future(during())
        while not other.done():
            sent = time.perf_counter()
            await sender.send(json.dumps({"type": "send", "id": f"{sent}", "body": "x" * 80}))
            while f'"id":"{sent}"' not in str(await reader.recv()):
                pass
            took.append((time.perf_counter() - sent) * 1000)
            await asyncio.sleep(0.01)
        await other
    return sorted(took)


async def knock(port: int, path: str, address: str, heard: Counter[str]) -> None:
    """One bad handshake, to the end of the connection."""
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13"
    upgrade = f"Upgrade: websocket\r\nConnection: Upgrade\r\n{key}\r\nSec-WebSocket-Protocol: {PROTOCOL}"
    come, go = await asyncio.open_connection("127.0.0.1", port)
    go.write(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Forwarded-For: {address}\r\n{upgrade}\r\n\r\n".encode()
    )
    answer = b""
    while b'"code":"' not in answer and (part := await come.read(65536)):
        answer += part
    heard[answer.partition(b'"code":"')[2].partition(b'"')[0].decode()] += 1
    go.transport.abort()


async def flood(port: int, heard: Counter[str]) -> None:
    """Handshakes at the rate, half from one address, half from ever new ones."""
    start = time.perf_counter()
    path = f"/items/foo/ws?token={token(good=False)}"
    async with asyncio.TaskGroup() as knocking:
        for number in range(int(RATE * SECONDS)):
            await asyncio.sleep(max(0.0, start + number / RATE - time.perf_counter()))
            address = "192.0.2.1" if number % 2 else f"198.18.{number // 256 % 256}.{number % 256}"
            knocking.create_task(knock(port, path, address, heard))


def line(name: str, took: list[float]) -> str:
    """Percentiles of one run."""
    p50, p99 = took[len(took) // 2], took[int(len(took) * 0.99)]
    return f"{name:10} {len(took):5} entries   p50 {p50:6.2f} ms   p99 {p99:6.2f} ms   max {took[-1]:6.2f} ms"


async def main() -> int:
    """Measure; 1 where the flood shows."""
    heard: Counter[str] = Counter()
    async with server() as port:
        peace = await latencies(port, lambda: asyncio.sleep(SECONDS / 2))
        flooded = await latencies(port, lambda: flood(port, heard))
    print(line("in peace", peace))
    print(line("flooded", flooded), dict(heard))
    return 1 if flooded[int(len(flooded) * 0.99)] >= BOUND_MS else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
