"""<alcove-room> in a page of another origin: size, look, attributes, events, storage, phones, accessibility."""

import re

import pytest
from playwright.sync_api import Page, expect

from browser_storage import DENY_STORAGE, NOT_SAVED
from host import PAGE, Host, send_as_bob
from looks import AXE_IN_FRAMES, themes, violations
from page_problems import NETWORK_CUT, PageProblems
from pages.embedded import EmbeddedRoom
from tests.support.snippets import run_snippet

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
    send_as_bob(host, *(f"line {n}" for n in range(30)))
    embedded.page.goto(host.url)
    embedded.element.evaluate(f"(element) => element.style.cssText = 'width: {width}px; height: {height}px'")
    expect(embedded.message_with("line 29")).to_be_in_viewport()
    embedded.wait_until_live()

    found = embedded.frame.evaluate(MEASURE)
    assert found["log"] >= log
    assert found["used"] >= used
    assert found["width"] >= 0.98
    assert found["composerEnds"]
    assert not found["scrolls"]
    embedded.send("from a small frame")
    expect(embedded.message_with("from a small frame")).to_be_in_viewport()


def test_the_frame_holds_the_room_and_nothing_else(embedded: EmbeddedRoom, host: Host) -> None:
    send_as_bob(host, "hello")
    embedded.page.goto(host.url)
    expect(embedded.message_with("hello")).to_be_visible()

    for role in ("banner", "navigation", "heading", "complementary"):
        expect(embedded.within.get_by_role(role)).to_have_count(0)
    expect(embedded.within.get_by_role("textbox")).to_have_count(1)
    expect(embedded.within.get_by_text("Alcove", exact=True)).to_have_count(0)


def test_a_narrow_frame_says_in_one_bar_that_it_is_not_live(
    embedded: EmbeddedRoom, host: Host, page_problems: PageProblems
) -> None:
    page_problems.expect(NETWORK_CUT)
    embedded.page.goto(host.url)
    embedded.element.evaluate("(element) => element.style.cssText = 'width: 320px; height: 400px'")
    embedded.wait_until_live()
    embedded.page.context.set_offline(True)
    expect(embedded.within.get_by_role("button", name="Retry now")).to_be_visible()
    embedded.send("later")

    warning = embedded.within.locator("[data-warning=true]")
    expect(warning).to_contain_text("1 message waiting")
    expect(warning).to_be_in_viewport(ratio=1)
    expect(embedded.within.locator("[data-status=offline]")).to_be_hidden()


def test_a_narrow_frame_has_the_words_of_other_states_at_its_top(embedded: EmbeddedRoom, host: Host) -> None:
    embedded.page.goto(host.url)
    embedded.element.evaluate("(element) => element.style.cssText = 'width: 320px; height: 400px'")
    embedded.wait_until_live()
    embedded.element.evaluate("(element) => element.logout()")

    expect(embedded.within.locator("[data-status=signedOut]").get_by_text("Not signed in")).to_be_visible()


def test_the_frame_uses_the_theme_of_the_host_page(embedded: EmbeddedRoom, host: Host) -> None:
    background = "() => getComputedStyle(document.querySelector('.alcove')).backgroundColor"
    page = embedded.page
    page.goto(host.url)
    embedded.wait_until_live()
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
    embedded.wait_until_live()
    embedded.set("lang", "es-CO")
    expect(embedded.status).to_have_text("En vivo")
    expect(embedded.message).to_be_visible()
    assert embedded.frame.evaluate("document.documentElement.lang") == "es"
    embedded.set("lang", None)
    embedded.wait_until_live()

    embedded.set("room-name", "Order 7")
    heading = embedded.within.get_by_role("heading", name="Order 7")
    expect(heading).to_be_visible()
    assert heading.evaluate("(one) => one.getBoundingClientRect().height") == pytest.approx(37, abs=1)
    expect(embedded.element.locator("iframe")).to_have_attribute("title", "Order 7")

    embedded.set("readonly", "")
    expect(embedded.message).to_have_count(0)
    embedded.set("readonly", None)
    expect(embedded.message).to_be_visible()


