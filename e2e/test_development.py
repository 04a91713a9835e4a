"""Test that `fastapi dev` and `npm run dev`, each in its folder, serve the same as a deployed server."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from pages.chat import ChatPage
from pages.echo import EchoPage
from pages.item import ItemPage
from pages.room import RoomPage
from pages.words import EN
from stack import serve_development
from tests.support.servers import Server


@pytest.fixture(scope="module")
def vite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start the page's development server with a backend behind it."""
    with serve_development(tmp_path_factory.mktemp("development")) as (_backend, page_server):
        yield page_server


def test_all_three_sockets_are_reached_through_the_page_in_development(page: Page, vite: Server) -> None:
    item, echo, chat = ItemPage(page, EN), EchoPage(page, EN), ChatPage(page, EN)
    page.goto(vite.url + "/playground")
    item.connect()
    item.send("hello")
    expect(item.lines.last).to_have_text("Message text was: hello, for item ID: foo")

    page.goto(vite.url + "/echo")
    expect(echo.status).to_contain_text("Connected")
    echo.send("hello")
    expect(echo.lines).to_have_text(["Message text was: hello"])

    page.goto(vite.url + "/chat")
    expect(chat.status).to_contain_text("Connected")
    me = chat.client_id()
    chat.send("hello")
    expect(chat.lines).to_have_text(["You wrote: hello", f"Client #{me} says: hello"])
    assert page.request.get(vite.url + "/healthz").json() == {"status": "ok"}


def test_strict_mode_mounts_twice_and_opens_one_socket(page: Page, vite: Server) -> None:
    opened: list[str] = []
    page.on("websocket", lambda socket: opened.append(socket.url))
    room = RoomPage(page, EN, name="Ada", at=vite.url)
    room.enter("foo")
    room.send("hello")
    expect(room.message_with("hello")).to_be_visible()

    assert [url for url in opened if "/items/foo/ws" in url] == opened[-1:]
