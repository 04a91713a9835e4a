"""Test that a restart of the server is shown, and loses nothing that was typed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from page_problems import PageProblems
from pages.item import ItemPage
from stack import serve_deployed
from tests.support.servers import Server


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """Start a server that the test may stop."""
    with serve_deployed(tmp_path) as running:
        yield running


def test_c_a_restart_is_shown_and_the_client_reconnects(
    item: ItemPage, own_server: Server, tmp_path: Path, page_problems: PageProblems
) -> None:
    page_problems.expect("ERR_CONNECTION_REFUSED")
    item.page.goto(f"{own_server.url}{item.path}")
    item.connect()
    item.message.fill("half a thou")

    own_server.end()
    expect(item.status).to_contain_text("Disconnected The server is restarting. Close code 1012.")
    item.connect_button.click()
    expect(item.status).to_contain_text("cannot be reached")

    with serve_deployed(tmp_path, port=own_server.port):
        item.connect()
        expect(item.message).to_have_value("half a thou")
        item.send_button.click()
        expect(item.lines.last).to_have_text("Message text was: half a thou, for item ID: foo")
