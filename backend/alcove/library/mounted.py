"""Serve the application of one Alcove inside another application, under any path."""

from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from alcove.base_path import without_prefix
from alcove.errors import NotStartedError
from alcove.library.admission import HOST_SCOPE

#: The keys of the host's scope that are passed on: those of the ASGI specification, without `root_path` and `path`,
#: which change, and without the host's `state`.
_KEPT_KEYS = (
    *("type", "asgi", "http_version", "method", "scheme", "query_string", "headers", "client", "server"),
    *("subprotocols", "extensions"),
)


class Mounted:
    """Passes requests to an Alcove's application, with the prefix that browsers use as `root_path` (B1).

    Middleware, exception handlers and routes of the host application do not apply to it.
    """

    def __init__(self, app: ASGIApp, is_started: Callable[[], bool], base_path: str = "") -> None:
        """Wrap an application.

        Args:
            app: The application of the Alcove.
            is_started: Returns whether the lifespan of the Alcove runs.
            base_path: The prefix, if it differs from the framework's `root_path`; "": it does not.

        """
        self._app = app
        self._is_started = is_started
        self._base_path = base_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application (ASGI).

        Raises:
            NotStartedError: The lifespan of the Alcove does not run.

        """
        if scope["type"] == "lifespan":  # the application is served without a host, or the host passes its lifespan on
            await self._app(scope, receive, send)
            return
        if not self._is_started():
            raise NotStartedError(
                "this Alcove is not started: write FastAPI(lifespan=alcove.lifespan), or `async with alcove:`"
                " inside the application's own lifespan (a mounted application has none by itself)"
            )
        inner: dict[str, Any] = {key: scope[key] for key in _KEPT_KEYS if key in scope}  # Any: ASGI's own type
        root: str = scope.get("root_path", "")
        prefix = self._base_path or root.rstrip("/")
        inner |= {"path": prefix + _path_below(scope, root), "root_path": prefix, "state": {}, HOST_SCOPE: scope}
        await self._app(inner, receive, send)


def _path_below(scope: Scope, root: str) -> str:
    """Return the path below the mount, also if a proxy removes the host application's own prefix from paths.

    `root`: the scope's `root_path`, which consists of the host's own prefix and the path of the mount.
    """
    path: str = scope["path"]
    below = without_prefix(path, root)
    mounted = root.removeprefix(scope.get("app_root_path", root))
    return without_prefix(path, mounted) if below is path else below
