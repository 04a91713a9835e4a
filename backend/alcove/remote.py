"""Call a running server from the command line, with a token from the environment or one that the command signs."""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Annotated, Any
from urllib.error import HTTPError
from urllib.request import HTTPHandler, HTTPRedirectHandler, HTTPSHandler, Request, build_opener

import jwt
import typer

from alcove.access.tokens import Keys
from alcove.errors import AlcoveError, Refusal, SettingsError
from alcove.settings import Settings

#: The media type of a body that has a JSON value on each line.
_LINES = "application/x-ndjson"
#: Statuses that suggest that the server at the address is not an Alcove server.
_OTHER_SERVER_STATUSES = {404, 405}
#: What to ask the user then.
_HINT = "is --url the address of an Alcove server, with its ALCOVE_BASE_PATH, if it has one?"
#: The option of a command that names the server.
ServerUrl = Annotated[str, typer.Option(help="A server of the deployment.")]
#: The default of that option.
LOCAL_SERVER = "http://127.0.0.1:8000"


class RefusedError(AlcoveError):
    """The server refused the request; `status` is the HTTP status of its response."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@contextmanager
def exit_on_error() -> Iterator[None]:
    """End the command if the block raises an AlcoveError: print one line on stderr, and exit with status 1."""
    try:
        yield
    except AlcoveError as error:
        sys.exit(f"alcove: {error}")


@contextmanager
def send_request(
    url: str, token: str, method: str, path: str, *, body: object = None, timeout_s: float = 10
) -> Iterator[HTTPResponse]:
    """Send one HTTP request with a bearer token, and provide the response while the block runs.

    Args:
        url: The address of any server of the deployment, `http://` or `https://`.
        token: The credential.
        method: The HTTP method.
        path: The path and query, percent-encoded.
        body: A value to send as JSON, or lines of JSON as bytes; None: no body.
        timeout_s: Seconds without data after which the request fails.

    Raises:
        SettingsError: `url` is not an http(s) address.
        RefusedError: The server refuses the request.
        AlcoveError: The server cannot be reached, or does not answer in JSON.

    """
    if not url.startswith(("http://", "https://")):
        raise SettingsError(f"--url {url!r}: expected http:// or https://")
    content_type = _LINES if isinstance(body, bytes) else "application/json"
    headers = {"authorization": f"Bearer {token}", "accept": f"{_LINES}, application/json, */*"}
    headers |= {} if body is None else {"content-type": content_type}
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    try:
        request = Request(f"{url.rstrip('/')}{path}", data, headers, method=method)  # noqa: S310 - checked
        with build_opener(_NoRedirect, _Http, _Https).open(request, timeout=timeout_s) as response:
            yield response
    except HTTPError as error:
        reason = _reason(error)
        hint = f": {_HINT}" if error.code in _OTHER_SERVER_STATUSES and reason.endswith(error.reason) else ""
        raise RefusedError(f"{url} refused: {reason}{hint}", error.code) from None
    except json.JSONDecodeError:
        raise AlcoveError(f"{url} did not answer in JSON: {_HINT}") from None
    except BrokenPipeError:  # the reader of the command's output is gone; in a request, this is a URLError
        raise
    except (OSError, ValueError, HTTPException) as error:
        raise AlcoveError(f"{url} cannot be reached: {error}") from None


async def admin_token() -> str:
    """Return ALCOVE_TOKEN, or sign a token with ALCOVE_SECRET that may moderate every item for one minute.

    Raises:
        SettingsError: Neither variable is set, or the server would refuse the token.

    """
    # From the environment, because every user of this machine can read a command's arguments (A6).
    return os.environ.get("ALCOVE_TOKEN") or await sign(
        Settings.load(), sub="alcove-command", name=None, items={"*": "rwm"}, ttl_s=60
    )


async def sign(settings: Settings, *, sub: str, name: str | None, items: dict[str, str], ttl_s: int) -> str:
    """Sign a token with the secret of the settings (HS256), verify it as the server would, and return it.

    Args:
        settings: Provides the secret.
        sub: The member's id.
        name: The member's name; None: the token has none, and the id stands for it.
        items: Item or pattern → letters of the rights on it.
        ttl_s: Seconds from now until the token expires.

    Raises:
        SettingsError: There is no secret, or the server would refuse the token.

    """
    if settings.secret is None:
        raise SettingsError("ALCOVE_SECRET is not set: a token is signed with it; make one with `openssl rand -hex 32`")
    secret = settings.secret.get_secret_value()
    keys = Keys(secret, jwks=None, leeway_s=0)
    now = int(time.time())
    claims = {"sub": sub, "items": items, "iat": now, "exp": now + ttl_s} | ({} if name is None else {"name": name})
    signed_token = jwt.encode(claims, secret, algorithm="HS256")
    try:
        await keys.check(signed_token)
    except Refusal as refusal:
        raise SettingsError(f"the server would refuse this token: {refusal.message}") from None
    return signed_token


class _TolerantHTTPConnection(HTTPConnection):
    """An HTTP connection that ignores a failure to send the body.

    A server may refuse a request before it has read the whole body, and its response must still be read.
    """

    def send(self, data: Any) -> None:  # Any: as the base class has it
        """Send `data`; do nothing if the server has closed the connection for sending."""
        with suppress(BrokenPipeError, ConnectionResetError):
            super().send(data)


class _TolerantHTTPSConnection(_TolerantHTTPConnection, HTTPSConnection):
    """An HTTPS connection that ignores a failure to send the body, too."""


class _Http(HTTPHandler):
    """The handler of `http://` addresses."""

    def http_open(self, request: Request) -> HTTPResponse:
        return self.do_open(_TolerantHTTPConnection, request)


class _Https(HTTPSHandler):
    """The handler of `https://` addresses."""

    def https_open(self, request: Request) -> HTTPResponse:
        return self.do_open(_TolerantHTTPSConnection, request)


class _NoRedirect(HTTPRedirectHandler):
    """A handler that follows no redirects, because the credential is for one server only."""

    def redirect_request(self, *_: object) -> None:
        """Return None, so that the redirect response itself becomes an HTTPError."""


def _reason(error: HTTPError) -> str:
    """Return why the server refused: the `detail` of its problem document, or the HTTP status if there is none."""
    with suppress(ValueError, OSError, HTTPException):
        response = json.loads(error.read(64 * 1024))
        if isinstance(response, dict) and "detail" in response:
            return str(response["detail"])
    return f"{error.code} {error.reason}"
