"""Convert exceptions to responses: problem documents over HTTP (W6), an `error` line and a close on sockets (H4)."""

from http import HTTPStatus
from typing import Any

import msgspec
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from fastapi.requests import HTTPConnection
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from alcove.api.parameters import allowed_methods
from alcove.api.sockets import accept_socket
from alcove.errors import Close, Code, Refusal
from alcove.observability.metrics import Metrics
from alcove.protocol import SUBPROTOCOL, encode, error_line
from alcove.storage.base import LogUnavailableError, UnstorableError
from alcove.wire.connection import Connection, Frame, NullReceiver

#: The HTTP status of a refusal, by its close code.
_STATUS = {
    Close.INVALID: 422,
    Close.TOO_BIG: 413,
    Close.UNAUTHENTICATED: 401,
    Close.FORBIDDEN: 403,
    Close.TOO_MANY: 429,
    Close.AT_CAPACITY: 503,
    Close.RESTART: 503,
    Close.INTERNAL: 500,
}


class UnknownSubprotocolError(Exception):
    """A handshake offers subprotocols, but not `alcove.v1` (H1)."""


def problem(status: int, detail: str, **members: object) -> Response:
    """Create a response with a problem document (RFC 9457, section 3).

    Args:
        status: The HTTP status.
        detail: The cause of the error, for a developer.
        members: Further members of the document; `retry_ms` also sets `Retry-After`, in whole seconds.

    """
    document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail} | members
    headers = {"retry-after": str(-(-int(str(members["retry_ms"])) // 1000))} if "retry_ms" in members else None
    return Response(msgspec.json.encode(document), status, headers, "application/problem+json")


def count_refusal(request: HTTPConnection, code: Code) -> None:
    """Increment the counter of refusals with this code (W7)."""
    metrics: Metrics = request.app.state.metrics
    metrics.refusals.labels(code).inc()


def send_refusal(websocket: WebSocket, connection: Connection, refusal: Refusal) -> None:
    """Send the refusal as an `error` line on an accepted socket, then close it with the refusal's close code (H4)."""
    count_refusal(websocket, refusal.code)
    connection.write(Frame(encode(error_line(refusal))))
    connection.close(refusal.close_code, refusal.message)


async def respond_to_refusal(request: HTTPConnection, error: Exception) -> Response | None:
    """Respond to a Refusal: with a problem document over HTTP, with an `error` line and a close on a socket.

    A handshake of the room protocol is accepted first, because a script would otherwise see only close code 1006 (H4).

    Raises:
        TypeError: `error` is not a Refusal.

    """
    if not isinstance(error, Refusal):
        raise TypeError(f"expected a Refusal, got {error!r}")
    if isinstance(request, WebSocket):
        if SUBPROTOCOL not in request.scope["subprotocols"]:
            count_refusal(request, error.code)
            await request.close(Close.POLICY, error.message)  # before the upgrade, as at the tutorial's routes (T2)
            return None
        connection = await accept_socket(request, subprotocol=SUBPROTOCOL)
        send_refusal(request, connection, error)
        await connection.run(NullReceiver())
        return None
    count_refusal(request, error.code)
    members: dict[str, Any] = {} if error.retry_ms is None else {"retry_ms": error.retry_ms}
    if error.reason is not None:
        members["reason"] = error.reason
    response = problem(error.status or _STATUS[error.close_code], error.message, code=error.code, **members)
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        response.headers["www-authenticate"] = "Bearer"
    return response


async def respond_to_invalid_request(request: Request, error: Exception) -> Response:
    """Respond 422 to invalid parameters or an invalid body, and name each wrong field.

    Raises:
        TypeError: `error` is not a RequestValidationError.

    """
    if not isinstance(error, RequestValidationError):
        raise TypeError(f"expected a RequestValidationError, got {error!r}")
    count_refusal(request, Code.INVALID)
    # Name each error once: several dependencies may declare the same parameter.
    unique_errors = dict.fromkeys((".".join(map(str, e["loc"])), e["msg"]) for e in error.errors())
    field_errors = [{"where": where, "message": message} for where, message in unique_errors]
    return problem(
        422, "; ".join(f"{f['where']}: {f['message']}" for f in field_errors), code=Code.INVALID, errors=field_errors
    )


async def refuse_invalid_handshake(websocket: WebSocket, error: Exception) -> None:
    """Refuse a handshake with invalid parameters: of the room protocol after the upgrade (H2), else before (T2, T3).

    Raises:
        TypeError: `error` is not a WebSocketRequestValidationError.

    """
    if not isinstance(error, WebSocketRequestValidationError):
        raise TypeError(f"expected a WebSocketRequestValidationError, got {error!r}")
    first = error.errors()[0]
    message = f"{first['loc'][-1]}: {first['msg']}"
    if SUBPROTOCOL in websocket.scope["subprotocols"]:
        await respond_to_refusal(websocket, Refusal(Code.INVALID, Close.INVALID, message))
    else:
        count_refusal(websocket, Code.INVALID)
        await websocket.close(Close.POLICY, message)


async def refuse_unknown_subprotocol(websocket: WebSocket, _error: Exception) -> None:
    """Refuse a handshake that offers only other subprotocols: HTTP 400 that names `alcove.v1` (H1)."""
    count_refusal(websocket, Code.INVALID)
    if "websocket.http.response" in websocket.scope.get("extensions", {}):
        await websocket.send_denial_response(problem(400, f"the only subprotocol here is {SUBPROTOCOL}"))
    else:
        await websocket.close(Close.POLICY, f"the only subprotocol here is {SUBPROTOCOL}")


async def respond_to_http_error(request: Request, error: Exception) -> Response:
    """Respond to an HTTPException, such as the framework's for an unknown path or an unsupported method.

    Raises:
        TypeError: `error` is not an HTTPException.

    """
    if not isinstance(error, HTTPException):
        raise TypeError(f"expected an HTTPException, got {error!r}")
    response = problem(error.status_code, str(error.detail))
    response.headers.update(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and (methods := allowed_methods(request)):
        response.headers["allow"] = methods
    return response


async def respond_to_unavailable_storage(request: Request, _error: Exception) -> Response:
    """Respond 503 while storage does not answer (S7)."""
    count_refusal(request, Code.UNAVAILABLE)
    return problem(503, "storage does not answer; try again soon", code=Code.UNAVAILABLE, retry_ms=1000)


async def respond_to_unstorable_value(request: Request, error: Exception) -> Response:
    """Respond 422 to a value that storage can never store (S6)."""
    count_refusal(request, Code.INVALID)
    return problem(422, f"this cannot be stored: {error}", code=Code.INVALID)


async def respond_to_disconnect(_request: Request, _error: Exception) -> Response:
    """Respond 400 to a client that disconnected while sending its body, so that no traceback is logged."""
    return problem(400, "the client disconnected before the body was complete")


async def respond_to_server_error(_request: Request, _error: Exception) -> Response:
    """Respond 500 to an unexpected exception; the server logs its traceback."""
    return problem(500, "the server failed; its log says why")


#: The function that responds to each kind of exception.
HANDLERS: dict[int | type[Exception], Any] = {
    Refusal: respond_to_refusal,
    RequestValidationError: respond_to_invalid_request,
    WebSocketRequestValidationError: refuse_invalid_handshake,
    UnknownSubprotocolError: refuse_unknown_subprotocol,
    HTTPException: respond_to_http_error,
    LogUnavailableError: respond_to_unavailable_storage,
    UnstorableError: respond_to_unstorable_value,
    ClientDisconnect: respond_to_disconnect,
    Exception: respond_to_server_error,
}
