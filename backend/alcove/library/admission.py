"""Authorize a caller by the host application's own dependency, in an internal HTTP request (A1, H4).

FastAPI resolves the dependency as for any route of the application. The dependency may take the `Request`, headers,
cookies and other dependencies; `dependency_overrides` apply. What `yield` dependencies hold is released before a socket
is accepted.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any
from weakref import WeakKeyDictionary

from fastapi import Depends
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_dependant
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.requests import HTTPConnection
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Scope

from alcove.access.authenticator import Caller
from alcove.access.refusals import access_expired
from alcove.api.dependencies import check_cookie
from alcove.errors import Close, Code, Refusal, SettingsError
from alcove.item_ids import ItemIdError, check_item_id
from alcove.library.member import Member

logger = logging.getLogger(__name__)

#: A dependency of the application that returns a Member; it may be async, and it may take parameters.
MemberDependency = Callable[..., Any]
#: The `item_id` that a request without an item has; no item has this id (H3). For such a request, only the member's
#: `items` give rights.
NO_ITEM = "*"
#: The key in the scope of Alcove's application whose value is the scope of the host application (`Mounted`).
HOST_SCOPE = "alcove.host"
#: The key of the internal request's scope whose value is the list that receives the result of the dependency.
_RESULTS = "alcove.results"
#: Headers that describe a handshake or a body; the internal request has neither.
_DROPPED_HEADERS = {b"upgrade", b"content-length", b"transfer-encoding"}
#: Keys that the host application's routers have added to its scope, for the route at which Alcove is mounted.
_ROUTING_KEYS = {"endpoint", "route", "router", "starlette.exception_handlers", "subprotocols"}


class HostAdmission:
    """Admits callers by a dependency of the host application."""

    def __init__(self, dependency: MemberDependency) -> None:
        """Store the dependency, after checking that it needs no WebSocket.

        Args:
            dependency: A dependency of the host application that returns a Member.

        Raises:
            SettingsError: The dependency, or one of its own dependencies, takes a WebSocket.

        """
        if name := next(_names_with_websocket(get_dependant(path="/{item_id}", call=dependency)), None):
            raise SettingsError(
                f"{name} takes a WebSocket, but it runs before the upgrade and for HTTP as well:"
                " take a Request, an HTTPConnection, headers or cookies"
            )
        self._dependency = dependency
        #: The route that resolves the dependency, by host application and names of path parameters.
        self._routes: WeakKeyDictionary[Any, dict[tuple[str, ...], ASGIApp]] = WeakKeyDictionary()

    def __repr__(self) -> str:
        return f"<HostAdmission {getattr(self._dependency, '__qualname__', self._dependency)!r}>"

    async def authorize(self, connection: HTTPConnection, *, trusted_origin: bool) -> Caller:
        """Authorize a request, and return its caller with rights on the item, or on the items of the query.

        Args:
            connection: The request or the handshake.
            trusted_origin: Whether the request comes from the server's own pages or a configured origin (A5).

        Raises:
            Refusal: A cookie may not authenticate the request (A5), the dependency refuses it (4401, 4400, 4429, 4403)
                or fails (1011), or the access of the returned member has expired (4401).

        """
        if not hasattr(connection.state, "caller"):
            if "cookie" in connection.headers:
                check_cookie(connection, trusted_origin=trusted_origin)
            host: Scope = connection.scope.pop(HOST_SCOPE)
            item = connection.path_params.get("item_id")
            items = [item] if item is not None else connection.query_params.getlist("item")
            connection.state.caller = await self._authorize(host, dict.fromkeys(map(_check_item, items)) or (NO_ITEM,))
        admitted: Caller = connection.state.caller
        return admitted

    async def _authorize(self, host: Scope, items: Iterable[str]) -> Caller:
        """Ask the dependency about each item, and return the caller with the rights on all of them. Raises Refusal."""
        rights = dict[str, str]()
        try:
            for item in items:
                member = await self._admit(host, item)
                rights |= member.items
                if item != NO_ITEM:  # a dependency that does not know `*` must not thereby give rights on every item
                    rights[item] = member.rights
            return member.caller(rights)
        except HTTPException as error:
            raise _refusal(error) from None
        except RequestValidationError as error:
            message = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise Refusal(Code.INVALID, Close.INVALID, message) from None
        except Refusal:
            raise
        except Exception:
            logger.exception("the dependency that admits to rooms failed")
            message = "the application failed to decide who you are; its log says why"
            raise Refusal(Code.UNAVAILABLE, Close.INTERNAL, message) from None

    async def _admit(self, host: Scope, item: str) -> Member:
        """Run the dependency for one item, and return its member. Raises what the dependency raises."""
        scope = _request_scope(host, item)
        await self._route(scope)(scope, _receive_no_body, _discard)
        return _returned_member(scope)

    def _route(self, scope: Scope) -> ASGIApp:
        """Return the internal route that resolves the dependency, with the overrides of the host application."""
        names = tuple(sorted(scope["path_params"]))
        application = scope.get("app") or self
        routes = self._routes.setdefault(application, {})
        if names not in routes:
            route = APIRoute(
                "".join(f"/{{{name}}}" for name in names),
                _endpoint(self._dependency),
                dependency_overrides_provider=application if hasattr(application, "dependency_overrides") else None,
            )
            routes[names] = AsyncExitStackMiddleware(route.app)
        return routes[names]


def _check_item(item: str) -> str:
    """Check an item's id and return it. Raises Refusal 4400 (H3)."""
    try:
        return check_item_id(item)
    except ItemIdError as error:
        raise Refusal(Code.INVALID, Close.INVALID, f"item_id: {error}") from None


