"""Test that new messages are shown, counted and notified once, by one tab, and only while no tab is visible."""

from collections.abc import Callable
from itertools import pairwise
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from pages.room import RoomPage
from pages.words import EN
from room_log import post
from seed import member
from tests.support.servers import Server

#: Records in every tab what any tab would show and play; as on phones, only a service worker may show a notification.
RECORD = """
  window.alerts = [];
  const tabs = new BroadcastChannel("test.alerts");
  tabs.onmessage = ({ data }) => (typeof data === "number" ? rings : alerts).push(data);
  window.rings = [];
  const record = (alert) => { alerts.push(alert); tabs.postMessage(alert); };
  class Refusing {
    static permission = "granted";
    static requestPermission = async () => "granted";
    constructor() { throw new TypeError("Illegal constructor"); }
  }
  window.Notification = Refusing;
  if (window.ServiceWorkerRegistration !== undefined)
    ServiceWorkerRegistration.prototype.showNotification = async (title, { body }) => {
      record(`${title}: ${body}`);
    };
  const Audio = window.AudioContext;
  window.AudioContext = class extends Audio {
    constructor() {
      const began = Date.now(); // the first sound of a browser may take long to open the machine's output
      super();
      record("ring");
      tabs.postMessage(began);
      rings.push(began);
    }
  };
  if (location.protocol === "http:")
    for (const choice of ["notify", "sound"]) localStorage.setItem(`alcove.${choice}`, "on");
"""
NO_LOCKS = (
    "Object.defineProperty(Navigator.prototype, 'locks', { value: undefined }); delete Navigator.prototype.locks;"
)

Tab = Callable[[], RoomPage]


@pytest.fixture
def item() -> str:
    """Return an item id that no other test uses."""
    return f"order-{uuid4().hex[:8]}"


@pytest.fixture
def tab(context: BrowserContext) -> Tab:
    """Open one more tab of Ada's browser."""
    context.add_init_script(RECORD)
    return lambda: RoomPage(context.new_page(), EN, name="Ada")


def enter(room: RoomPage, item: str) -> None:
    """Enter the room, and wait until the browser can show a notification."""
    room.enter(item)
    room.page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    room.open_details()
    expect(room.page.get_by_label("Sound", exact=True)).to_be_checked()
    room.page.wait_for_function(
        "() => performance.getEntriesByType('resource').some(({ name }) => name.includes('AlertRunner'))"
    )


def wait_for_alerts(page: Page, count: int) -> list[str]:
    """Wait for this many alerts in all tabs together, and return them."""
    page.wait_for_function("count => alerts.length >= count", arg=count)
    found: list[str] = page.evaluate("alerts")
    return sorted(found)


@pytest.mark.parametrize("locks", [True, False], ids=["locks", "no locks"])
def test_one_of_several_hidden_tabs_alerts(
    tab: Tab, context: BrowserContext, base_url: str, item: str, *, locks: bool
) -> None:
    if not locks:
        context.add_init_script(NO_LOCKS)
    rooms = [tab(), tab()]
    for room in rooms:
        enter(room, item)
        room.hide_tab()

    post(base_url, item, "to both")

    assert wait_for_alerts(rooms[0].page, 2) == [f"{item}: Shop: to both", "ring"]
    for room in rooms:  # the title was counted after the alert was decided
        expect(room.page).to_have_title(f"(1) {item} · Alcove")
    post(base_url, item, "to both again")
    rooms[0].page.wait_for_function("text => alerts.includes(text)", arg=f"{item}: Shop: to both again")
    found = wait_for_alerts(rooms[0].page, 3)
    assert found.count(f"{item}: Shop: to both again") == 1
    rings = sorted(rooms[0].page.evaluate("rings"))
    # A busy machine may take longer than that from one message to the next.
    assert all(later - sooner >= 2900 for sooner, later in pairwise(rings)), "at most one ring in three seconds"


def test_a_hidden_tab_is_silent_while_another_shows_the_room(tab: Tab, base_url: str, item: str) -> None:
    hidden, shown = tab(), tab()
    for room in (hidden, shown):
        enter(room, item)
    hidden.hide_tab()
    hidden.page.clock.install()

    post(base_url, item, "seen")
    for room in (hidden, shown):
        expect(room.message_with("seen")).to_be_visible()
    # The hidden tab decides a second after the message, and its lock is asked for before the query.
    hidden.page.clock.fast_forward(1000)
    hidden.page.evaluate("navigator.locks.query().then(() => undefined)")
    shown.hide_tab()
    post(base_url, item, "not seen")

    found = wait_for_alerts(hidden.page, 2)
    assert found == [f"{item}: Shop: not seen", "ring"]


def test_a_message_deleted_at_once_alerts_nobody(
    tab: Tab, visitor: Callable[[str], RoomPage], server: Server, item: str
) -> None:
    ada, bob = tab(), visitor("Bob")
    enter(ada, item)
    bob.enter(item)
    bob.send("kept")
    expect(ada.message_with("kept")).to_be_visible()
    ada.hide_tab()

    with member(server, item, "Bob") as socket:  # on the page a delete waits, so that it can be taken back
        socket.send('{"type":"send","id":"oops","body":"oops"}\n{"type":"delete","id":"oops-deleted","target":2}')
        expect(bob.messages.last).to_contain_text("Message deleted")
    bob.send("meant")

    assert wait_for_alerts(ada.page, 2) == [f"{item}: Bob: meant", "ring"]


def test_own_messages_are_scrolled_to_from_wherever_one_reads(room: RoomPage, base_url: str, item: str) -> None:
    post(base_url, item, *[f"line {n}" for n in range(60)])
    room.enter(item)
    expect(room.message_with("line 59")).to_be_in_viewport()
    for n in range(4):
        room.log.focus()
        room.page.keyboard.press("PageUp")
        room.page.keyboard.press("PageUp")
        expect(room.to_foot).to_be_visible()

        room.send(f"mine {n}")

        expect(room.message_with(f"mine {n}")).to_be_in_viewport()


def test_p5_the_unread_line_is_after_the_last_read_message(
    room: RoomPage, visitor: Callable[[str], RoomPage], base_url: str, item: str
) -> None:
    bob = visitor("Bob")
    bob.enter(item)
    room.enter(item)
    post(base_url, item, "read")
    expect(room.message_with("read")).to_be_visible()
    room.send("hello")
    room.wait_until_sent("hello")
    expect(bob.page.get_by_text("Seen by")).to_have_count(0)
    bob.send("thanks")
    expect(bob.page.get_by_text("Seen by Ada")).to_be_visible()
    room.page.goto("about:blank")
    post(base_url, item, *[f"news {n}" for n in range(4)])

    room.enter(item)

    expect(room.log.get_by_text("New messages")).to_have_count(1)
    post(base_url, item, "later")
    expect(room.message_with("later")).to_be_visible()
    expect(room.log.get_by_text("New messages")).to_have_count(1)
