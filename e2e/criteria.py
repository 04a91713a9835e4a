"""Measure the fifteen layout criteria of the page; tests check those that do not depend on time."""

import random
import time
from collections.abc import Iterator
from itertools import count

from playwright.sync_api import Browser, CDPSession, Page, expect

from host import Host
from layout import FONT_SIZES, LAYOUT_PARTS, REPORTS, TO_TOP, WHOLE_LINES, small_targets
from looks import violations
from pages.room import RoomPage
from pages.words import EN
from room_log import post
from seed import fill, take_turns
from tests.support.servers import Server

Figure = tuple[str, str]

SCREEN = {"width": 1280, "height": 800}
#: A slow network: bytes/s, and the time of a round trip in ms.
SLOW = {"offline": False, "latency": 300, "downloadThroughput": 60_000, "uploadThroughput": 60_000}
SHIFTS = """window.shifts = 0;
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
}).observe({ type: "layout-shift", buffered: true });"""
#: When the skeleton, the first message and the font were there, in ms since the navigation.
MILESTONES = """window.milestones = {};
const seen = (name, found) => { if (found) window.milestones[name] ??= Math.round(performance.now()); };
const look = () => {
    seen("skeleton", document.querySelector(".skeleton"));
    seen("message", document.querySelector("[role=log] article"));
    seen("font", [...document.fonts].some(({ family, status }) => /Inter/.test(family) && status === "loaded"));
    requestAnimationFrame(look);
};
look();"""
TO_BOTTOM = """(log) => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() =>
    done(log.scrollHeight - log.clientHeight - log.scrollTop))))"""


