"""Run uvicorn with detached connections in a thread, and connect clients that send and read bytes."""

import asyncio
import contextlib
import gc
import queue
import socket
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Self, TypeVar

import uvicorn
import uvloop
from fastapi import Depends, FastAPI, WebSocket

from alcove.limits import Budget
from alcove.server.http import HttpLimits
from alcove.server.protocols import create_protocols
from alcove.wire.accept import DETACH, AcceptedConnection, accept
from alcove.wire.connection import ABORT, Frame, text_frame
from alcove.wire.deadlines import Deadlines, DeadlineWheel
from alcove.wire.detached import DetachedConnection
from tests.support.client_frames import client_frame

T = TypeVar("T")
LOOPS = ["uvloop", "asyncio"]
#: Deadlines that no test reaches.
LONG_DEADLINES = Deadlines(ping_s=20, pong_s=20)
#: The limits of a request, equal to the defaults of the settings.
HTTP_LIMITS = HttpLimits(head_bytes=32 * 1024, request_s=20, answer_s=25)
#: Seconds after which a test gives up on an event.
TIMEOUT_S = 60


class Recorder:
    """A receiver that echoes messages, and passes its calls to the test."""

    def __init__(self, connection: AcceptedConnection) -> None:
        self.connection = connection
        self.received: queue.Queue[str | bytes | int] = queue.Queue()

    def on_text(self, data: str) -> None:
        self.received.put(data)
        if data == "fail":
            raise ValueError(data)
        if data.startswith("close "):
            self.connection.close(int(data.split()[1]), "as told")
        self.connection.write(text_frame(data))

    def on_binary(self, data: bytes) -> None:
        self.received.put(data)
        self.connection.write(Frame(data, binary=True))

    def on_close(self, code: int) -> None:
        self.received.put(code)

    def next(self) -> str | bytes | int:
        """Wait for the next message or close code."""
        return self.received.get(timeout=TIMEOUT_S)


