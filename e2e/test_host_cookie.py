"""Test a room next to a host application on the same host, whose session cookie the browser sends, too (A1)."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from page_problems import PageProblems
from pages.room import RoomPage
from pages.words import EN
from stack import serve_deployed
from tests.support.credentials import SECRET, token
from tests.support.host_applications import run_flask_app, run_starlette_app
from tests.support.servers import Server

ITEM = "order-7"


@pytest.fixture
def token_server(tmp_path: Path) -> Iterator[Server]:
    """Run a server that admits members with a token."""
    with serve_deployed(tmp_path, env={"ALCOVE_SECRET": SECRET}) as running:
        yield running


@pytest.mark.parametrize("host", [run_flask_app, run_starlette_app])
def test_a1_a_room_opens_with_its_token_while_the_host_applications_cookie_is_there(
    page: Page, token_server: Server, page_problems: PageProblems, host: Callable[[], AbstractContextManager[str]]
) -> None:
    page_problems.expect(r"404 \((?i:not found)\)|/favicon\.ico")  # the host application has no icon
    with host() as url:
        page.goto(f"{url}/login")
        expect(page.get_by_text("welcome")).to_be_visible()
    assert [cookie["name"] for cookie in page.context.cookies(token_server.url)] == ["session"]

    room = RoomPage(page, EN, name="Ada", at=token_server.url)
    page.goto(f"{token_server.url}/items/{ITEM}#token={token(name='Ada', items={ITEM: 'rw'})}")
    expect(room.status).to_have_text("Live")
    room.send("here I am")
    expect(room.message_with("here I am")).to_be_visible()