def _returned_member(scope: Scope) -> Member:
    """Return what the dependency returned.

    Raises:
        TypeError: The result is not a Member.
        Refusal: 4401 if the member's access has expired.

    """
    (member,) = scope[_RESULTS]
    if not isinstance(member, Member):
        raise TypeError(f"expected the dependency that admits to rooms to return an alcove.Member, got {member!r}")
    if member.ends_at <= time.time():
        raise access_expired(None)
    return member


def _endpoint(dependency: MemberDependency) -> Callable[..., Any]:
    """Create the endpoint of the internal request. It stores the dependency's result in the scope (`_RESULTS`)."""

    async def admit(request: Request, result: Annotated[Any, Depends(dependency)]) -> Response:
        request.scope[_RESULTS].append(result)
        return Response(status_code=204)

    return admit


def _names_with_websocket(dependant: Dependant) -> Iterator[str]:
    """Yield the names of the functions that take a WebSocket: the dependency and, recursively, its dependencies."""
    if dependant.websocket_param_name:
        yield getattr(dependant.call, "__qualname__", repr(dependant.call))
    for dependency in dependant.dependencies:
        yield from _names_with_websocket(dependency)


def _request_scope(host: Scope, item: str) -> Scope:
    """Return the scope of the internal request: the host application's scope, without a body or an upgrade."""
    host_scope = {
        key: value for key, value in host.items() if key not in _ROUTING_KEYS and not key.startswith("fastapi")
    }
    params = {name: value for name, value in host.get("path_params", {}).items() if name != "path"}
    return {
        **host_scope,
        "type": "http",
        "method": host.get("method", "GET"),
        "scheme": {"ws": "http", "wss": "https"}.get(host.get("scheme", ""), host.get("scheme", "http")),
        "headers": _internal_headers(host),
        "path_params": {**params, "item_id": item},
        "extensions": {},
        _RESULTS: [],
    }


def _internal_headers(host: Scope) -> list[tuple[bytes, bytes]]:
    """Return the headers of the internal request.

    The query parameter `token` becomes a bearer token, if there is no `Authorization` (A1).
    """
    headers = [(name, value) for name, value in host["headers"] if name not in _DROPPED_HEADERS]
    token = HTTPConnection(host).query_params.get("token")
    if token and all(name != b"authorization" for name, _ in headers):
        headers.append((b"authorization", b"Bearer " + token.encode()))
    return headers


def _refusal(error: HTTPException) -> Refusal:
    """Convert an HTTPException of the application to a refusal, whose close code scripts can read (H4)."""
    status, message = error.status_code, str(error.detail)
    if status >= 500:
        return Refusal(Code.UNAVAILABLE, Close.INTERNAL, message, status=status)
    if status == 429:
        return Refusal(Code.RATE_LIMITED, Close.TOO_MANY, message, _retry_ms(error), status=status)
    if status == 422:
        return Refusal(Code.INVALID, Close.INVALID, message, status=status)
    if status == 401 or status < 400:  # a redirect leads to the application's login
        return Refusal(Code.UNAUTHENTICATED, Close.UNAUTHENTICATED, message, status=401)
    return Refusal(Code.FORBIDDEN, Close.FORBIDDEN, message, status=status)


def _retry_ms(error: HTTPException) -> int | None:
    """Return `Retry-After` in milliseconds; None unless it is a number of seconds (RFC 9110, section 10.2.3)."""
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    seconds = headers.get("retry-after", "")
    return 1000 * int(seconds) if seconds.isdecimal() and len(seconds) < 10 else None


async def _receive_no_body() -> Message:
    """Return an empty request body (ASGI's `receive`)."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def _discard(_message: Message) -> None:
    """Discard the response (ASGI's `send`)."""
