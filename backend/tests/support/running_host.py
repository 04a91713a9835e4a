"""Run a host application that embeds Alcove, with uvicorn in a thread of the test's process."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from alcove.server.websocket import DetachableWebSocket, UpgradeHttp
from tests.support.servers import TIMEOUT_S, Address

#: The options of uvicorn for each carrier (WebSocket implementation): uvicorn's own, or that of `alcove serve`.
CARRIERS: dict[str, dict[str, Any]] = {
    "asgi": {},
    "detached": {"http": UpgradeHttp, "ws": DetachableWebSocket},
}


class Host(Address):
    """The address of an application, with the prefix at which it serves Alcove."""

    def __init__(self, port: int, prefix: str = "", server: uvicorn.Server | None = None) -> None:
        super().__init__(port)
        self.server = server
        self.prefix = prefix
        self.url += prefix
        self.ws += prefix

    def at_prefix(self, prefix: str) -> "Host":
        """Return the address of the same application with another prefix."""
        return Host(self.port, prefix, self.server)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.has_started = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.has_started.set()


@contextmanager
def run_host(app: Callable[..., Any], carrier: str = "asgi", prefix: str = "", **options: Any) -> Iterator[Host]:
    """Serve the application while the block runs; then stop it as a signal would."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, log_config=None, lifespan="on", **CARRIERS[carrier], **options)
        server = _Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            assert server.has_started.wait(TIMEOUT_S), "the application did not start"
            yield Host(listener.getsockname()[1], prefix, server)
        finally:
            server.should_exit = True
            thread.join(TIMEOUT_S)
            assert not thread.is_alive(), "the application did not stop"
