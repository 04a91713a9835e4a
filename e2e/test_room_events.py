"""Test the fallback without WebSockets: the room is read as events and written over HTTP, and says so."""

import re
from collections.abc import Callable
from uuid import uuid4

from playwright.sync_api import Route, expect

from page_problems import NETWORK_CUT, PageProblems
from pages.room import RoomPage

#: Sockets never open until the test allows it.
NO_SOCKETS = """
  const Real = WebSocket;
  window.WebSocket = function (url, protocols) {
    // Without a subprotocol the server refuses before the upgrade, as a network without sockets would.
    return window.socketsOpen ? new Real(url, protocols) : new Real(url.replace("/items/", "/nowhere/"));
  };
"""


def test_w3_a_room_uses_the_event_stream_until_a_socket_opens(
    room: RoomPage, visitor: Callable[[str], RoomPage], page_problems: PageProblems
) -> None:
    page_problems.expect("WebSocket connection to|response 40[34]")
    item = f"order-{uuid4().hex[:8]}"
    bob = visitor("Bob")
    bob.enter(item)
    room.page.add_init_script(NO_SOCKETS)
    room.page.goto(f"/items/{item}#token=some-key-token&name=Ada")

    expect(room.status).to_have_text("Live")
    bob.send("by socket")
    expect(room.message_with("by socket")).to_be_visible()
    room.send("by HTTP")
    expect(bob.message_with("by HTTP")).to_have_count(1)
    expect(room.sending_label).to_have_count(0)
    room.page.evaluate("window.socketsOpen = true")
    room.page.evaluate("dispatchEvent(new Event('online'))")

    room.wait_until_live()
    expect(room.messages).to_have_count(2)


def test_s5_a_message_whose_request_is_never_answered_is_sent_again(
    room: RoomPage, page_problems: PageProblems
) -> None:
    page_problems.expect("WebSocket connection to|response 40[34]")
    ids: list[str] = []

    def swallow_the_first(route: Route) -> None:
        if route.request.method == "POST":
            ids.append(route.request.headers["idempotency-key"])
        if route.request.method != "POST" or len(ids) > 1:
            route.continue_()

    room.page.add_init_script(NO_SOCKETS)
    room.page.route("**/entries?*", swallow_the_first)
    room.enter(f"order-{uuid4().hex[:8]}")
    room.send("words")

    expect(room.sending_label).to_have_count(1)
    expect(room.sending_label).to_have_count(0, timeout=60_000)
    expect(room.messages).to_have_count(1)
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_w3_after_an_outage_the_status_says_live_without_naming_the_transport(
    room: RoomPage, page_problems: PageProblems
) -> None:
    page_problems.expect(f"{NETWORK_CUT}|response 40[34]")
    room.enter(f"order-{uuid4().hex[:8]}")
    room.page.clock.install()
    room.status.evaluate(
        """(status) => {
            window.said = new Set([status.textContent]);
            new MutationObserver(() => window.said.add(status.textContent))
                .observe(status, { childList: true, characterData: true, subtree: true });
        }"""
    )
    room.page.context.set_offline(True)
    expect(room.status).to_contain_text("offline")
    for _ in range(4):
        room.page.clock.fast_forward(5_000)
    room.page.context.set_offline(False)
    room.page.evaluate("dispatchEvent(new Event('online'))")
    room.wait_until_live()
    room.send("back")
    room.wait_until_sent("back")

    said: list[str] = room.page.evaluate("[...window.said]")
    assert {text for text in said if re.search("event|HTTP|socket", text, re.IGNORECASE)} == set()
