"""Replace login cookies of earlier versions, which had the name `session`."""

import time

from fastapi import Response
from fastapi.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alcove.access.authenticator import Authenticator
from alcove.access.open_mode import open_name
from alcove.api.base_path import route_path
from alcove.api.login_cookie import EARLIER_COOKIE, OPEN_LOGIN_S, read_login, set_login
from alcove.errors import Refusal


class EarlierLogins:
    """Replaces the login cookie of an earlier version by the current one when a browser opens the page.

    Rooms and the API never read the earlier cookie (A1). This middleware reads it: the cookie must hold a valid token,
    or in open mode a valid name. Remove this class when upgrades from 0.1 are no longer supported.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application. If a page was requested with only an earlier cookie, add `Set-Cookie` headers (ASGI)."""
        earlier = _earlier_login(scope)
        if earlier is None:
            await self._app(scope, receive, send)
            return

        async def send_with_cookies(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in {200, 304}:
                message["headers"] = [*message["headers"], *await _replacement_headers(HTTPConnection(scope), earlier)]
            await send(message)

        await self._app(scope, receive, send_with_cookies)


def _earlier_login(scope: Scope) -> str | None:
    """Return the earlier cookie's value if a browser opens a page without a login cookie of this version; else None.

    Earlier versions had no base path. Below a base path, a cookie of this name belongs to another application of the
    same host.
    """
    if scope.get("root_path"):
        return None
    if scope["type"] != "http" or scope["method"] != "GET" or route_path(scope).startswith("/api/"):
        return None
    request = HTTPConnection(scope)
    if "text/html" not in request.headers.get("accept", "") or read_login(request):
        return None
    return request.cookies.get(EARLIER_COOKIE)


async def _replacement_headers(request: HTTPConnection, earlier: str) -> list[tuple[bytes, bytes]]:
    """Validate the earlier cookie, and build the `Set-Cookie` headers that replace it; [] if it is not valid."""
    authenticator: Authenticator = request.app.state.authenticator
    response = Response()
    if authenticator.open:
        if open_name(earlier) is None:
            return []
        member = (await authenticator.authenticate(earlier)).person.id
        set_login(request, response, earlier, member, OPEN_LOGIN_S)
        response.delete_cookie(EARLIER_COOKIE, path="/")  # otherwise it would sign in again after the next sign-out
    else:
        try:
            caller = await authenticator.try_authenticate(earlier)
        except Refusal:
            return []
        if caller is None or caller.claims is None:
            return []
        # The earlier cookie is kept: the host application may use it itself, and the tutorial's socket reads it (T2).
        set_login(request, response, earlier, caller.person.id, max(1, int(caller.claims.exp - time.time())))
    return [header for header in response.raw_headers if header[0] == b"set-cookie"]
