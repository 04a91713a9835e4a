"""Record the problems of a page during a test: console errors, uncaught exceptions, failed requests."""

import re

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

#: Requests that the browser aborts when the page navigates are not problems.
GIVEN_UP = "net::ERR_ABORTED"
#: Complaints while the network is cut or the server stops, also about a part of the page that is loaded then.
#: ERR_FAILED is what a page sees of a request of its service worker; 503 is the answer of a server that stops.
NETWORK_CUT = (
    "ERR_CONNECTION_|ERR_FAILED|ERR_INTERNET_DISCONNECTED|WebSocket connection to|ERR_EMPTY_RESPONSE|ERR_SOCKET"
    "|Failed to fetch dynamically imported module|response 503|status of 503"
)


class PageProblems:
    """Collects the problems of every page of a context; a test declares in advance which ones it expects."""

    def __init__(self, context: BrowserContext) -> None:
        self._heard: list[str] = []
        self._expected: list[str] = []
        context.on("console", self._console)
        context.on("weberror", self._uncaught)
        context.on("requestfailed", self._failed)
        context.on("response", self._answered)

    def expect(self, pattern: str) -> None:
        """Expect problems whose text matches this pattern."""
        self._expected.append(pattern)

    @property
    def unexpected(self) -> list[str]:
        """The problems that the test did not expect."""
        return [line for line in self._heard if not any(re.search(pattern, line) for pattern in self._expected)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._heard.append(f"console {message.type}: {message.text}")

    def _uncaught(self, error: WebError) -> None:
        self._heard.append(f"uncaught: {error.error}")

    def _failed(self, request: Request) -> None:
        if request.failure != GIVEN_UP:
            self._heard.append(f"request failed: {request.method} {request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self._heard.append(f"response {response.status}: {response.url}")
