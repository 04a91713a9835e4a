"""<alcove-room> and access: which pages may frame a room, whose token it gets, which windows it listens to."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from host import Host, hosting, sign
from page_problems import PageProblems
from pages.embedded import EmbeddedRoom
from seed import UNLIMITED
from stack import serve_deployed


def test_a_server_that_does_not_list_the_page_shows_it_no_room(
    page: Page, host: Host, page_problems: PageProblems
) -> None:
    page_problems.expect("frame-ancestors|ALCOVE_FRAME_ANCESTORS|chrome-error|ERR_BLOCKED_BY_RESPONSE")
    with hosting() as stranger:
        stranger.server, stranger.item, stranger.sign = host.server, host.item, sign
        page.clock.install()
        page.goto(stranger.url)
        expect(page.locator("alcove-room iframe")).to_be_attached()
        with page.expect_event("pageerror") as reported:
            page.clock.run_for(10_000)

    assert f"expected ALCOVE_FRAME_ANCESTORS of that server to contain {stranger.url}" in reported.value.message


def pasted(page: Page) -> str:
    """Return a page with the code that the first page, which is open, offers."""
    code = page.get_by_role("region", name="Embed a room").locator("pre")
    expect(code).to_contain_text("<script")
    return f'<!doctype html><link rel="icon" href="data:,">{code.text_content()}'


def test_in_open_mode_the_code_of_the_first_page_runs_as_pasted(page: Page, host: Host, tmp_path: Path) -> None:
    with serve_deployed(tmp_path, env=UNLIMITED | {"ALCOVE_FRAME_ANCESTORS": host.url}) as server:
        page.goto(server.url)
        # Until the mode is known, the code is that of a server with a key.
        expect(page.get_by_role("button", name="Open a demo room")).to_be_visible()
        host.page = pasted(page)
        embedded = EmbeddedRoom(page)
        page.goto(host.url)
        expect(embedded.status).to_have_text("Live")
        embedded.send("hello")
        # Readers whose page gives no name have different ones.
        expect(embedded.message_with("hello")).to_have_attribute("aria-label", re.compile("^[A-Z][a-z]+ [A-Z][a-z]+, "))


def test_with_a_key_pasted_code_without_its_endpoint_warns_in_the_console(
    page: Page, host: Host, page_problems: PageProblems
) -> None:
    page_problems.expect("no token")
    page.goto(host.server)
    host.page = pasted(page)
    with page.expect_console_message(lambda message: message.type == "warning") as warned:
        page.goto(host.url)

    assert "<alcove-room>: no token: expected /alcove-token to answer" in warned.value.text


def test_no_other_page_of_the_server_may_be_framed(page: Page, host: Host, page_problems: PageProblems) -> None:
    page_problems.expect("frame-ancestors|chrome-error|ERR_BLOCKED_BY_RESPONSE")
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
    embedded.wait_until_live()


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


ROGUE_PAGE = """<!doctype html><title>Rogue</title><script>
  let answers = 0;
  addEventListener("message", ({ data }) => {
    if (data === "how many?") parent.postMessage(`${answers} answers`, "*");
    else answers += 1;
  });
  parent.postMessage({ type: "alcove.hello" }, "*");
</script>"""


def test_a_foreign_frame_gets_no_answer_from_the_element(embedded: EmbeddedRoom, host: Host) -> None:
    embedded.page.goto(host.url)
    embedded.wait_until_live()
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
        ROGUE_PAGE,
    )
    assert answer == "0 answers"

    # The host page's own window sends no hello either: only the window of the frame does.
    embedded.page.evaluate("postMessage({ type: 'alcove.hello' }, '*')")
    embedded.send("still mine")
    expect(embedded.message_with("still mine")).to_be_visible()


#: Offers the room's frame a port and options, from whichever window runs it.
CONNECT = """(roomName) => {
    const options = { roomName, readOnly: true, theme: "auto", properties: {}, language: null, hasTokens: false };
    const { port2 } = new MessageChannel();
    top.frames[0].postMessage({ type: "alcove.connect", options }, "*", [port2]);
}"""


def test_the_frame_listens_to_its_parent_only(page: Page, host: Host) -> None:
    # Plain iframes instead of <alcove-room>, because other windows cannot reach a frame in its shadow root.
    host.page = """<!doctype html><title>Shop</title><link rel="icon" href="data:,">
<iframe src="%(server)s/embed/%(item)s"></iframe><iframe srcdoc="<title>Rogue</title>"></iframe>"""
    page.goto(host.url)
    room, rogue = page.frame_locator("iframe").nth(0), page.frames[2]
    page.frames[1].wait_for_function("() => document.readyState === 'complete'")
    rogue.evaluate(CONNECT, "Rogue")
    page.evaluate(CONNECT, "Order 7")

    expect(room.get_by_role("heading")).to_have_text("Order 7")


def test_a_strict_policy_of_the_host_needs_two_directives(embedded: EmbeddedRoom, host: Host) -> None:
    room = f"script-src {host.server}; frame-src {host.server}"
    # `connect-src` is for the host's own token endpoint.
    host.headers = {
        "content-security-policy": f"default-src 'none'; {room}; connect-src 'self'; img-src data:",
        "cross-origin-opener-policy": "same-origin",
        "referrer-policy": "no-referrer",
    }
    embedded.page.goto(host.url)
    embedded.wait_until_live()
    height = embedded.element.evaluate("(element) => element.offsetHeight")
    assert height == 600
    embedded.send("through the policy")
    expect(embedded.message_with("through the policy")).to_be_visible()