def test_the_host_page_gets_events_of_the_room(embedded: EmbeddedRoom, host: Host) -> None:
    send_as_bob(host, "before")
    embedded.page.goto(host.url)
    embedded.wait_until_live()
    first = embedded.event("height")["height"]
    expect(embedded.message_with("before")).to_be_visible()
    embedded.event("unread", "detail.count === 0")
    assert embedded.events("message") == []  # none for history

    embedded.page.evaluate("events.length = 0")
    send_as_bob(host, "\n".join(["new"] * 40))
    heard = embedded.event("message")
    assert {"seq": 2, "author": {"id": "bob", "name": "Bob"}}.items() <= heard.items()
    assert embedded.event("height", f"detail.height > {first} + 400")
    assert [message["seq"] for message in embedded.events("message")] == [2]

    embedded.event("unread", "detail.count === 0")  # read: what comes now is the only unread message
    embedded.frame.evaluate(
        """() => {
            Object.defineProperty(document, "visibilityState", { value: "hidden" });
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    embedded.page.evaluate("events.length = 0")
    send_as_bob(host, "unseen")
    assert embedded.event("unread", "detail.count === 1")
    embedded.element.evaluate("(element) => element.logout()")
    assert embedded.event("ended")["reason"] == "signedOut"


def test_the_room_works_where_nothing_can_be_stored(
    embedded: EmbeddedRoom, host: Host, page_problems: PageProblems
) -> None:
    page_problems.expect("SecurityError")
    embedded.page.add_init_script(DENY_STORAGE)
    embedded.page.goto(host.url)
    expect(embedded.status).to_have_text(f"Live · {NOT_SAVED}")
    embedded.send("said all the same")

    embedded.wait_until_sent("said all the same")


@pytest.mark.browser_context_args(viewport={"width": 390, "height": 700}, has_touch=True, is_mobile=True)
def test_the_room_works_on_a_phone_and_in_a_page_of_another_site(page: Page, host: Host) -> None:
    page.context.add_cookies([{"name": "session", "value": "ada", "url": host.other_site}])
    embedded = EmbeddedRoom(page)
    page.goto(host.other_site)
    # Browsers may refuse storage to frames of other sites.
    expect(embedded.status).to_have_text(re.compile("^Live"))
    embedded.message.tap()
    embedded.send("from a phone")
    embedded.wait_until_sent("from a phone")

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    send = embedded.within.get_by_role("button", name="Send", exact=True).bounding_box()
    assert send is not None
    assert send["width"] >= 44
    assert send["height"] >= 44
    # Below 16 px, phones zoom into a field that gets the focus.
    assert embedded.message.evaluate("(field) => parseFloat(getComputedStyle(field).fontSize)") >= 16


def test_the_guides_test_of_an_order_page_passes(embedded: EmbeddedRoom, host: Host) -> None:
    run_snippet("test_order_page.py").test_a_customer_asks(embedded.page, host.url)


def test_axe_finds_nothing_in_the_host_page_and_in_the_frame(
    embedded: EmbeddedRoom, host: Host, page_problems: PageProblems
) -> None:
    page_problems.expect(AXE_IN_FRAMES)
    host.page = PAGE.replace("<alcove-room", "<main><h1>Order</h1><alcove-room").replace("</html>", "</main></html>")
    send_as_bob(host, "**bold** and [a link](https://example.com)")
    embedded.page.goto(host.url)
    embedded.wait_until_live()
    embedded.send("mine")
    embedded.wait_until_sent("mine")
    expect(embedded.within.get_by_role("link", name="a link")).to_be_visible()

    for _ in themes(embedded.page):
        assert violations(embedded.page) == []
        assert violations(embedded.frame) == []
