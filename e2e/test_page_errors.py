"""Test that the page survives missing files and changed storage: never blank, and no written text is lost."""

import json
from uuid import uuid4

import pytest
from playwright.sync_api import Page, Route, expect

from page_problems import PageProblems
from pages.room import RoomPage
from tests.support.servers import Server
from tests.support.storm import depth, storm

LOAD_ERROR_TEXT = "could not be loaded"

#: Simulates a browser's translation: it wraps every text in new elements, at once and after each change.
TRANSLATE = """() => {
    const wrap = (node) => {
        if (node.parentElement === null || node.parentElement.closest("font, script, style, textarea") !== null) return;
        if (node.nodeValue.trim() === "") return;
        const outer = document.createElement("font");
        const inner = outer.appendChild(document.createElement("font"));
        node.replaceWith(outer);
        inner.append(node.nodeValue);
    };
    const translate = (root) => {
        const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
        const found = [];
        while (texts.nextNode()) found.push(texts.currentNode);
        found.forEach(wrap);
    };
    translate(document.getElementById("root"));
    new MutationObserver((changes) => {
        for (const { addedNodes, target } of changes) {
            for (const node of addedNodes) if (node.isConnected) translate(node.parentElement);
            if (target.nodeType === Node.TEXT_NODE && target.isConnected) wrap(target);
        }
    }).observe(document.getElementById("root"), { childList: true, characterData: true, subtree: true });
}"""


@pytest.fixture
def browser_context_args(browser_context_args: dict[str, object]) -> dict[str, object]:
    """Without the service worker, so that every file is asked for where the test can refuse it."""
    return browser_context_args | {"service_workers": "block"}


@pytest.fixture(autouse=True)
def without_service_worker(page_problems: PageProblems) -> None:
    """Make the page believe that service workers are not supported."""
    page_problems.expect("Service Worker registration blocked")


@pytest.fixture
def item() -> str:
    """Return an item id that no other test uses."""
    return f"order-{uuid4().hex[:8]}"


#: Why a file is missing: the server is away, or the file went with a deploy. A part that is loaded later meets an error
#: either way; `make storm` tries both with each.
away = pytest.mark.parametrize("missing_file", depth(["away"], ["away", "gone"]), indirect=True)
gone = pytest.mark.parametrize("missing_file", depth(["gone"], ["away", "gone"]), indirect=True)


@pytest.fixture(params=["away", "gone"])
def missing_file(request: pytest.FixtureRequest, page: Page, page_problems: PageProblems) -> str:
    """Refuse files of the page from now on, as if the server were down or a new release had removed them."""
    page_problems.expect(
        "request failed|response 404|Failed to load resource|dynamically imported module|console error"
    )

    def refuse(route: Route) -> None:
        if request.param == "away":
            route.abort("connectionrefused")
        else:
            route.fulfill(status=404, body="Not Found")

    pattern = "**/assets/{}-*.js"
    request.node.refuse = lambda name: page.route(pattern.format(name), refuse)
    return str(request.param)


def post(page: Page, url: str, data: str) -> None:
    """Send JSON by HTTP, as a host application does (W2)."""
    headers = {"authorization": "Bearer some-key-token", "content-type": "application/json"}
    answer = page.request.post(url, headers=headers, data=data)
    assert answer.ok, answer.text()


def refuse(request: pytest.FixtureRequest, name: str) -> None:
    """Refuse requests for the file of this name."""
    request.node.refuse(name)


@storm
@away
@pytest.mark.usefixtures("missing_file")
@pytest.mark.parametrize(("key", "file"), [("Control+/", "Shortcuts"), ("Control+Shift+Period", "DeveloperPanel")])
def test_a_chunk_that_cannot_be_loaded_does_not_affect_the_room(
    request: pytest.FixtureRequest, room: RoomPage, item: str, key: str, file: str
) -> None:
    room.enter(item)
    refuse(request, file)
    room.log.focus()

    room.page.keyboard.press(key)

    offer = room.page.get_by_role("alert").filter(has_text=LOAD_ERROR_TEXT)
    expect(offer).to_be_visible()
    offer.get_by_role("button", name="Close").click()
    expect(offer).to_have_count(0)
    room.send("still here")
    expect(room.message_with("still here")).to_be_visible()


