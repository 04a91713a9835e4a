"""Test that one turn of the event loop processes a limited share of a connection's input (L6).

The tests run with both carriers (WebSocket implementations), `detached` and `asgi`, on both event loops.
"""

import asyncio
import socket
from collections.abc import Callable

import pytest
import uvicorn
import uvloop
from fastapi import FastAPI, WebSocket

from alcove.limits import Budget
from alcove.server.protocols import Carrier, create_protocols
from alcove.wire.accept import accept
from alcove.wire.deadlines import DeadlineWheel
from tests.support.client_frames import client_frame
from tests.support.turn_counting import SlowReceiver, TurnCounter
from tests.support.wire_server import HTTP_LIMITS, LONG_DEADLINES, TIMEOUT_S, RawClient

FRAMES_PER_TURN = 10
BYTES_PER_TURN = 2000
MAX_CONTROL_FRAMES = 50
BUDGET = Budget(FRAMES_PER_TURN, BYTES_PER_TURN, MAX_CONTROL_FRAMES)
#: A turn may see the last share of the remaining input, and the first share of newly read input.
MAX_MESSAGES_PER_TURN = 2 * FRAMES_PER_TURN
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "uvloop": uvloop.new_event_loop,
    "asyncio": asyncio.new_event_loop,
}


class ServerAndClient:
    """A server with one carrier, and a client in a thread."""

    def __init__(self, carrier: Carrier, *, refuses: bool) -> None:
        self.refuses = refuses
        self.receivers: list[SlowReceiver] = []
        self.may_run = asyncio.Event()
        self.turns = TurnCounter()
        app = FastAPI()
        app.websocket("/echo")(self.serve)
        self.wheel = DeadlineWheel(LONG_DEADLINES, BUDGET)
        http, ws = create_protocols(carrier, HTTP_LIMITS, self.wheel)
        config = uvicorn.Config(
            app, http=http, ws=ws, log_level="critical", ws_per_message_deflate=False, timeout_graceful_shutdown=1
        )
        self.uvicorn = uvicorn.Server(config)
        self.socket = socket.create_server(("127.0.0.1", 0))

    async def serve(self, websocket: WebSocket) -> None:
        """Accept a connection; close it if the server refuses; then run its receiver."""
        connection = await accept(websocket, max_message=1024 * 1024, budget=BUDGET)
        self.receivers.append(receiver := SlowReceiver(connection, self.turns))
        if self.refuses:
            connection.close(4401, "refused")
        await self.may_run.wait()
        await connection.run(receiver)

    async def run(self, data: bytes, read: Callable[[RawClient], object], *, early_data: bytes = b"") -> SlowReceiver:
        """Send `early_data` before there is a receiver, then `data`, and call `read`; return the receiver."""
        server_task = asyncio.create_task(self.uvicorn.serve(sockets=[self.socket]))

        def client() -> None:
            with RawClient(self.socket.getsockname()[1], "/echo", b"", None) as peer:
                assert peer.read_handshake() == 101
                peer.socket.sendall(early_data)
                loop.call_soon_threadsafe(self.may_run.set)
                peer.socket.sendall(data)
                read(peer)

        loop = asyncio.get_running_loop()
        await asyncio.to_thread(client)
        receiver = self.receivers[0]
        async with asyncio.timeout(TIMEOUT_S):
            await receiver.ended
        await self.wheel.close_all(within_s=0.1)
        self.uvicorn.should_exit = True
        await server_task
        self.turns.stop()
        return receiver


@pytest.fixture(params=["detached", "asgi"])
def carrier(request: pytest.FixtureRequest) -> Carrier:
    """Return the WebSocket implementation."""
    carrier: Carrier = request.param
    return carrier


@pytest.fixture(params=LOOPS)
def exchange(request: pytest.FixtureRequest, carrier: Carrier) -> Callable[..., SlowReceiver]:
    """Return a function that runs a server and one client on the event loop."""

    def exchange(
        data: bytes, read: Callable[[RawClient], object], *, early_data: bytes = b"", refuses: bool = False
    ) -> SlowReceiver:
        async def run() -> SlowReceiver:
            return await ServerAndClient(carrier, refuses=refuses).run(data, read, early_data=early_data)

        with asyncio.Runner(loop_factory=LOOPS[request.param]) as runner:
            return runner.run(run())

    return exchange


Exchange = Callable[..., SlowReceiver]
LAST_FRAME = client_frame(0x81, b"last")


