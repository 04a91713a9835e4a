"""The server command's own uvicorn: lean connections, a clean end, no pauses for the garbage collector."""

import asyncio
import gc
import socket
import time
from types import FrameType

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import multiprocess
from uvicorn.supervisors.multiprocess import Process

from alcove.errors import Close
from alcove.observability.logs import logging_config
from alcove.proxies import resolve
from alcove.rooms.hub import Hub
from alcove.server.bounded_websocket import BoundedWebSocket
from alcove.server.websocket import Handover, Upgrade
from alcove.settings import Settings, split_commas
from alcove.wire.deadlines import Deadlines, Registry

#: Seconds that open sockets have to take their 1012 when the server stops.
_CLOSE_S = 1.0
#: Objects made before the youngest generation is collected, and how many such rounds an older one waits. What a
#: message needs is freed by its last reference, so collections find little and must not show in p99; a handshake leaves
#: cycles, which must not pile up either.
_GC_THRESHOLDS = (10_000, 20, 20)


class Server(uvicorn.Server):
    """uvicorn, which does not know of connections that parted with it, ended together with them."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then leave out of every later collection what stays for good."""
        await super().startup(sockets)
        if hub := self._hub:
            hub.on_drain(self._stop_listening)
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLDS)

    #: Seconds in which a second signal is the first one's echo.
    echo_s = 0.0

    def __init__(self, config: uvicorn.Config, settings: Settings) -> None:
        super().__init__(config)
        self._signalled = 0.0
        self._hurry = asyncio.Event()
        Upgrade.head_bytes, Upgrade.request_s = settings.head_bytes, settings.request_s
        Upgrade.answer_s = 1.25 * settings.pong_s
        BoundedWebSocket.budget = settings.budget
        Handover.registry = Registry(Deadlines(ping_s=settings.ping_s, pong_s=settings.pong_s), settings.budget)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End; at once on a second signal (Z1)."""
        if self.should_exit and time.monotonic() - self._signalled >= self.echo_s:
            self.force_exit = True
            self._hurry.set()
        elif not self.should_exit:
            self._signalled = time.monotonic()
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Send everyone away (Z1), tell every other socket that the server restarts, and end within seconds."""
        if hub := self._hub:
            hurry = asyncio.create_task(self._hurry.wait())
            await asyncio.wait([hub.drain(), hurry], return_when=asyncio.FIRST_COMPLETED)
            hurry.cancel()
        self._stop_listening()
        await Handover.registry.close_all(Close.RESTART, within_s=_CLOSE_S)
        await super().shutdown(sockets=sockets)

    @property
    def _hub(self) -> Hub | None:
        """What is live in this process; None where the application did not start."""
        hub: Hub | None = self.lifespan.state.get("hub")
        return hub

    def _stop_listening(self) -> None:
        for server in self.servers:
            server.close()


class Worker(Process):
    """One of several server processes (X6): uvicorn's own, with our server in it."""

    @property
    def server(self) -> Server:
        """The server of the process, made there."""
        if not isinstance(self._server, Server):
            self._server = Server(self.config, Settings.load())
            self._server.echo_s = 1.0  # a terminal tells a worker to end, and then its parent does
        return self._server


def run(app: FastAPI, settings: Settings, *, host: str, port: int, workers: int = 1) -> None:
    """Serve until told to stop."""
    config = uvicorn.Config(
        app if workers == 1 else "alcove.main:app",
        host=host,
        port=port,
        workers=workers,
        http=Upgrade,
        ws=Handover if settings.carrier == "detached" else BoundedWebSocket,
        ws_max_size=settings.message_bytes,
        ws_per_message_deflate=False,
        ws_ping_interval=settings.ping_s,
        ws_ping_timeout=settings.pong_s,
        timeout_keep_alive=settings.keep_alive_s,
        timeout_graceful_shutdown=int(_CLOSE_S),
        forwarded_allow_ips=resolve(split_commas(settings.trusted_proxies)),
        log_config=logging_config(settings.log),
        server_header=False,
    )
    if workers == 1:
        Server(config, settings).run()
        return
    # uvicorn's supervisor makes its processes of what this name says, and offers no other way to choose.
    multiprocess.Process = Worker  # type: ignore[misc]
    multiprocess.Multiprocess(config, sockets=[config.bind_socket()]).run()