@storm
@gone
@pytest.mark.usefixtures("missing_file")
def test_a_page_that_cannot_be_loaded_offers_a_reload(
    request: pytest.FixtureRequest, room: RoomPage, item: str
) -> None:
    room.enter(item)
    refuse(request, "Echo")

    room.go_to("Echo")
    expect(room.page.get_by_role("alert")).to_contain_text(LOAD_ERROR_TEXT)
    expect(room.page.get_by_role("button", name="Reload")).to_be_visible()
    room.page.go_back()

    room.wait_until_live()
    expect(room.page.get_by_role("alert")).to_have_count(0)


@storm
@away
@pytest.mark.usefixtures("missing_file")
def test_a_language_that_cannot_be_loaded_changes_nothing(
    request: pytest.FixtureRequest, room: RoomPage, item: str
) -> None:
    room.enter(item)
    refuse(request, "spanish")

    room.choose_other_language()

    expect(room.page.get_by_role("alert")).to_contain_text(LOAD_ERROR_TEXT)
    expect(room.send_button).to_be_visible()
    room.page.reload()
    room.wait_until_live()


@storm
@gone
@pytest.mark.usefixtures("missing_file")
def test_a_page_without_its_translations_offers_a_reload(
    request: pytest.FixtureRequest, room: RoomPage, item: str
) -> None:
    refuse(request, "english")

    room.visit(item)

    expect(room.page.get_by_role("alert")).to_contain_text(LOAD_ERROR_TEXT)
    room.page.unroute_all()
    room.page.get_by_role("button", name="Reload").click()
    room.wait_until_live()


@pytest.mark.usefixtures("missing_file")
def test_a_page_without_its_script_shows_a_message(request: pytest.FixtureRequest, room: RoomPage) -> None:
    refuse(request, "index")

    room.page.goto("/")

    expect(room.page.get_by_text("reload the page")).to_be_visible()


def test_a_translated_page_still_changes(room: RoomPage, item: str, page_problems: PageProblems) -> None:
    page_problems.expect("ERR_|WebSocket connection to")
    room.enter(item)
    room.send("one **bold** and https://example.org/a_(b) more")
    expect(room.message_with("bold")).to_be_visible()
    room.page.evaluate(TRANSLATE)

    room.send("two")
    expect(room.messages.filter(has_text="two")).to_have_count(1)
    expect(room.sending_label).to_have_count(0)
    room.message.press("ArrowUp")
    room.edit("two, edited `now`")
    expect(room.messages.last).to_contain_text("two, edited now")
    expect(room.messages.last).to_contain_text("(edited)")
    room.message.press("ArrowUp")
    room.edit_field.press("Escape")
    room.messages.last.get_by_role("button", name="Delete").press("Enter")
    expect(room.messages.last).to_contain_text("Message deleted")
    expect(room.messages.last.get_by_role("button", name="Undo")).to_have_count(0)
    room.page.context.set_offline(True)
    expect(room.status).to_contain_text("offline")
    room.send("three")
    expect(room.status).to_contain_text("You're offline. 1 message waiting")
    room.page.context.set_offline(False)
    room.wait_until_live()
    room.toggle_developer_panel()
    expect(room.frames).to_be_visible()
    room.toggle_developer_panel()
    room.choose_other_language()

    expect(room.page.get_by_role("button", name="Enviar")).to_be_visible()
    expect(room.messages.filter(has_text="two")).to_have_count(0)
    room.link_to("Eco").click()
    expect(room.heading).to_have_text("Eco")


@pytest.mark.parametrize(
    "body",
    ["https://a" + "." * 65_000 + "/", "http://a" + ")" * 65_000, "*a" * 32_000, "line\n" * 9_000],
    ids=["dots", "brackets", "stars", "lines"],
)
def test_a_message_of_many_characters_is_shown_in_part(room: RoomPage, item: str, server: Server, body: str) -> None:
    room.enter(item)

    post(room.page, f"{server.url}/api/items/{item}/entries", json.dumps({"body": body}))

    message = room.messages.last
    expect(message.get_by_role("button", name="Show all")).to_be_visible()
    message.get_by_role("button", name="Show all").press("Enter")  # a mouse misses it while the message is drawn again
    expect(message.get_by_role("button", name="Show less")).to_be_focused()
    room.send("after it")
    expect(room.message_with("after it")).to_be_visible()


def test_a_value_nested_very_deep_is_shown(room: RoomPage, item: str, server: Server) -> None:
    deep = "[" * 900 + "]" * 900
    room.enter(item)

    post(room.page, f"{server.url}/api/items/{item}/entries", f'{{"body": {deep}}}')

    room.messages.last.locator("summary").click()  # not the text that stands there until the card is loaded
    expect(room.messages.last).to_contain_text("[1]")
