"""Test that servers in one process, and in worker processes, have separate limits and connections (L1, X6)."""

import asyncio
import pickle
import socket
from functools import partial

import uvicorn
from fastapi import FastAPI

from alcove.limits import Budget
from alcove.server.protocols import create_protocols
from alcove.wire.deadlines import DeadlineWheel
from tests.support.wire_server import HTTP_LIMITS, LONG_DEADLINES, TIMEOUT_S


def request_status(port: int) -> int:
    """Send a request with a head of 2 KB; return the status of the response."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as peer:
        peer.sendall(b"GET / HTTP/1.1\r\nHost: here\r\nX-Pad: %b\r\nConnection: close\r\n\r\n" % (b"x" * 2000))
        return int(peer.recv(100).split()[1])


async def test_l1_two_servers_in_one_process_have_separate_limits() -> None:
    app = FastAPI()
    app.get("/")(lambda: "ok")
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    servers = list[uvicorn.Server]()
    for head_bytes in (32 * 1024, 1024):
        limits = HTTP_LIMITS._replace(head_bytes=head_bytes)
        http, ws = create_protocols("detached", limits, DeadlineWheel(LONG_DEADLINES, Budget()))
        servers.append(uvicorn.Server(uvicorn.Config(app, http=http, ws=ws, log_config=None)))
    tasks = [asyncio.create_task(server.serve([listener])) for server, listener in zip(servers, listeners, strict=True)]

    async with asyncio.timeout(TIMEOUT_S):
        assert [await asyncio.to_thread(request_status, listener.getsockname()[1]) for listener in listeners] == [
            200,
            431,
        ]
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*tasks)


def test_x6_pickled_protocols_share_the_wheel_of_their_server() -> None:
    wheel = DeadlineWheel(LONG_DEADLINES, Budget())
    original = (wheel, create_protocols("detached", HTTP_LIMITS, wheel))

    copied_wheel, protocols = pickle.loads(pickle.dumps(original))  # noqa: S301 - bytes of this test; multiprocessing pickles its arguments

    assert isinstance(protocols.ws, partial)
    assert copied_wheel is protocols.ws.keywords["wheel"]
    assert copied_wheel is not wheel
