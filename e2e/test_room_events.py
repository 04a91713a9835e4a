"""Test the fallback without WebSockets: the room is read as events and written over HTTP, and says so."""

from collections.abc import Callable
from uuid import uuid4

from playwright.sync_api import expect

from complaints import Complaints
from pages.room import RoomPage

#: Sockets go nowhere until the test lets them.
NO_SOCKETS = """
  const Real = WebSocket;
  window.WebSocket = function (url, protocols) {
    // Without a subprotocol the server refuses before the upgrade, as a network without sockets would.
    return window.socketsOpen ? new Real(url, protocols) : new Real(url.replace("/items/", "/nowhere/"));
  };
"""


def test_w3_a_room_lives_by_events_until_a_socket_opens(
    room: RoomPage, visitor: Callable[[str], RoomPage], complaints: Complaints
) -> None:
    complaints.expect("WebSocket connection to|response 40[34]")
    item = f"order-{uuid4().hex[:8]}"
    bob = visitor("Bob")
    bob.enter(item)
    room.page.add_init_script(NO_SOCKETS)
    room.page.goto(f"/items/{item}#token=some-key-token&name=Ada")

    expect(room.status).to_have_text("Live")
    bob.say("by socket")
    expect(room.said("by socket")).to_be_visible()
    room.say("by HTTP")
    expect(bob.said("by HTTP")).to_have_count(1)
    expect(room.on_the_way).to_have_count(0)
    room.page.evaluate("window.socketsOpen = true")
    room.page.evaluate("dispatchEvent(new Event('online'))")

    room.live()
    expect(room.messages).to_have_count(2)
