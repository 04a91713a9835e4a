"""Measure the page: layout criteria, size, speed of opening and scrolling a long room, 500 entries/s."""

import subprocess
import tempfile
import threading
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from browser import launch_options
from criteria import Criteria
from host import hosting
from pages.room import RoomPage
from pages.words import EN
from seed import UNLIMITED, fill, member, send
from stack import ROOT, serve_deployed
from tests.support.servers import Server

ENTRIES = 100_000
ENTRIES_PER_S = 500
FLOOD_S = 20
#: Frames of the flood in a second.
FRAMES_PER_S = 50

LONG_TASKS = """
  window.longTasks = [];
  new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: "longtask", buffered: true });
"""
SCROLL = """async (log) => {
  window.longTasks.length = 0;
  const drawn = () => new Promise((done) => requestAnimationFrame(done));
  for (let frame = 0; frame < 600; frame += 1) {
    log.scrollTop -= log.clientHeight / 4;
    await drawn();
  }
}"""
#: From a key to the frame after the one that shows it, in ms.
KEY_TIMES = """() => {
  window.keyTimes = [];
  addEventListener("keydown", (event) => {
    const pressed = event.timeStamp;
    requestAnimationFrame(() => setTimeout(() => window.keyTimes.push(performance.now() - pressed)));
  }, true);
}"""


def weight() -> str:
    """Return the output of `npm run size`."""
    said = subprocess.run(
        ["npm", "run", "--silent", "size"],  # noqa: S607 - the npm of the PATH, as everywhere
        cwd=ROOT / "frontend",
        capture_output=True,
        text=True,
        check=True,
    )
    return ", ".join(line.partition(" of ")[0].strip() for line in said.stdout.splitlines() if "index.html" in line)


def heap(page: Page) -> float:
    """Return the JavaScript heap in MB after a garbage collection."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used: float = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return used / 1e6


def visitor(browser: Browser, server: Server) -> RoomPage:
    """Open a new browser context as Ada, which records long tasks."""
    room = RoomPage(browser.new_page(), EN, name="Ada", at=server.url)
    room.page.add_init_script(LONG_TASKS)
    return room


def longest(page: Page) -> str:
    """Return the duration of the longest task so far; browsers report only those over 50 ms."""
    ms: float = page.evaluate("Math.max(0, ...window.longTasks)")
    return f"{ms:.0f} ms" if ms else "under 50 ms"


def long_room(browser: Browser, server: Server) -> list[tuple[str, str]]:
    """Open a room with many entries, and scroll through its history."""
    fill(server, "long", ENTRIES)
    room = visitor(browser, server)
    began = time.monotonic()
    room.enter("long")
    expect(room.message_with(f"line {ENTRIES - 1}")).to_be_in_viewport()
    opened = time.monotonic() - began
    room.log.evaluate(SCROLL)
    scrolled = longest(room.page)
    room.page.close()
    return [
        (f"room of {ENTRIES} entries, first visit: last one in sight", f"{opened * 1000:.0f} ms"),
        ("longest task while it is scrolled upward, 600 frames", scrolled),
    ]


def flood(server: Server) -> None:
    """Send messages at a constant rate."""
    with member(server, "flood", "Shop") as socket:
        pace = threading.Event()
        began = time.monotonic()
        for frame in range(FLOOD_S * FRAMES_PER_S):
            size = ENTRIES_PER_S // FRAMES_PER_S
            socket.send(send([f"line {frame * size + n}" for n in range(size)]))
            pace.wait(max(0, began + (frame + 1) / FRAMES_PER_S - time.monotonic()))


def flooded_room(browser: Browser, server: Server) -> list[tuple[str, str]]:
    """Type in a room while messages arrive fast."""
    room = visitor(browser, server)
    room.enter("flood")
    before = heap(room.page)
    room.page.evaluate(KEY_TIMES)
    sender = threading.Thread(target=flood, args=(server,))
    sender.start()
    room.message.focus()
    while sender.is_alive():
        room.page.keyboard.press("a")
        sender.join(0.1)
    expect(room.message_with(f"line {FLOOD_S * ENTRIES_PER_S - 1}")).to_be_in_viewport(timeout=30_000)
    times: list[float] = sorted(room.page.evaluate("window.keyTimes"))
    busiest = longest(room.page)
    after = heap(room.page)
    room.page.close()
    return [
        (f"{ENTRIES_PER_S} entries/s for {FLOOD_S} s: key to screen, median", f"{times[len(times) // 2]:.0f} ms"),
        ("the same, 99 of 100", f"{times[len(times) * 99 // 100]:.0f} ms"),
        ("longest task meanwhile", busiest),
        ("heap before and after", f"{before:.1f} MB, {after:.1f} MB"),
    ]


def main() -> None:
    """Measure and print all figures."""
    figures = [("12 JavaScript before first use: Brotli, gzip", weight())]
    with (
        hosting() as host,
        tempfile.TemporaryDirectory() as folder,
        serve_deployed(Path(folder), env=UNLIMITED | {"ALCOVE_FRAME_ANCESTORS": host.url}) as server,
        sync_playwright() as playwright,
        playwright.chromium.launch(**launch_options()) as browser,
    ):
        figures += Criteria(browser, server, host).all()
        figures += long_room(browser, server)
        figures += flooded_room(browser, server)
    for what, figure in figures:
        print(f"{what:<62}{figure}")


if __name__ == "__main__":
    main()
