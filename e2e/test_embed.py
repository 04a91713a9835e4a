"""<alcove-room>: the room in a page of another origin, its look, its events, and whom the two frames listen to."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from browser_storage import NOT_SAVED, REFUSED
from complaints import Complaints
from host import PAGE, Host, hosting
from looks import AXE_IN_FRAMES, themes, violations
from pages.embedded import EmbeddedRoom
from room_log import post
from stack import deployed
from tests.support.credentials import SECRET, token
from tests.support.servers import Server
from tests.support.snippets import module


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with hosting() as running:
        yield running


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory, host: Host) -> Iterator[Server]:
    """A server with a key, whose rooms may be framed by the host's pages, of either address."""
    env = {"ALCOVE_SECRET": SECRET, "ALCOVE_FRAME_ANCESTORS": f"{host.url} {host.other_site}"}
    with deployed(tmp_path_factory.mktemp("embed"), env=env) as running:
        host.server = running.url
        yield running


@pytest.fixture(autouse=True)
def fresh(host: Host, signed: Server) -> None:  # noqa: ARG001 - the server tells the host its address
    """Let each test have a room of its own, in a page as applications write it."""
    host.item = f"order-{uuid4().hex[:8]}"
    host.page, host.headers = PAGE, {}
    host.sign = sign


@pytest.fixture
def embedded(page: Page, host: Host) -> EmbeddedRoom:
    """Ada's browser, signed in at the host."""
    page.context.add_cookies([{"name": "session", "value": "ada", "url": host.url}])
    return EmbeddedRoom(page)


def sign(user: str) -> str:
    """The host's token for its user."""
    return token(sub=user, name=user.title(), items={"*": "rw"})


def say(host: Host, *bodies: str) -> None:
    """Send messages as Bob."""
    post(host.server, host.item, *bodies, token=sign("bob"))


#: Height of the log and of what one uses (log and composer), as parts of the frame; whether the page itself scrolls.
MEASURE = """() => {
    const log = document.querySelector("[role=log]").getBoundingClientRect();
    const field = document.querySelector("textarea").getBoundingClientRect();
    const { scrollHeight, scrollWidth, clientHeight, clientWidth } = document.scrollingElement;
    window.scrollTo(0, 1000);
    return {
        log: log.height / innerHeight,
        used: (log.height + field.height) / innerHeight,
        width: log.width / innerWidth,
        composerEnds: field.bottom <= innerHeight && field.right <= innerWidth,
        scrolls: scrollHeight > clientHeight || scrollWidth > clientWidth || window.scrollY > 0,
    };
}"""


@pytest.mark.parametrize(
    ("size", "log", "used"), [((800, 600), 0.8, 0.85), ((320, 400), 0.65, 0.75), ((280, 240), 0.4, 0.55)]
)
def test_messages_and_composer_fill_the_frame(
    embedded: EmbeddedRoom, host: Host, size: tuple[int, int], log: float, used: float
) -> None:
    width, height = size
    say(host, *(f"line {n}" for n in range(30)))
    embedded.page.goto(host.url)
    embedded.element.evaluate(f"(element) => element.style.cssText = 'width: {width}px; height: {height}px'")
    expect(embedded.said("line 29")).to_be_in_viewport()
    embedded.live()

    found = embedded.frame.evaluate(MEASURE)
    assert found["log"] >= log
    assert found["used"] >= used
    assert found["width"] >= 0.98
    assert found["composerEnds"]
    assert not found["scrolls"]
    embedded.say("from a small frame")
    expect(embedded.said("from a small frame")).to_be_in_viewport()


def test_the_frame_holds_the_room_and_nothing_else(embedded: EmbeddedRoom, host: Host) -> None:
    say(host, "hello")
    embedded.page.goto(host.url)
    expect(embedded.said("hello")).to_be_visible()

    for role in ("banner", "navigation", "heading", "complementary"):
        expect(embedded.within.get_by_role(role)).to_have_count(0)
    expect(embedded.within.get_by_role("textbox")).to_have_count(1)
    expect(embedded.within.get_by_text("Alcove", exact=True)).to_have_count(0)


