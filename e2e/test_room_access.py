"""Test which tokens admit to a room, and how a refusal is explained."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from page_problems import PageProblems
from pages.room import RoomPage
from pages.words import EN, ES
from stack import serve_deployed
from tests.support.credentials import SECRET, token
from tests.support.servers import Server

ITEM = "foo"


@pytest.fixture
def token_server(tmp_path: Path) -> Iterator[Server]:
    """Start a server with a key and without leeway for expired tokens."""
    with serve_deployed(tmp_path, env={"ALCOVE_SECRET": SECRET, "ALCOVE_LEEWAY_S": "0"}) as server:
        yield server


@pytest.fixture
def room(page: Page, token_server: Server) -> RoomPage:
    """Ada, before that server."""
    return RoomPage(page, EN, name="Ada", at=token_server.url)


@pytest.mark.browser_context_args(locale="es-ES")
def test_a3_a_refusal_is_explained_in_the_language_of_the_browser(
    page: Page, token_server: Server, page_problems: PageProblems
) -> None:
    page_problems.expect("401")
    room = RoomPage(page, ES, name="Ada", at=token_server.url)
    room.visit(ITEM, token="no token at all")
    expect(room.status).to_have_text("Sin acceso · El token no es válido.")

    room.token.fill(token(items={"another": "rw"}))
    room.connect_button.click()

    expect(room.status).to_have_text("Sin acceso · No tienes acceso a esta sala.")
    expect(room.token).to_have_count(0)


def test_w2_a_member_who_may_only_read_is_told_so(room: RoomPage) -> None:
    room.enter(ITEM, token=token(items={ITEM: "r"}))

    expect(room.page.get_by_text("You can read this room, but you can't write in it.")).to_be_visible()
    expect(room.message).to_have_count(0)
