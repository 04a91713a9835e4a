"""Test that invalid tokens or a wrong clock cause a few attempts a minute, not a storm (A4)."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from host import Host, hosting
from page_problems import PageProblems
from stack import serve_deployed
from tests.support.credentials import SECRET, token
from tests.support.servers import Server
from token_attempts import MAX_ATTEMPTS, MEASURED_MS, record_attempts, run_clock

pytestmark = pytest.mark.usefixtures("token_server")

ITEM = "foo"


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
    attempts = record_attempts(page)
    page.clock.install()
    page.goto(host.url)
    end_ms = page.evaluate("Date.now()") + MEASURED_MS
    status = page.frame_locator("iframe").get_by_role("status")
    expect(status).to_contain_text("The token is signed with another key.")

    run_clock(page, end_ms, page.frame_locator("iframe").get_by_text("Next attempt in"))

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
