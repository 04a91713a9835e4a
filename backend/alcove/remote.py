"""Call a running server from the command line: one request with a credential, and the progress of what takes long."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException, HTTPResponse
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from alcove.errors import AlcoveError, SettingsError

#: Seconds without progress after which it is shown, and between two times that it is shown: on a terminal, in a log.
_SHOW_S = (0.5, 10.0)
#: Seconds after which an operation counts as one that takes long.
_LONG_S = 2.0


@contextmanager
def call(
    url: str, token: str, method: str, path: str, *, body: object = None, timeout_s: float = 10
) -> Iterator[HTTPResponse]:
    """Send one request and provide its response.

    Args:
        url: A server of the deployment.
        token: The credential.
        method: The HTTP method.
        path: The path, escaped.
        body: Is sent as JSON; None: no body.
        timeout_s: Seconds that the server may be silent.

    Raises:
        AlcoveError: The server cannot be reached, or refuses.

    """
    if not url.startswith(("http://", "https://")):
        raise SettingsError(f"--url {url!r}: expected http:// or https://")
    headers = {"authorization": f"Bearer {token}"} | ({} if body is None else {"content-type": "application/json"})
    data = None if body is None else json.dumps(body).encode()
    try:
        request = Request(f"{url.rstrip('/')}{path}", data, headers, method=method)  # noqa: S310 - checked
        with build_opener(_NoRedirect).open(request, timeout=timeout_s) as response:
            yield response
    except HTTPError as error:
        raise AlcoveError(f"{url} refused: {_reason(error)}") from None
    except (OSError, ValueError, HTTPException) as error:
        raise AlcoveError(f"{url} cannot be reached: {error}") from None


class Progress:
    """Shows on stderr how far an operation is: a line that changes on a terminal, a line now and then in a log."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._terminal = sys.stderr.isatty()
        self._started = self._shown = time.monotonic()
        self.done = 0
        #: How many there are; None: not known.
        self.total: int | None = None

    def add(self, count: int) -> None:
        """Count what was done, and show it if it is time."""
        self.done += count
        now = time.monotonic()
        if now - self._started >= _LONG_S and now - self._shown >= _SHOW_S[not self._terminal]:
            self._shown = now
            sys.stderr.write(f"\r\x1b[K{self}" if self._terminal else f"{self}\n")
            sys.stderr.flush()

    def finish(self) -> None:
        """Show the final number, if anything was shown before."""
        if self._shown != self._started:
            sys.stderr.write(f"\r\x1b[K{self}\n" if self._terminal else f"{self}\n")

    def __str__(self) -> str:
        per_s = self.done / max(1e-9, time.monotonic() - self._started)
        left = ""
        if self.total is not None and self.total > self.done and per_s:
            left = f", {(self.total - self.done) / per_s:.0f} s left"
        return f"{self.done:,} {self._what}, {per_s:,.0f}/s{left}"


class _NoRedirect(HTTPRedirectHandler):
    """Follows no redirects: the credential is for one server only."""

    def redirect_request(self, *_: object) -> None:
        """Return no next request."""


def _reason(error: HTTPError) -> str:
    """Return why a server refused: the detail of its problem document, else the HTTP status."""
    with suppress(ValueError, OSError, HTTPException):
        answer = json.loads(error.read(64 * 1024))
        if isinstance(answer, dict) and "detail" in answer:
            return str(answer["detail"])
    return f"{error.code} {error.reason}"
