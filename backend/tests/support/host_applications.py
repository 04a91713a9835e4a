"""Run host applications next to Alcove on the same host name: frameworks with their default session cookies."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import flask
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from werkzeug.serving import make_server

from deploy.ports import free_port
from tests.support.servers import TIMEOUT_S


@contextmanager
def flask_app() -> Iterator[str]:
    """Run a Flask application with default settings; its `/login` signs a member in. Yields its address."""
    app = flask.Flask("host")
    app.secret_key = "a secret of the host application"

    @app.get("/login")
    def login() -> str:
        flask.session["user"] = "ada"
        return "welcome"

    server = make_server("127.0.0.1", 0, app)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(uvicorn.Server):
    """A uvicorn server that sets an event when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, and set the event."""
        await super().startup(sockets)
        self.listening.set()


@contextmanager
def starlette_app() -> Iterator[str]:
    """Run a Starlette application with default sessions; its `/login` signs a member in. Yields its address."""

    async def login(request: Request) -> PlainTextResponse:
        request.session["user"] = "ada"
        return PlainTextResponse("welcome")

    sessions = Middleware(SessionMiddleware, secret_key="a secret of the host application")
    app = Starlette(routes=[Route("/login", login)], middleware=[sessions])
    port = free_port()
    server = _Server(uvicorn.Config(app, port=port, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert server.listening.wait(TIMEOUT_S)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