def test_a_server_that_does_not_list_the_page_shows_it_no_room(page: Page, host: Host, complaints: Complaints) -> None:
    complaints.expect("frame-ancestors|ALCOVE_FRAME_ANCESTORS|chrome-error|ERR_BLOCKED_BY_RESPONSE")
    with hosting() as stranger:
        stranger.server, stranger.item, stranger.sign = host.server, host.item, sign
        page.clock.install()
        page.goto(stranger.url)
        expect(page.locator("alcove-room iframe")).to_be_attached()
        with page.expect_event("pageerror") as reported:
            page.clock.run_for(10_000)

    assert f"expected ALCOVE_FRAME_ANCESTORS of that server to contain {stranger.url}" in reported.value.message


def test_no_other_page_of_the_server_may_be_framed(page: Page, host: Host, complaints: Complaints) -> None:
    complaints.expect("frame-ancestors|chrome-error|ERR_BLOCKED_BY_RESPONSE")
    host.page = '<!doctype html><link rel="icon" href="data:,"><iframe src="%(server)s/items/%(item)s"></iframe>'
    with page.expect_event("console", lambda message: "frame-ancestors" in message.text):
        page.goto(host.url)

    assert page.frames[1].locator("#root").count() == 0


def test_a4_the_hosts_cookies_decide_whose_token_the_room_gets(embedded: EmbeddedRoom, host: Host) -> None:
    embedded.page.context.clear_cookies()
    embedded.page.goto(host.url)
    assert embedded.event("ended")["reason"] == "signedOut"
    expect(embedded.message).to_have_count(0)

    embedded.page.context.add_cookies([{"name": "session", "value": "ada", "url": host.url}])
    embedded.element.evaluate("(element) => element.refresh()")

    member = embedded.event("ready")
    assert member == {"item": host.item, "member": {"id": "ada", "name": "Ada"}}
    embedded.live()


def test_a4_a_property_that_is_set_before_the_script_runs_gives_the_tokens(embedded: EmbeddedRoom, host: Host) -> None:
    host.page = """<!doctype html>
<html lang="en"><title>Shop</title><link rel="icon" href="data:,">
<alcove-room item="%(item)s"></alcove-room>
<script>
  window.reasons = [];
  document.querySelector("alcove-room").getToken = async ({ reason }) => {
    reasons.push(reason);
    return (await fetch("/token")).text();
  };
</script>
<script src="%(server)s/embed.js" async></script></html>"""
    embedded.page.goto(host.url)

    assert embedded.event("ready")["member"]["id"] == "ada"
    assert embedded.page.evaluate("reasons") == ["connect"]


def test_the_theme_is_the_hosts(embedded: EmbeddedRoom, host: Host) -> None:
    background = "() => getComputedStyle(document.querySelector('.alcove')).backgroundColor"
    page = embedded.page
    page.goto(host.url)
    embedded.live()
    light = embedded.frame.evaluate(background)
    page.emulate_media(color_scheme="dark")
    dark = embedded.frame.evaluate(background)
    assert light != dark

    for theme, expected in [("light", light), ("auto", dark), ("dark", dark), ("light", light)]:
        embedded.set("theme", theme)
        embedded.frame.wait_for_function(f"expected => ({background})() === expected", arg=expected)

    page.evaluate(
        """() => {
            const { style } = document.documentElement;
            style.setProperty("--alcove-bg-sunken", "url(https://elsewhere.example/pixel)");
            style.setProperty("--alcove-bg", "rgb(1, 2, 3)");
        }"""
    )
    embedded.frame.wait_for_function(f"expected => ({background})() === expected", arg="rgb(1, 2, 3)")
    assert embedded.frame.evaluate("document.documentElement.style.getPropertyValue('--alcove-bg-sunken')") == ""
    page.evaluate("document.documentElement.removeAttribute('style')")
    embedded.frame.wait_for_function(f"expected => ({background})() === expected", arg=light)


