"""Allow pages of other origins to call the API from a browser (A5)."""

from fastapi.middleware.cors import CORSMiddleware
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from alcove.api.base_path import route_path
from alcove.origins import Origin

#: What pages of other origins may send, and which header besides the CORS-safelisted ones they may read.
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_HEADERS = ["authorization", "content-type", "idempotency-key", "last-event-id"]
_EXPOSED = ["retry-after"]
_API = "/api/"


class Cors:
    """Adds CORS headers below `/api/`: pages of configured origins may send the login cookie, all others only a token.

    A page of any origin may send a token, because browsers never attach tokens by themselves (A5).
    """

    def __init__(self, app: ASGIApp, *, origins: list[str]) -> None:
        """Wrap an application.

        Args:
            app: The application.
            origins: The origins whose pages may send the cookie, such as `https://app.example`.

        """
        self._app = app
        #: The configured origins, as browsers write them in the header `Origin`.
        self._configured = {str(Origin.parse(origin)) for origin in origins}
        self._with_cookie = CORSMiddleware(
            app,
            allow_origins=tuple(self._configured),
            allow_credentials=True,
            allow_methods=_METHODS,
            allow_headers=_HEADERS,
            expose_headers=_EXPOSED,
        )
        self._with_token = CORSMiddleware(
            app, allow_origins=["*"], allow_methods=_METHODS, allow_headers=_HEADERS, expose_headers=_EXPOSED
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer preflight requests, and add CORS headers to other API responses; pass everything else on (ASGI)."""
        if scope["type"] != "http" or not route_path(scope).startswith(_API):
            await self._app(scope, receive, send)
        elif Headers(scope=scope).get("origin") in self._configured:
            await self._with_cookie(scope, receive, send)
        else:
            await self._with_token(scope, receive, send)
