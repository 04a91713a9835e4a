"""Give the paths of requests below a prefix one form, whether or not a proxy removes the prefix (B1)."""

from starlette.types import ASGIApp, Receive, Scope, Send

from alcove.base_path import split_path, url_path


class BasePath:
    """Middleware that gives each scope ASGI's form: `root_path` is the prefix, and `path` begins with the prefix."""

    def __init__(self, app: ASGIApp, *, base_path: str) -> None:
        """Wrap an application.

        Args:
            app: The application.
            base_path: The configured prefix. If it is empty, the scope's `root_path` is the prefix; both may be empty.

        """
        self._app = app
        self._base_path = base_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application with the converted path (ASGI)."""
        if scope["type"] != "lifespan" and (self._base_path or scope.get("root_path")):
            prefix, path = split_path(scope["path"], scope.get("root_path", ""), self._base_path)
            scope = {**scope, "root_path": prefix, "path": prefix + path}
        await self._app(scope, receive, send)


def route_path(scope: Scope) -> str:
    """Return the part of the path below the prefix; routes match this part."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def url_prefix(scope: Scope) -> str:
    """Return the percent-encoded prefix for URLs, without a slash at its end; "" if there is no prefix."""
    return url_path(scope.get("root_path", ""))
