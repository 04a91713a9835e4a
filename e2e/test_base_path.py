"""Test the page below a path of a host, behind the guide's nginx, which removes the path or passes it on (B1)."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from host import Host, hosting, send_as_bob, sign
from pages.chat import ChatPage
from pages.echo import EchoPage
from pages.embedded import EmbeddedRoom
from pages.item import ItemPage
from pages.room import RoomPage
from pages.words import EN
from room_log import bodies
from seed import UNLIMITED
from stack import serve_deployed
from tests.support.credentials import SECRET
from tests.support.nginx import DocumentedNginx, needs_nginx

pytestmark = needs_nginx
PATH = "/chat"


#: Whether nginx removes the path.
STRIPS = pytest.fixture(scope="module", params=[False, True], ids=["passed on", "removed"])


@contextmanager
def proxied_server(folders: pytest.TempPathFactory, env: dict[str, str], *, strips: bool) -> Iterator[DocumentedNginx]:
    """Run a server below the path, behind nginx, which removes the path if it strips it."""
    with serve_deployed(folders.mktemp("server"), env=env | {"ALCOVE_BASE_PATH": PATH}) as server:
        proxy = DocumentedNginx(folders.mktemp("nginx"), server, path=PATH, strips=strips)
        try:
            yield proxy
        finally:
            proxy.end()


@STRIPS
def open_proxy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DocumentedNginx]:
    """Run a server in open mode below the path."""
    with proxied_server(tmp_path_factory, UNLIMITED, strips=request.param) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with hosting() as running:
        yield running


@STRIPS
def token_proxy(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, host: Host
) -> Iterator[DocumentedNginx]:
    """Run a server that admits members with a token below the path; the host's page contains its room."""
    env = {"ALCOVE_SECRET": SECRET, "ALCOVE_FRAME_ANCESTORS": host.url}
    with proxied_server(tmp_path_factory, env, strips=request.param) as proxy:
        host.server, host.item = proxy.url, "order-7"
        yield proxy


@pytest.fixture
def requested_urls(context: BrowserContext) -> list[str]:
    """Collect the addresses of all requests and sockets."""
    found: list[str] = []
    context.on("request", lambda request: found.append(request.url))
    context.on("page", lambda page: page.on("websocket", lambda socket: found.append(socket.url)))
    return found


def outside(requested_urls: list[str], proxy: DocumentedNginx) -> list[str]:
    """Return the addresses that are not below the path."""
    return [url for url in requested_urls if not url.startswith((f"{proxy.url}/", f"{proxy.ws}/", "data:", "blob:"))]


def test_b1_a_newcomer_opens_a_demo_room_and_finds_it_again(
    open_proxy: DocumentedNginx, requested_urls: list[str], page: Page
) -> None:
    room = RoomPage(page, EN, name="Ada", at=open_proxy.url)
    page.goto(f"{open_proxy.url}/")
    expect(page.get_by_text(f"{open_proxy.url}/embed.js")).to_have_count(1)  # the snippet has the real address
    room.demo_button.click()
    room.wait_until_live()
    room.send("below a path")
    room.wait_until_sent("below a path")

    page.reload()

    room.wait_until_live()
    expect(room.message_with("below a path")).to_be_visible()
    assert re.match(re.escape(f"{open_proxy.url}/items/"), page.url)
    scope = page.evaluate("navigator.serviceWorker.ready.then(({ scope }) => scope)")
    assert scope == f"{open_proxy.url}/"
    assert outside(requested_urls, open_proxy) == []


def test_b1_the_list_of_rooms_leads_from_room_to_room(
    open_proxy: DocumentedNginx, requested_urls: list[str], page: Page
) -> None:
    first, second = f"order-{uuid4()}", f"order-{uuid4()}"
    room = RoomPage(page, EN, name="Ada", at=open_proxy.url)
    room.enter(first)
    room.send("in the first")
    room.wait_until_sent("in the first")
    room.enter(second)

    room.rooms.get_by_role("link", name=first).click()

    expect(room.message_with("in the first")).to_be_visible()
    assert page.url == f"{open_proxy.url}/items/{first}"
    assert bodies(open_proxy.url, first) == ["in the first"]
    assert outside(requested_urls, open_proxy) == []


def test_b1_the_tutorial_pages_connect(open_proxy: DocumentedNginx, requested_urls: list[str], page: Page) -> None:
    for conversation in (EchoPage(page, EN), ItemPage(page, EN), ChatPage(page, EN)):
        page.goto(f"{open_proxy.url}{conversation.path}")
        if isinstance(conversation, ItemPage):
            conversation.connect()
        expect(conversation.status).to_contain_text("Connected")
        conversation.send("hello")
        expect(conversation.lines.filter(has_text="hello").first).to_be_visible()
    assert outside(requested_urls, open_proxy) == []


def test_b1_a_login_cookie_below_the_path_lets_its_member_in(
    token_proxy: DocumentedNginx, context: BrowserContext, page: Page
) -> None:
    origin = token_proxy.url.removesuffix(PATH)
    answer = context.request.post(
        f"{token_proxy.url}/api/session", data={"token": sign("ada")}, headers={"origin": origin}
    )
    assert answer.ok
    assert {(cookie["name"], cookie["path"]) for cookie in context.cookies()} == {
        ("alcove_session", PATH),
        ("alcove_member", PATH),
    }
    room = RoomPage(page, EN, name="Ada", at=token_proxy.url)

    page.goto(f"{token_proxy.url}/items/order-8")
    room.open_advanced()
    room.token.fill("")
    room.connect_button.click()

    room.wait_until_live()
    room.send("signed in")
    room.wait_until_sent("signed in")
    assert bodies(token_proxy.url, "order-8", sign("bob"))[-1] == "signed in"


@pytest.mark.usefixtures("token_proxy")
def test_b1_a_page_of_another_origin_contains_a_room_from_below_the_path(page: Page, host: Host) -> None:
    host.tokens = [sign("ada")]
    embedded = EmbeddedRoom(page)
    send_as_bob(host, "from the shop")

    page.goto(host.url)

    embedded.wait_until_live()
    expect(embedded.message_with("from the shop")).to_be_visible()
    embedded.send("from the frame")
    embedded.wait_until_sent("from the frame")
    assert bodies(host.server, host.item, sign("bob"))[-1] == "from the frame"
