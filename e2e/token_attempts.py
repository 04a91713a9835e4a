"""Count the attempts of a page to connect with tokens that the server refuses (A4)."""

from playwright.sync_api import Locator, Page, Response, WebSocket, expect

#: The maximum number of such attempts of a tab in a minute, with the one that discovers the refusal.
MAX_ATTEMPTS = 6
#: The time in which attempts are counted. The rest of the minute is for the seconds that a busy machine adds.
MEASURED_MS = 50_000


def record_attempts(page: Page) -> list[str]:
    """Return a list to which the URL of each further WebSocket, and of each response with 401, is added."""
    attempts: list[str] = []

    def on_websocket(socket: WebSocket) -> None:
        attempts.append(socket.url)

    def on_response(response: Response) -> None:
        if response.status == 401:
            attempts.append(response.url)

    page.on("websocket", on_websocket)
    page.on("response", on_response)
    return attempts


def run_clock(page: Page, end_ms: float, next_attempt: Locator) -> None:
    """Run the installed clock of a page up to a time; the page shows `next_attempt` between two attempts."""
    while page.evaluate("Date.now()") < end_ms:  # the clock also runs on its own
        page.clock.run_for(1000)
        # All requests of the last second have been answered, and the next attempt is scheduled.
        expect(next_attempt).to_be_visible()
