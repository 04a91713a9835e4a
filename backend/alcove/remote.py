"""Call a running server from the command line, and show the progress of long operations."""

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
    """Send one HTTP request with a bearer token, and provide the response while the block runs.

    Args:
        url: The address of any server of the deployment, `http://` or `https://`.
        token: The credential.
        method: The HTTP method.
        path: The path and query, percent-encoded.
        body: A value to send as JSON; None: no body.
        timeout_s: Seconds without data after which the request fails.

    Raises:
        SettingsError: `url` is not an http(s) address.
        AlcoveError: The server cannot be reached, or refuses the request.

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
    """Counts what an operation has done, and shows it on stderr.

    On a terminal it updates one line in place; in a log it writes a line every ten seconds.
    """

    def __init__(self, what: str) -> None:
        """Start counting; `what` names what is counted, in the plural."""
        self._what = what
        self._terminal = sys.stderr.isatty()
        self._started = self._shown = time.monotonic()
        self.done = 0
        #: How many there are; None: not known.
        self.total: int | None = None

    def add(self, count: int) -> None:
        """Add `count` to the number done, and show it if the last output is long enough ago."""
        self.done += count
        now = time.monotonic()
        if now - self._started >= _LONG_S and now - self._shown >= _SHOW_S[not self._terminal]:
            self._shown = now
            sys.stderr.write(f"\r\x1b[K{self}" if self._terminal else f"{self}\n")
            sys.stderr.flush()

    def finish(self) -> None:
        """Show the final number, but only if progress was shown before."""
        if self._shown != self._started:
            sys.stderr.write(f"\r\x1b[K{self}\n" if self._terminal else f"{self}\n")

    def __str__(self) -> str:
        per_s = self.done / max(1e-9, time.monotonic() - self._started)
        left = ""
        if self.total is not None and self.total > self.done and per_s:
            left = f", {(self.total - self.done) / per_s:.0f} s left"
        return f"{self.done:,} {self._what}, {per_s:,.0f}/s{left}"


class _NoRedirect(HTTPRedirectHandler):
    """Makes urllib follow no redirects: the credential is for one server only."""

    def redirect_request(self, *_: object) -> None:
        """Return None, so that the redirect response itself becomes an HTTPError."""


def _reason(error: HTTPError) -> str:
    """Extract why a server refused: the `detail` of its problem document, else the HTTP status."""
    with suppress(ValueError, OSError, HTTPException):
        answer = json.loads(error.read(64 * 1024))
        if isinstance(answer, dict) and "detail" in answer:
            return str(answer["detail"])
    return f"{error.code} {error.reason}"
