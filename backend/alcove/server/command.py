"""Run uvicorn for `alcove serve`: detached connections, orderly shutdown, no long garbage collections."""

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
from alcove.proxies import resolve_proxies
from alcove.rooms.hub import Hub
from alcove.server.protocols import create_protocols, create_wheel, http_limits
from alcove.settings import Settings
from alcove.urls import split_commas

#: Seconds that peers have to take their close frame (1012) when the server stops.
_CLOSE_S = 1.0
#: Seconds within which a worker treats a second signal as a copy of the first: the terminal and the parent process
#: both send one.
_DUPLICATE_SIGNAL_S = 1.0
#: Objects that are allocated before the youngest generation is collected, and the numbers of collections before the
#: next older generation is collected, too (`gc.set_threshold`).
#: Reference counts free what a message needs, so collections find little and must not show in p99; a handshake leaves
#: cycles, which must not pile up either.
_GC_THRESHOLDS = (10_000, 20, 20)


class ServerConfig(uvicorn.Config):
    """uvicorn's configuration of one server, with protocol classes and a deadline wheel for this server alone.

    Each worker process gets a copy.
    """

    def __init__(self, app: FastAPI, settings: Settings, *, host: str, port: int, workers: int) -> None:
        """Build the configuration from the settings.

        Args:
            app: The application; with several workers, each worker imports it instead.
            settings: The settings.
            host: The address to listen on.
            port: The port to listen on; 0: a free one.
            workers: The number of server processes.

        """
        self.wheel = create_wheel(settings)
        http, ws = create_protocols(settings.carrier, http_limits(settings), self.wheel)
        super().__init__(
            app if workers == 1 else "alcove.main:app",
            host=host,
            port=port,
            workers=workers,
            http=http,
            ws=ws,
            ws_max_size=settings.message_bytes,
            ws_per_message_deflate=False,
            ws_ping_interval=settings.ping_s,
            ws_ping_timeout=settings.pong_s,
            timeout_keep_alive=settings.keep_alive_s,
            timeout_graceful_shutdown=int(_CLOSE_S),
            forwarded_allow_ips=resolve_proxies(split_commas(settings.trusted_proxies)),
            log_config=logging_config(settings.log),
            server_header=False,
        )


class Server(uvicorn.Server):
    """uvicorn's server, extended to close detached connections, which uvicorn does not know."""

    def __init__(self, config: ServerConfig, *, duplicate_signal_s: float = 0.0) -> None:
        """Create a server.

        Args:
            config: The configuration; uvicorn loads it when the server starts.
            duplicate_signal_s: Seconds within which a second signal counts as a copy of the first.

        """
        super().__init__(config)
        self._wheel = config.wheel
        self._duplicate_signal_s = duplicate_signal_s
        #: When the first signal arrived, by the monotonic clock.
        self._signalled_at = 0.0
        #: Set when a second signal ends the drain.
        self._forced = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen; then exclude all existing objects from garbage collection: they live until the end."""
        await super().startup(sockets)
        if hub := self._hub:
            hub.on_drain(self._stop_listening)
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLDS)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Start the shutdown at the first signal; end at once at the second signal (Z1)."""
        if self.should_exit and time.monotonic() - self._signalled_at >= self._duplicate_signal_s:
            self.force_exit = True
            self._forced.set()
        elif not self.should_exit:
            self._signalled_at = time.monotonic()
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain the rooms (Z1), close all other WebSockets with 1012, and end within seconds."""
        if hub := self._hub:
            forced = asyncio.create_task(self._forced.wait())
            await asyncio.wait([hub.drain(), forced], return_when=asyncio.FIRST_COMPLETED)
            forced.cancel()
        self._stop_listening()
        await self._wheel.close_all(Close.RESTART, within_s=_CLOSE_S)
        await super().shutdown(sockets=sockets)

    @property
    def _hub(self) -> Hub | None:
        """The application's hub; None if the application did not start."""
        hub: Hub | None = self.lifespan.state.get("hub")
        return hub

    def _stop_listening(self) -> None:
        """Close the listening sockets; open connections stay open."""
        for server in self.servers:
            server.close()


class Worker(Process):
    """One of several server processes (X6): uvicorn's worker, running a Server."""

    @property
    def server(self) -> Server:
        """The server, created in the worker process at the first access.

        Raises TypeError if the configuration is not a ServerConfig.
        """
        if not isinstance(self._server, Server):
            if not isinstance(self.config, ServerConfig):
                raise TypeError(f"expected a ServerConfig, got {type(self.config).__name__}")
            self._server = Server(self.config, duplicate_signal_s=_DUPLICATE_SIGNAL_S)
        return self._server


def run(app: FastAPI, settings: Settings, *, host: str, port: int, workers: int = 1) -> None:
    """Serve until the process gets a signal to end.

    Args:
        app: The application.
        settings: The settings.
        host: The address to listen on.
        port: The port to listen on; 0: a free one.
        workers: The number of server processes.

    """
    config = ServerConfig(app, settings, host=host, port=port, workers=workers)
    if workers == 1:
        Server(config).run()
        return
    # uvicorn's supervisor takes the class of its workers from this name, and offers no other way to choose it.
    multiprocess.Process = Worker  # type: ignore[misc]
    multiprocess.Multiprocess(config, sockets=[config.bind_socket()]).run()
