"""Turn errors into responses: RFC 9457 over HTTP (W6), an `error` line and a close code on sockets (H4)."""

from http import HTTPStatus
from typing import Any

import msgspec
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from fastapi.requests import HTTPConnection
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from alcove.api.parameters import methods_of
from alcove.api.sockets import accept_socket
from alcove.errors import Close, Code, Refusal
from alcove.observability.metrics import REFUSALS
from alcove.protocol import SUBPROTOCOL, encode, error_line
from alcove.storage.base import LogUnavailableError, UnstorableError
from alcove.wire.connection import Connection, Frame, NullReceiver

_STATUS = {
    Close.INVALID: 422,
    Close.TOO_BIG: 413,
    Close.UNAUTHENTICATED: 401,
    Close.FORBIDDEN: 403,
    Close.TOO_MANY: 429,
    Close.AT_CAPACITY: 503,
    Close.RESTART: 503,
}


class UnknownSubprotocolError(Exception):
    """A handshake offers subprotocols, and none of them is ours (H1)."""


def problem(status: int, detail: str, **more: object) -> Response:
    """Return a problem document (RFC 9457, section 3)."""
    document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    headers = {"retry-after": str(-(-int(str(more["retry_ms"])) // 1000))} if "retry_ms" in more else None
    return Response(msgspec.json.encode(document), status, headers, "application/problem+json")


def turn_away(connection: Connection, refusal: Refusal) -> None:
    """Send the reason, and close with the code that tells a client whether to reconnect (H4)."""
    REFUSALS.labels(refusal.code).inc()
    connection.write(Frame(encode(error_line(refusal))))
    connection.close(refusal.close, refusal.message)


async def refused(request: HTTPConnection, error: Exception) -> Response | None:
    """Answer a Refusal: a browser's socket is accepted first, or its script would see a bare 1006 (H4)."""
    if not isinstance(error, Refusal):
        raise TypeError(f"expected a Refusal, got {error!r}")
    if isinstance(request, WebSocket):
        if SUBPROTOCOL not in request.scope["subprotocols"]:
            REFUSALS.labels(error.code).inc()
            await request.close(Close.POLICY, error.message)  # the tutorial's way: before the upgrade (T2)
            return None
        connection = await accept_socket(request, subprotocol=SUBPROTOCOL)
        turn_away(connection, error)
        await connection.run(NullReceiver())
        return None
    REFUSALS.labels(error.code).inc()
    more: dict[str, Any] = {} if error.retry_ms is None else {"retry_ms": error.retry_ms}
    if error.reason is not None:
        more["reason"] = error.reason
    answer = problem(_STATUS[error.close], error.message, code=error.code, **more)
    if error.close == Close.UNAUTHENTICATED:
        answer.headers["www-authenticate"] = "Bearer"
    return answer


async def invalid_request(_request: Request, error: Exception) -> Response:
    """Answer parameters out of shape: 422, each named."""
    if not isinstance(error, RequestValidationError):
        raise TypeError(f"expected a RequestValidationError, got {error!r}")
    REFUSALS.labels(Code.INVALID).inc()
    faults = [{"where": ".".join(map(str, e["loc"])), "message": e["msg"]} for e in error.errors()]
    return problem(422, "; ".join(f"{f['where']}: {f['message']}" for f in faults), code=Code.INVALID, errors=faults)


async def invalid_handshake(websocket: WebSocket, error: Exception) -> None:
    """Answer a handshake's parameters out of shape: readable in a room (H2), before the upgrade elsewhere (T2, T3)."""
    if not isinstance(error, WebSocketRequestValidationError):
        raise TypeError(f"expected a WebSocketRequestValidationError, got {error!r}")
    first = error.errors()[0]
    message = f"{first['loc'][-1]}: {first['msg']}"
    if SUBPROTOCOL in websocket.scope["subprotocols"]:
        await refused(websocket, Refusal(Code.INVALID, Close.INVALID, message))
    else:
        REFUSALS.labels(Code.INVALID).inc()
        await websocket.close(Close.POLICY, message)


async def unknown_subprotocol(websocket: WebSocket, _error: Exception) -> None:
    """Answer a handshake of another protocol: HTTP 400 with the name of ours (H1)."""
    REFUSALS.labels(Code.INVALID).inc()
    if "websocket.http.response" in websocket.scope.get("extensions", {}):
        await websocket.send_denial_response(problem(400, f"the only subprotocol here is {SUBPROTOCOL}"))
    else:
        await websocket.close(Close.POLICY, f"the only subprotocol here is {SUBPROTOCOL}")


async def http_error(request: Request, error: Exception) -> Response:
    """Answer what the framework refuses: no such path, no such method, a body too large."""
    if not isinstance(error, HTTPException):
        raise TypeError(f"expected an HTTPException, got {error!r}")
    answer = problem(error.status_code, str(error.detail))
    answer.headers.update(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and (methods := methods_of(request)):
        answer.headers["allow"] = methods
    return answer


async def storage_away(_request: Request, _error: Exception) -> Response:
    """Answer while storage does not (S7)."""
    REFUSALS.labels(Code.UNAVAILABLE).inc()
    return problem(503, "storage does not answer; try again soon", code=Code.UNAVAILABLE, retry_ms=1000)


async def unstorable(_request: Request, error: Exception) -> Response:
    """Answer what storage refuses, and would refuse again: 422 (S6)."""
    REFUSALS.labels(Code.INVALID).inc()
    return problem(422, f"this cannot be stored: {error}", code=Code.INVALID)


async def gone(_request: Request, _error: Exception) -> Response:
    """Answer nobody: the peer went while it was still sending, which is no fault of ours to trace."""
    return problem(400, "the request ended before its body did")


async def server_error(_request: Request, _error: Exception) -> Response:
    """Answer a fault of ours; the traceback is in the server's log."""
    return problem(500, "the server failed; its log says why")


#: Which error is answered how.
HANDLERS: dict[int | type[Exception], Any] = {
    Refusal: refused,
    RequestValidationError: invalid_request,
    WebSocketRequestValidationError: invalid_handshake,
    UnknownSubprotocolError: unknown_subprotocol,
    HTTPException: http_error,
    LogUnavailableError: storage_away,
    UnstorableError: unstorable,
    ClientDisconnect: gone,
    Exception: server_error,
}
