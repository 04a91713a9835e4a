"""Takes over logins of earlier versions, whose cookie was named `session`."""

import time

from fastapi import Response
from fastapi.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alcove.access.authenticator import Authenticator
from alcove.access.open_mode import open_name
from alcove.api.login_cookie import EARLIER_COOKIE, OPEN_LOGIN_S, login_of, set_login
from alcove.errors import Refusal


class EarlierLogins:
    """Gives a browser that opens the page the login cookie of today, where it holds a good one of yesterday.

    Rooms and the API never read the earlier cookie (A1). The page may: what it takes over is a token of ours that
    still holds, or the name that somebody gave in open mode. Remove this class once nobody upgrades from 0.1.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, with the cookies besides (ASGI)."""
        earlier = _earlier_login(scope)
        if earlier is None:
            await self._app(scope, receive, send)
            return

        async def send_more(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in {200, 304}:
                message["headers"] = [*message["headers"], *await _cookies(HTTPConnection(scope), earlier)]
            await send(message)

        await self._app(scope, receive, send_more)


def _earlier_login(scope: Scope) -> str | None:
    """Return the earlier cookie of a browser that opens a page and has no login of today."""
    if scope["type"] != "http" or scope["method"] != "GET" or scope["path"].startswith("/api/"):
        return None
    request = HTTPConnection(scope)
    if "text/html" not in request.headers.get("accept", "") or login_of(request):
        return None
    return request.cookies.get(EARLIER_COOKIE)


async def _cookies(request: HTTPConnection, earlier: str) -> list[tuple[bytes, bytes]]:
    """Return the `Set-Cookie` headers that take the login over; none where it is not good, or not ours."""
    authenticator: Authenticator = request.app.state.authenticator
    answer = Response()
    if authenticator.open:
        if open_name(earlier) is None:
            return []
        set_login(request, answer, earlier, OPEN_LOGIN_S)
        answer.delete_cookie(EARLIER_COOKIE, path="/")  # else it would come back after the next sign-out
    else:
        try:
            caller = await authenticator.try_authenticate(earlier)
        except Refusal:
            return []
        if caller is None or caller.claims is None:
            return []
        # The earlier cookie stays: it may be the host application's own credential for T2.
        set_login(request, answer, earlier, max(1, int(caller.claims.exp - time.time())))
    return [header for header in answer.raw_headers if header[0] == b"set-cookie"]
