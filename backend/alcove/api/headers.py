"""Add security and cache headers to every response."""

from collections.abc import Collection

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alcove.api.base_path import route_path

#: The content security policy: scripts, styles and connections only from and to the server itself; no inline scripts.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src {images}; font-src 'self';"
    " connect-src 'self'; frame-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none';"
    " form-action 'self';"
)
#: Where the path of a file of the page begins whose name contains a hash of its content.
_HASHED = "/assets/"
_FOR_EVER = "public, max-age=31536000, immutable"
#: Where the path of the page begins that other sites may show in a frame.
_EMBED = "/embed/"
#: The script that other sites load to show that page.
_EMBED_SCRIPT = "/embed.js"


class SecurityHeaders:
    """Adds security and cache headers to every HTTP response, including refused handshakes."""

    def __init__(self, app: ASGIApp, *, frame_ancestors: str, picture_origins: Collection[str] = ()) -> None:
        """Wrap an application.

        Args:
            app: The application.
            frame_ancestors: Pages of other origins that may show `/embed/{item}` in a frame, in the syntax of CSP
                `frame-ancestors`.
            picture_origins: The origins that the page may load members' pictures from (A9).

        """
        policy = _POLICY.format(images=" ".join(["'self'", "data:", *picture_origins]))
        self._app = app
        self._fixed = {
            "content-security-policy": f"{policy} frame-ancestors 'none'",
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
        }
        # `'self'`: the home page shows a room in a frame, as other sites do.
        others = " ".join(source for source in frame_ancestors.split() if source not in {"'none'", "'self'"})
        self._embed = {"content-security-policy": f"{policy} frame-ancestors 'self' {others}".rstrip()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application, and add the headers to its response (ASGI)."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        path = route_path(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                headers = MutableHeaders(scope=message)
                for name, value in (self._fixed | self._headers_for(path)).items():
                    headers[name] = value
                headers.setdefault("cache-control", _cache_control(path, message["status"], headers))
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _headers_for(self, path: str) -> dict[str, str]:
        """Return the headers that replace the fixed ones for other sites: those of the embed page or its script."""
        if path.startswith(_EMBED):
            return self._embed
        return {"cross-origin-resource-policy": "cross-origin"} if path == _EMBED_SCRIPT else {}


def _cache_control(path: str, status: int, headers: MutableHeaders) -> str:
    """Return the `Cache-Control`: one year for hashed files, revalidation for other files, and no storage otherwise."""
    if "etag" not in headers or status >= 400:
        return "no-store"
    html = headers.get("content-type", "").startswith("text/html")
    return _FOR_EVER if path.startswith(_HASHED) and not html else "no-cache"