def read_last_response(client: RawClient) -> None:
    """Read the response to the last message."""
    assert client.read_frame() == (0x81, b"heard")


def read_close_frame(code: int) -> Callable[[RawClient], None]:
    """Return a function that reads up to a close frame and checks its code."""

    def read(client: RawClient) -> None:
        while (frame := client.read_frame())[0] != 0x88:
            pass
        assert int.from_bytes(frame[1][:2], "big") == code

    return read


@pytest.mark.parametrize(
    "frame", [client_frame(0x81, b"\n"), client_frame(0x81), client_frame(0x82, b"x")], ids=["text", "empty", "bytes"]
)
def test_l6_turn_takes_no_more_messages_than_its_budget(exchange: Exchange, frame: bytes) -> None:
    receiver = exchange(frame * 1000 + LAST_FRAME, read_last_response)

    assert len(receiver.received) == 1001
    assert receiver.max_calls_per_turn <= MAX_MESSAGES_PER_TURN


def test_l6_turn_takes_no_more_bytes_than_its_budget(exchange: Exchange) -> None:
    receiver = exchange(client_frame(0x81, b"x" * BYTES_PER_TURN) * 100 + LAST_FRAME, read_last_response)

    assert len(receiver.received) == 101
    assert receiver.max_calls_per_turn <= 4


def test_l6_input_before_the_receiver_is_processed_in_turns(exchange: Exchange) -> None:
    receiver = exchange(LAST_FRAME, read_last_response, early_data=client_frame(0x81, b"hasty") * 1000)

    assert receiver.received == ["hasty"] * 1000 + ["last"]
    assert receiver.max_calls_per_turn <= MAX_MESSAGES_PER_TURN


def test_l6_message_that_takes_several_turns_keeps_its_place(exchange: Exchange) -> None:
    receiver = exchange(client_frame(0x81, b"slow") * 20 + LAST_FRAME, read_last_response)

    assert receiver.received == ["slow", "slow 0", "slow 1"] * 20 + ["last"]
    assert receiver.max_calls_per_turn <= 3  # the end of one message, the next one, and what is read in the same turn


def test_l6_close_between_two_turns_discards_the_remaining_input(exchange: Exchange) -> None:
    receiver = exchange(client_frame(0x81, b"close") + client_frame(0x81, b"slow") * 20, read_close_frame(4401))

    assert receiver.received == ["close"]


FLOODS = {
    "pings": client_frame(0x89),
    "pongs": client_frame(0x8A),
    "pings with a payload": client_frame(0x89, b"x" * 125),
    "empty fragments": client_frame(0x01, b"x") + client_frame(0x00) * 10_000,
    "empty continuations of nothing": client_frame(0x01) + client_frame(0x00) * 10_000,
}


@pytest.mark.parametrize("kind", FLOODS)
def test_l6_c_4429_flood_of_control_frames_ends_the_connection(exchange: Exchange, kind: str) -> None:
    flood = FLOODS[kind] if "empty" in kind else FLOODS[kind] * 1000
    receiver = exchange(flood + LAST_FRAME, read_close_frame(4429))

    assert receiver.received == []
    assert receiver.ended.result() == 4429


@pytest.mark.parametrize("kind", FLOODS)
def test_l6_flood_on_a_refused_connection_ends_it(exchange: Exchange, kind: str) -> None:
    flood = FLOODS[kind] if "empty" in kind else FLOODS[kind] * 1000

    def read(client: RawClient) -> None:
        read_close_frame(4401)(client)
        client.assert_ended()

    receiver = exchange(flood + LAST_FRAME, read, refuses=True)

    assert receiver.received == []
    assert receiver.ended.result() == 4401


def test_l6_pings_within_the_budget_are_answered(exchange: Exchange) -> None:
    def read(client: RawClient) -> None:
        assert [client.read_frame() for _ in range(MAX_CONTROL_FRAMES)] == [(0x8A, b"x")] * MAX_CONTROL_FRAMES
        read_last_response(client)

    receiver = exchange(client_frame(0x89, b"x") * MAX_CONTROL_FRAMES + LAST_FRAME, read)

    assert receiver.received == ["last"]


def test_l6_small_fragments_with_a_payload_are_no_flood(exchange: Exchange) -> None:
    fragments = client_frame(0x01, b"x") + client_frame(0x00, b"x") * 1000 + client_frame(0x80, b"x")
    receiver = exchange(fragments + LAST_FRAME, read_last_response)

    assert receiver.received == ["x" * 1002, "last"]
