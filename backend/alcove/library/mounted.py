"""Serve the application of one Alcove inside another application, under any path."""

from collections.abc import Callable
from typing import Any

from starlette._utils import get_route_path
from starlette.types import ASGIApp, Receive, Scope, Send

from alcove.errors import NotStartedError
from alcove.library.admission import HOST_SCOPE

#: What the ASGI specification has in a scope, without `root_path` and `path`, which change, and `state`, the host's.
_KEPT = (
    *("type", "asgi", "http_version", "method", "scheme", "query_string", "headers", "client", "server"),
    *("subprotocols", "extensions"),
)


class Mounted:
    """Passes requests on with the path below the prefix, so that nothing depends on where it is mounted.

    Middleware, exception handlers and routes of the host application have no part in it.
    """

    def __init__(self, app: ASGIApp, is_started: Callable[[], bool]) -> None:
        """Wrap an application.

        Args:
            app: The application of the Alcove.
            is_started: Whether the lifespan of the Alcove runs.

        """
        self._app = app
        self._is_started = is_started

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application (ASGI).

        Raises:
            NotStartedError: The lifespan of the Alcove does not run.

        """
        if scope["type"] == "lifespan":  # it is served by itself, or the host passes its lifespan on
            await self._app(scope, receive, send)
            return
        if not self._is_started():
            raise NotStartedError(
                "this Alcove is not started: write FastAPI(lifespan=alcove.lifespan), or `async with alcove:`"
                " inside the application's own lifespan (a mounted application has none by itself)"
            )
        inner: dict[str, Any] = {key: scope[key] for key in _KEPT if key in scope}  # Any: ASGI's own type
        inner |= {"path": get_route_path(scope) or "/", "root_path": "", "state": {}, HOST_SCOPE: scope}
        await self._app(inner, receive, send)
