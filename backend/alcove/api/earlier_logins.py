"""Convert login cookies of earlier versions, which were named `session`."""

import time

from fastapi import Response
from fastapi.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alcove.access.authenticator import Authenticator
from alcove.access.open_mode import open_name
from alcove.api.base_path import route_path
from alcove.api.login_cookie import EARLIER_COOKIE, OPEN_LOGIN_S, login_of, set_login
from alcove.errors import Refusal


class EarlierLogins:
    """Replaces a valid login cookie of an earlier version when a browser opens the page.

    Rooms and the API never read the earlier cookie (A1). The page does, and accepts a valid token or a name of open
    mode. Remove this class when upgrades from 0.1 are no longer supported.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application; add `Set-Cookie` headers if the request has only an earlier cookie (ASGI)."""
        earlier = _earlier_login(scope)
        if earlier is None:
            await self._app(scope, receive, send)
            return

        async def send_with_cookies(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in {200, 304}:
                message["headers"] = [*message["headers"], *await _cookies(HTTPConnection(scope), earlier)]
            await send(message)

        await self._app(scope, receive, send_with_cookies)


def _earlier_login(scope: Scope) -> str | None:
    """Return the earlier cookie of a navigation to the page, if there is no present login cookie; else None.

    Earlier versions had no base path: below one, the cookie belongs to another application of the host.
    """
    if scope.get("root_path"):
        return None
    if scope["type"] != "http" or scope["method"] != "GET" or route_path(scope).startswith("/api/"):
        return None
    request = HTTPConnection(scope)
    if "text/html" not in request.headers.get("accept", "") or login_of(request):
        return None
    return request.cookies.get(EARLIER_COOKIE)


async def _cookies(request: HTTPConnection, earlier: str) -> list[tuple[bytes, bytes]]:
    """Validate the earlier cookie, and build the `Set-Cookie` headers that replace it; [] if it is not valid."""
    authenticator: Authenticator = request.app.state.authenticator
    answer = Response()
    if authenticator.open:
        if open_name(earlier) is None:
            return []
        member = (await authenticator.authenticate(earlier)).person.id
        set_login(request, answer, earlier, member, OPEN_LOGIN_S)
        answer.delete_cookie(EARLIER_COOKIE, path="/")  # else it would count again after the next sign-out
    else:
        try:
            caller = await authenticator.try_authenticate(earlier)
        except Refusal:
            return []
        if caller is None or caller.claims is None:
            return []
        # The earlier cookie stays: it may be the host application's own credential for T2.
        set_login(request, answer, earlier, caller.person.id, max(1, int(caller.claims.exp - time.time())))
    return [header for header in answer.raw_headers if header[0] == b"set-cookie"]
