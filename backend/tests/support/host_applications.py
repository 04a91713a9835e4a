"""Run applications with the default session cookie of their framework, on the host name of Alcove."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import flask
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from werkzeug.serving import make_server

from tests.support.running_host import run_host


@contextmanager
def run_flask_app() -> Iterator[str]:
    """Run a Flask application with default settings, whose `/login` signs a member in; yield its URL."""
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


@contextmanager
def run_starlette_app() -> Iterator[str]:
    """Run a Starlette application with default sessions, whose `/login` signs a member in; yield its URL."""

    async def login(request: Request) -> PlainTextResponse:
        request.session["user"] = "ada"
        return PlainTextResponse("welcome")

    sessions = Middleware(SessionMiddleware, secret_key="a secret of the host application")
    with run_host(Starlette(routes=[Route("/login", login)], middleware=[sessions])) as host:
        yield host.url
