"""Test that one turn of the event loop parses a limited number of a connection's pipelined requests (L6)."""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
import uvicorn
import uvloop
from fastapi import FastAPI, Request, WebSocket

from alcove.limits import Budget
from alcove.server.protocols import create_protocols
from alcove.server.websocket import UpgradeHttp
from alcove.wire.accept import accept
from alcove.wire.deadlines import DeadlineWheel
from tests.support.client_frames import client_frame
from tests.support.turn_counting import SlowReceiver, TurnCounter
from tests.support.wire_server import HTTP_LIMITS, LONG_DEADLINES, TIMEOUT_S

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "uvloop": uvloop.new_event_loop,
    "asyncio": asyncio.new_event_loop,
}
GET = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
LAST_REQUEST = b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"
HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
#: Twice the requests in 4 KiB, the budget of a turn: a turn may see the remaining input and newly read input.
MAX_REQUESTS_PER_TURN = 2 * (4096 // len(GET) + 1)


def send_and_count(loop: str, data: bytes, is_complete: Callable[[bytes], bool]) -> tuple[bytes, Counter[int]]:
    """Run a server and send it bytes; return the responses, and the number of requests that each turn parsed."""

    async def run() -> tuple[bytes, Counter[int]]:
        turns, requests_per_turn = TurnCounter(), Counter[int]()

        class CountingHttp(UpgradeHttp):
            """A protocol that counts the requests that begin in each turn."""

            def on_message_begin(self) -> None:
                """Count the request."""
                requests_per_turn[turns.count] += 1
                super().on_message_begin()

        app = FastAPI()

        @app.api_route("/", methods=["GET", "POST"])
        async def root(request: Request) -> int:
            return len(await request.body())

        @app.websocket("/ws")
        async def ws(websocket: WebSocket) -> None:
            connection = await accept(websocket, max_message=1024 * 1024, budget=wheel.budget)
            await connection.run(SlowReceiver(connection, turns))

        wheel = DeadlineWheel(LONG_DEADLINES, Budget())
        protocols = create_protocols("detached", HTTP_LIMITS, wheel)
        listener = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(
            app,
            http=partial(CountingHttp, limits=HTTP_LIMITS),  # type: ignore[arg-type]  # uvicorn calls it
            ws=protocols.ws,
            log_level="critical",
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        server_task = asyncio.create_task(server.serve(sockets=[listener]))
        received = await asyncio.wait_for(
            asyncio.to_thread(_send_and_read, listener.getsockname()[1], data, is_complete), TIMEOUT_S
        )
        await wheel.close_all(within_s=0.1)
        server.should_exit = True
        await server_task
        turns.stop()
        return received, requests_per_turn

    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        return runner.run(run())


def _send_and_read(port: int, data: bytes, is_complete: Callable[[bytes], bool]) -> bytes:
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as peer:
        peer.sendall(data)
        received = b""
        while not is_complete(received) and (part := peer.recv(1 << 20)):
            received += part
    return received


@pytest.mark.parametrize("loop", LOOPS)
def test_l6_turn_parses_no_more_requests_than_its_budget(loop: str) -> None:
    received, requests_per_turn = send_and_count(loop, GET * 2000 + LAST_REQUEST, lambda _: False)

    assert received.count(b"HTTP/1.1 200 OK") == 2001
    assert sum(requests_per_turn.values()) == 2001
    assert max(requests_per_turn.values()) <= MAX_REQUESTS_PER_TURN


@pytest.mark.parametrize("loop", LOOPS)
def test_l6_bodies_parsed_in_several_turns_arrive_whole(loop: str) -> None:
    body = b"x" * 300_000
    post = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    received, _ = send_and_count(loop, post * 5 + LAST_REQUEST, lambda _: False)

    assert received.count(b"\r\n\r\n300000") == 5


@pytest.mark.parametrize("loop", LOOPS)
def test_l6_frames_sent_with_a_handshake_may_exceed_the_budget(loop: str) -> None:
    data = HANDSHAKE + client_frame(0x81, b"x" * 3000) * 20 + client_frame(0x81, b"last")
    received, _ = send_and_count(loop, data, lambda received: received.endswith(b"heard"))

    assert received.startswith(b"HTTP/1.1 101 ")
    assert received.endswith(b"\x81\x05heard")
