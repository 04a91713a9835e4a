"""Test that invalid tokens or a wrong clock cause a few attempts a minute, not a storm (A4)."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Response, WebSocket, expect

from host import Host, hosting
from page_problems import PageProblems
from stack import serve_deployed
from tests.support.credentials import SECRET, token
from tests.support.servers import Server

pytestmark = pytest.mark.usefixtures("token_server")

ITEM = "foo"
#: Attempts with refused tokens that a tab makes in a minute, and the one that finds out.
MAX_ATTEMPTS = 6
#: How long attempts are counted, less than a minute by what a busy machine adds.
MEASURED_MS = 50_000


@pytest.fixture
def host() -> Iterator[Host]:
    with hosting() as running:
        yield running


@pytest.fixture
def token_server(tmp_path: Path, host: Host) -> Iterator[Server]:
    """Start a server with a key, whose page the host's page may frame."""
    env = {"ALCOVE_SECRET": SECRET, "ALCOVE_FRAME_ANCESTORS": host.url, "ALCOVE_LEEWAY_S": "0"}
    with serve_deployed(tmp_path, env=env) as running:
        host.server, host.item = running.url, ITEM
        yield running


def wrong_key(number: int) -> str:
    """Sign a new token with a key that is not the server's."""
    return token(key="k" * 40, jti=str(number))


def test_a4_a_host_with_the_wrong_key_costs_five_attempts_a_minute(
    page: Page, host: Host, page_problems: PageProblems
) -> None:
    page_problems.expect("401|WebSocket connection to")
    host.tokens = [wrong_key(number) for number in range(1000)]
    attempts: list[str] = []

    def opened(socket: WebSocket) -> None:
        attempts.append(socket.url)

    def answered(response: Response) -> None:
        if response.status == 401:
            attempts.append(response.url)

    page.on("websocket", opened)
    page.on("response", answered)
    page.clock.install()
    page.goto(host.url)
    end = page.evaluate("Date.now()") + MEASURED_MS
    status = page.frame_locator("iframe").get_by_role("status")
    expect(status).to_contain_text("The token is signed with another key.")

    while page.evaluate("Date.now()") < end:  # the clock runs on beside the seconds that it is moved by
        page.clock.run_for(1000)
        # All requests of the last second have been answered, and the next attempt is scheduled.
        expect(page.frame_locator("iframe").get_by_text("Next attempt in")).to_be_visible()

    assert 2 <= len(attempts) <= MAX_ATTEMPTS
    assert host.asked <= MAX_ATTEMPTS + 1


@pytest.mark.parametrize("hours", [-2, 2])
def test_a4_a_browser_whose_clock_is_hours_off_renews_its_token_once(page: Page, host: Host, hours: int) -> None:
    lifetime_s = 400
    short, long = (token(exp=time.time() + seconds, items={ITEM: "rw"}) for seconds in (lifetime_s, 3600))
    host.tokens = [short, long] + [wrong_key(n) for n in range(100)]
    page.clock.install(time=time.time() + hours * 3600)
    page.goto(host.url)
    status = page.frame_locator("iframe").get_by_role("status")
    expect(status).to_have_text("Live")
    assert host.asked == 1

    with page.expect_response("**/token"):
        page.clock.fast_forward(380_000)
    for _ in range(5):
        page.clock.run_for(1000)
        expect(status).to_have_text("Live")

    assert host.asked == 2


def test_a4_a_session_that_ended_revives_when_its_tab_is_shown(
    page: Page, host: Host, page_problems: PageProblems
) -> None:
    page_problems.expect("401")
    host.tokens = [token(exp=time.time() + 3, items={ITEM: "rw"})]
    page.goto(host.url)
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("status")).to_have_text("Not signed in · Sign in to read and write here.")

    host.tokens = [token(items={ITEM: "rw"})]
    page.frames[1].evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(frame.get_by_role("status")).to_have_text("Live")