class WireServer:
    """uvicorn on a free port, with its event loop in a thread."""

    def __init__(self, *, loop: str, deadlines: Deadlines = LONG_DEADLINES, max_message: int = 1024 * 1024) -> None:
        self.wheel = DeadlineWheel(deadlines, Budget())
        self.recorders: queue.Queue[Recorder] = queue.Queue()
        self.references: queue.Queue[list[weakref.ref[object]]] = queue.Queue()
        self.may_accept = threading.Event()
        self.dependency_exited = threading.Event()
        self.max_message = max_message
        http, ws = create_protocols("detached", HTTP_LIMITS, self.wheel)
        config = uvicorn.Config(
            self._app(),
            http=http,
            ws=ws,
            log_level="critical",
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=1,
        )
        self.uvicorn = uvicorn.Server(config)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self._started = threading.Event()
        loop_factory = uvloop.new_event_loop if loop == "uvloop" else asyncio.new_event_loop
        self._thread = threading.Thread(target=self._run, args=(loop_factory,))

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(TIMEOUT_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.run_coroutine(self.wheel.close_all(within_s=0.1))
        self.uvicorn.should_exit = True
        self._thread.join(TIMEOUT_S)
        assert not self._thread.is_alive()

    def run_coroutine(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the server's event loop, and return its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(TIMEOUT_S)

    def call(self, function: Callable[[], T]) -> T:
        """Call a function on the server's event loop, and return its result."""

        async def call_function() -> T:
            return function()

        return self.run_coroutine(call_function())

    def client(self, path: str = "/echo", *, tail: bytes = b"", receive_buffer: int | None = None) -> "RawClient":
        """Open a socket and send the handshake, with `tail` in the same write."""
        return RawClient(self.port, path, tail, receive_buffer)

    def recorder(self) -> Recorder:
        """Wait for the receiver of the next connection."""
        return self.recorders.get(timeout=TIMEOUT_S)

    def _run(self, loop_factory: Callable[[], asyncio.AbstractEventLoop]) -> None:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        task = asyncio.create_task(self.uvicorn.serve(sockets=[self.socket]))
        while not self.uvicorn.started:
            await asyncio.wait({task}, timeout=0.01)
        self._started.set()
        await task

    def _app(self) -> FastAPI:
        app = FastAPI()

        async def visit() -> Any:  # an async generator; FastAPI asks for no type
            yield
            self.dependency_exited.set()

        @app.websocket("/echo")
        async def echo(websocket: WebSocket, _visit: None = Depends(visit)) -> None:
            protocol = websocket.scope["extensions"][DETACH].__self__
            connection = await accept(websocket, max_message=self.max_message, budget=self.wheel.budget)
            recorder = Recorder(connection)
            task = asyncio.current_task()
            self.references.put([weakref.ref(instance) for instance in (websocket, protocol, task)])
            await connection.run(recorder)
            self.recorders.put(recorder)

        @app.websocket("/late")
        async def accept_late(websocket: WebSocket) -> None:
            await asyncio.to_thread(self.may_accept.wait)
            connection = await accept(websocket, max_message=self.max_message, budget=self.wheel.budget)
            self.recorders.put(recorder := Recorder(connection))
            await connection.run(recorder)

        @app.websocket("/crash")
        async def crash(websocket: WebSocket) -> None:
            await accept(websocket, max_message=self.max_message, budget=self.wheel.budget)
            raise ValueError("before there is a receiver")

        @app.websocket("/asgi")
        async def asgi(websocket: WebSocket) -> None:
            await websocket.accept()
            if await websocket.receive_text() == "abort":
                websocket.scope["extensions"][ABORT]()
            await websocket.send_text("still here")

        @app.websocket("/refused")
        async def refused(websocket: WebSocket) -> None:
            await websocket.close()

        return app


class RawClient:
    """The TCP socket of a client that has sent its handshake."""

    def __init__(self, port: int, path: str, tail: bytes, receive_buffer: int | None) -> None:
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(TIMEOUT_S)
        self.socket.connect(("127.0.0.1", port))
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
            + tail
        )
        self.unread = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def read_handshake(self) -> int:
        """Read the response to the handshake; return its status."""
        while b"\r\n\r\n" not in self.unread:
            self.unread += self._receive()
        head, self.unread = self.unread.split(b"\r\n\r\n", 1)
        return int(head.split()[1])

    def send(self, first_byte: int, payload: bytes = b"") -> None:
        """Send a frame; `first_byte` has the FIN bit and the opcode."""
        self.socket.sendall(client_frame(first_byte, payload))

    def read_frame(self) -> tuple[int, bytes]:
        """Read one frame; return its first byte and its payload."""
        first_byte, size = self.read_exactly(2)
        if size == 126:
            size = int.from_bytes(self.read_exactly(2), "big")
        elif size == 127:
            size = int.from_bytes(self.read_exactly(8), "big")
        return first_byte, self.read_exactly(size)

    def read_exactly(self, size: int) -> bytes:
        """Read exactly `size` bytes."""
        while len(self.unread) < size:
            self.unread += self._receive()
        data, self.unread = self.unread[:size], self.unread[size:]
        return data

    def assert_ended(self) -> None:
        """Wait for the end of the connection, and assert that the server sent nothing more."""
        assert self.unread == b""
        with contextlib.suppress(ConnectionResetError):
            assert self.socket.recv(1) == b""

    def _receive(self) -> bytes:
        data = self.socket.recv(1 << 20)
        if not data:
            raise EOFError(f"the server closed after {self.unread!r}")
        return data


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds, checking every 5 ms; fail after TIMEOUT_S."""
    deadline = time.monotonic() + TIMEOUT_S
    never_set = threading.Event()
    while not condition():
        assert time.monotonic() < deadline
        never_set.wait(0.005)


def wait_for_close(recorder: Recorder) -> int:
    """Wait until the recorder's connection is closed, and return the close code."""
    while not isinstance(code := recorder.next(), int):
        pass
    return code


def detached_connection(recorder: Recorder) -> DetachedConnection:
    """Assert that the recorder's connection is detached, and return it."""
    assert isinstance(recorder.connection, DetachedConnection)
    return recorder.connection


@contextlib.contextmanager
def disable_garbage_collector() -> Iterator[None]:
    """Disable the cyclic garbage collector while the block runs."""
    # An earlier test that failed may have left connections open; their warnings are no fault of this test.
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