def test_language_name_and_read_only_are_attributes(embedded: EmbeddedRoom, host: Host) -> None:
    embedded.page.goto(host.url)
    embedded.live()
    embedded.set("lang", "es-CO")
    expect(embedded.status).to_have_text("En vivo")
    expect(embedded.message).to_be_visible()
    assert embedded.frame.evaluate("document.documentElement.lang") == "es"
    embedded.set("lang", None)
    embedded.live()

    embedded.set("room-name", "Order 7")
    heading = embedded.within.get_by_role("heading", name="Order 7")
    expect(heading).to_be_visible()
    assert heading.evaluate("(one) => one.getBoundingClientRect().height") == pytest.approx(37, abs=1)
    expect(embedded.element.locator("iframe")).to_have_attribute("title", "Order 7")

    embedded.set("readonly", "")
    expect(embedded.message).to_have_count(0)
    embedded.set("readonly", None)
    expect(embedded.message).to_be_visible()


def test_the_host_hears_what_happens_in_the_room(embedded: EmbeddedRoom, host: Host) -> None:
    say(host, "before")
    embedded.page.goto(host.url)
    embedded.live()
    first = embedded.event("height")["height"]
    expect(embedded.said("before")).to_be_visible()

    say(host, "\n".join(["new"] * 40))
    heard = embedded.event("message")
    assert {"seq": 2, "author": {"id": "bob", "name": "Bob"}}.items() <= heard.items()
    assert embedded.event("height", f"detail.height > {first} + 400")
    assert [message["seq"] for message in embedded.events("message")] == [2]  # none for history

    embedded.frame.evaluate(
        """() => {
            Object.defineProperty(document, "visibilityState", { value: "hidden" });
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    embedded.page.evaluate("events.length = 0")
    say(host, "unseen")
    assert embedded.event("unread", "detail.count === 1")
    embedded.element.evaluate("(element) => element.logout()")
    assert embedded.event("ended")["reason"] == "signedOut"


ROGUE = """<!doctype html><title>Rogue</title><script>
  let answers = 0;
  addEventListener("message", ({ data }) => {
    if (data === "how many?") parent.postMessage(`${answers} answers`, "*");
    else answers += 1;
  });
  parent.postMessage({ type: "alcove.hello" }, "*");
</script>"""


def test_a_foreign_frame_gets_no_answer_from_the_element(embedded: EmbeddedRoom, host: Host) -> None:
    embedded.page.goto(host.url)
    embedded.live()
    # What a window is sent arrives in order: the last answer comes after all others.
    answer = embedded.page.evaluate(
        """(page) => new Promise((resolve) => {
            const rogue = document.createElement("iframe");
            rogue.sandbox = "allow-scripts";
            rogue.srcdoc = page;
            addEventListener("message", ({ source, data }) => {
                if (source !== rogue.contentWindow) return;
                if (String(data).endsWith("answers")) resolve(data);
                else source.postMessage("how many?", "*");
            });
            document.body.append(rogue);
        })""",
        ROGUE,
    )
    assert answer == "0 answers"

    # The host page's own window says no hello either: only the frame's does.
    embedded.page.evaluate("postMessage({ type: 'alcove.hello' }, '*')")
    embedded.say("still mine")
    expect(embedded.said("still mine")).to_be_visible()


#: Offers the room's frame a port and options, from whichever window runs it.
CONNECT = """(roomName) => {
    const options = { roomName, readOnly: true, theme: "auto", properties: {}, language: null, hasTokens: false };
    const { port2 } = new MessageChannel();
    top.frames[0].postMessage({ type: "alcove.connect", options }, "*", [port2]);
}"""


def test_the_frame_listens_to_its_parent_only(page: Page, host: Host) -> None:
    # By hand, because a frame within an element cannot be found by others.
    host.page = """<!doctype html><title>Shop</title><link rel="icon" href="data:,">
<iframe src="%(server)s/embed/%(item)s"></iframe><iframe srcdoc="<title>Rogue</title>"></iframe>"""
    page.goto(host.url)
    room, rogue = page.frame_locator("iframe").nth(0), page.frames[2]
    page.frames[1].wait_for_function("() => document.readyState === 'complete'")
    rogue.evaluate(CONNECT, "Rogue")
    page.evaluate(CONNECT, "Order 7")

    expect(room.get_by_role("heading")).to_have_text("Order 7")


def test_the_room_works_where_nothing_can_be_stored(embedded: EmbeddedRoom, host: Host, complaints: Complaints) -> None:
    complaints.expect("SecurityError")
    embedded.page.add_init_script(REFUSED)
    embedded.page.goto(host.url)
    expect(embedded.status).to_have_text(f"Live · {NOT_SAVED}")
    embedded.say("said all the same")

    expect(embedded.said("said all the same")).to_be_visible()
    expect(embedded.on_the_way).to_have_count(0)


@pytest.mark.browser_context_args(viewport={"width": 390, "height": 700}, has_touch=True, is_mobile=True)
def test_the_room_works_on_a_phone_and_in_a_page_of_another_site(page: Page, host: Host) -> None:
    page.context.add_cookies([{"name": "session", "value": "ada", "url": host.other_site}])
    embedded = EmbeddedRoom(page)
    page.goto(host.other_site)
    # Browsers may refuse storage to frames of other sites.
    expect(embedded.status).to_have_text(re.compile("^Live"))
    embedded.message.tap()
    embedded.say("from a phone")
    expect(embedded.said("from a phone")).to_be_visible()
    expect(embedded.on_the_way).to_have_count(0)

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    send = embedded.within.get_by_role("button", name="Send", exact=True).bounding_box()
    assert send is not None
    assert send["width"] >= 44
    assert send["height"] >= 44
    # Below 16 px, phones zoom into a field that gets the focus.
    assert embedded.message.evaluate("(field) => parseFloat(getComputedStyle(field).fontSize)") >= 16


def test_the_guides_test_of_an_order_page_passes(embedded: EmbeddedRoom, host: Host) -> None:
    module("test_order_page.py").test_a_customer_asks(embedded.page, host.url)


def test_a_strict_policy_of_the_host_needs_two_directives(embedded: EmbeddedRoom, host: Host) -> None:
    room = f"script-src {host.server}; frame-src {host.server}"
    # `connect-src` is for the host's own token endpoint.
    host.headers = {
        "content-security-policy": f"default-src 'none'; {room}; connect-src 'self'; img-src data:",
        "cross-origin-opener-policy": "same-origin",
        "referrer-policy": "no-referrer",
    }
    embedded.page.goto(host.url)
    embedded.live()
    height = embedded.element.evaluate("(element) => element.offsetHeight")
    assert height == 600
    embedded.say("through the policy")
    expect(embedded.said("through the policy")).to_be_visible()


def test_axe_finds_nothing_in_the_host_page_and_in_the_frame(
    embedded: EmbeddedRoom, host: Host, complaints: Complaints
) -> None:
    complaints.expect(AXE_IN_FRAMES)
    host.page = PAGE.replace("<alcove-room", "<main><h1>Order</h1><alcove-room").replace("</html>", "</main></html>")
    say(host, "**bold** and [a link](https://example.com)")
    embedded.page.goto(host.url)
    embedded.live()
    embedded.say("mine")
    expect(embedded.said("mine")).to_be_visible()
    expect(embedded.on_the_way).to_have_count(0)
    expect(embedded.within.get_by_role("link", name="a link")).to_be_visible()

    for _ in themes(embedded.page):
        assert violations(embedded.page) == []
        assert violations(embedded.frame) == []