class Criteria:
    """Opens pages in one browser, on one server in open mode, and measures them."""

    def __init__(self, browser: Browser, server: Server, host: Host) -> None:
        self._browser = browser
        self._server = server
        self._host = host
        self._numbers = count()

    def all(self) -> Iterator[Figure]:
        """Measure all criteria in turn."""
        yield from self.lines()
        yield from self.first_steps()
        yield from self.letters_and_keys()
        yield from self.phone()
        yield from self.embed()
        yield from self.list()
        yield from self.bottom()
        yield from self.overlays()
        yield from self.slow_network()
        yield from self.shifts()

    def lines(self) -> Iterator[Figure]:
        """Measure criteria 1, 2, 5: the log's share of the window, and the number of visible lines."""
        room = self._open()
        found: list[int] = []
        for each in (0, 1, 2):
            item = self._item()
            if each:
                take_turns(self._server, item, each)
            else:
                fill(self._server, item, 40)
            room.enter(item)
            expect(room.message_with("line 39")).to_be_in_viewport()
            found.append(room.log.evaluate(WHOLE_LINES))
        parts = room.log.evaluate(LAYOUT_PARTS)
        room.page.context.close()
        yield " 1 log, of the height and of the area", f"{parts['height']:.0%}, {parts['area']:.0%}"
        yield " 2 lines in sight: grouped, alternating, mixed", ", ".join(map(str, found))
        yield " 5 fade over the log's upper edge", parts["fade"]

    def first_steps(self) -> Iterator[Figure]:
        """Measure criterion 3: the way from `/` to a sent message, in two browsers."""
        authors = set()
        for _ in range(2):
            room = self._open()
            room.page.goto(f"{self._server.url}/")
            expect(room.demo_button).to_be_visible()
            began = time.monotonic()
            room.demo_button.click()
            expect(room.message).to_be_focused()
            focused = time.monotonic() - began
            room.page.keyboard.type("hello")
            room.page.keyboard.press("Enter")
            expect(room.sending_label).to_have_count(0)
            authors.add(room.messages.last.get_attribute("aria-label"))
            room.page.context.close()
        yield " 3 interactions, composer focused after, members", f"2, {focused * 1000:.0f} ms, {len(authors)}"

    def letters_and_keys(self) -> Iterator[Figure]:
        """Measure criteria 4, 10, 11: font sizes, tab stops, the time until a message is shown."""
        room = self._open()
        item = self._item()
        fill(self._server, item, 5)
        room.enter(item)
        expect(room.message_with("line 4")).to_be_visible()
        stops = 0 if room.message.evaluate("field => field === document.activeElement") else -1
        room.page.evaluate(TO_TOP)
        from_top = 0
        while from_top < 30 and not room.message.evaluate("field => field === document.activeElement"):
            room.page.keyboard.press("Tab")
            from_top += 1
        named = room.messages.first.get_attribute("aria-label") or ""
        sizes = []
        for width in (320, 1280, 2560):
            room.page.set_viewport_size({"width": width, "height": 800})
            sizes.append("/".join(f"{size:g}" for size in room.page.evaluate(FONT_SIZES)))
        message: float = room.message_with("line 4").evaluate("one => parseFloat(getComputedStyle(one).fontSize)")
        room.page.context.close()
        yield " 4 root/h1 at 320, 1280, 2560; message", f"{', '.join(sizes)}; {message:g} px"
        yield "10 Tabs to the composer: on entry, from the top", f"{stops}, {from_top}"
        yield "11 a time in en-GB", named.rpartition(", ")[2]

    def phone(self) -> Iterator[Figure]:
        """Measure criterion 6: a phone, and a window of 390 by 500."""
        room = self._open(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
        item = self._item()
        fill(self._server, item, 40)
        room.enter(item)
        expect(room.message_with("line 39")).to_be_in_viewport()
        height: float = room.log.evaluate(LAYOUT_PARTS)["height"]
        small = len(small_targets(room.page, 44))
        room.page.set_viewport_size({"width": 390, "height": 500})
        expect(room.message).to_be_in_viewport(ratio=1)
        room.page.context.close()
        yield " 6 phone: log, targets under 44 px", f"{height:.0%}, {small}"

    def embed(self) -> Iterator[Figure]:
        """Measure criterion 7: `<alcove-room>` in a host's page."""
        item = self._item()
        post(self._server, item, *[f"line {n}" for n in range(30)])
        self._host.server, self._host.item = self._server.url, item
        self._host.tokens = ["some-key-token"] * 4
        room = self._open()
        room.page.goto(self._host.url)
        frame = room.page.frame_locator("iframe")
        found = []
        for width, height in ((320, 400), (280, 240)):
            room.page.locator("alcove-room").evaluate(
                "(one, [width, height]) => Object.assign(one.style, { display: 'block', width, height })",
                [f"{width}px", f"{height}px"],
            )
            expect(frame.get_by_role("textbox")).to_be_visible()
            part: float = frame.get_by_role("log").evaluate("(log) => log.clientHeight / innerHeight")
            scrolls: bool = frame.get_by_role("log").evaluate(
                "() => document.documentElement.scrollHeight > innerHeight"
            )
            found.append(f"{part:.0%}{' and it scrolls' if scrolls else ''}")
        room.page.context.close()
        yield " 7 embed: log at 320x400, at 280x240", ", ".join(found)

    def list(self) -> Iterator[Figure]:
        """Measure criterion 8: how soon the list of rooms shows a message in another room."""
        room = self._open()
        item = self._item()
        room.enter(item)
        row = room.rooms.get_by_role("link", name=item, exact=False)
        expect(row.first).to_be_in_viewport()
        times = []
        for n in range(5):
            post(self._server, f"{item}-b", f"news {n}")
            began = time.monotonic()
            expect(room.rooms.get_by_text(f"news {n}")).to_be_visible()
            times.append(time.monotonic() - began)
        room.page.context.close()
        yield " 8 the list follows after (5 times), at most", f"{max(times) * 1000:.0f} ms"

    def bottom(self) -> Iterator[Figure]:
        """Measure criterion 9: how far the log moves from its bottom in 200 random resizes."""
        room = self._open()
        item = self._item()
        fill(self._server, item, 60)
        room.enter(item)
        expect(room.message_with("line 59")).to_be_in_viewport()
        rng = random.Random(9)  # noqa: S311 - the same sizes in every run
        worst = 0.0
        for _ in range(200):
            if rng.random() < 0.5:
                room.message.fill("\n".join("a" * rng.randint(1, 12)))
            else:
                room.page.set_viewport_size({"width": rng.randint(320, 1400), "height": rng.randint(500, 1000)})
            worst = max(worst, room.log.evaluate(TO_BOTTOM))
        room.page.context.close()
        yield " 9 distance from the foot in 200 trials, at most", f"{worst:g} px"

    def overlays(self) -> Iterator[Figure]:
        """Measure criteria 13, 14: findings of axe and policy violations with everything open."""
        room = self._open()
        room.page.add_init_script(REPORTS)
        room.enter(self._item())
        room.send("hello")
        room.open_details()
        room.toggle_developer_panel()
        expect(room.frames).to_be_visible()
        room.open_account()
        found = len(violations(room.page))
        reports = len(room.page.evaluate("window.reports"))
        room.page.context.close()
        yield "13 findings of axe", str(found)
        yield "14 reports of the policy", str(reports)

    def slow_network(self) -> Iterator[Figure]:
        """Measure criterion 12: the first load at 60 KB/s and 300 ms."""
        item = self._item()
        fill(self._server, item, 20)
        room = self._open()
        room.page.add_init_script(MILESTONES)
        network = _slow(room.page)
        sizes: dict[str, float] = {}
        network.on(
            "Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]})
        )
        room.visit(item)
        expect(room.message_with("line 19")).to_be_visible(timeout=60_000)
        loaded = sum(sizes.values())
        room.page.wait_for_function("() => window.milestones.font")
        seen = room.page.evaluate("window.milestones")
        room.page.context.close()
        order = "after" if seen["font"] > seen["message"] else "before"
        yield "12 at 60 KB/s: skeleton, first message", f"{seen['skeleton']} ms, {seen['message']} ms"
        yield "12 until then loaded; the font comes", f"{loaded / 1000:.0f} KB; {order} it"

    def shifts(self) -> Iterator[Figure]:
        """Measure criterion 15: layout shifts while the page loads."""
        found = []
        item = self._item()
        fill(self._server, item, 60)
        for path in (f"/items/{item}#token=some-key-token&name=Ada", "/"):
            room = self._open()
            room.page.add_init_script(SHIFTS)
            room.page.goto(self._server.url + path)
            expect(room.page.get_by_role("heading", level=1)).to_be_visible()
            room.page.evaluate("document.fonts.ready.then(() => undefined)")
            room.page.wait_for_timeout(3000)
            found.append(room.page.evaluate("window.shifts"))
            room.page.context.close()
        yield "15 layout shift: room, first page", ", ".join(f"{shift:.4f}" for shift in found)

    def _item(self) -> str:
        return f"criterion-{next(self._numbers)}"

    def _open(self, **options: object) -> RoomPage:
        """Open a page in a new browser context."""
        chosen = {"viewport": SCREEN, "locale": "en-GB", "reduced_motion": "reduce", **options}
        context = self._browser.new_context(**chosen)  # type: ignore[arg-type]  # the caller names its options
        return RoomPage(context.new_page(), EN, name="Ada", at=self._server.url)


def _slow(page: Page) -> CDPSession:
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW)
    return session
