"""Test the list of rooms: it shows every room, names stay in place, and a conversation can be saved."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from page_problems import PageProblems
from pages.room import RoomPage
from pages.words import EN
from room_log import post
from stack import serve_deployed


@pytest.fixture
def item() -> str:
    """Return an item id that no other test uses."""
    return f"order-{uuid4().hex[:8]}"


def test_w4_a_room_beyond_the_hundred_that_are_listed_is_found(page: Page, tmp_path: Path) -> None:
    with serve_deployed(tmp_path) as server:
        post(server.url, "zebra-1", "the oldest")
        for n in range(101):
            post(server.url, f"order-{n}", "newer")
        room = RoomPage(page, EN, name="Ada", at=server.url)
        room.enter("order-1")
        links = room.rooms.get_by_role("link")
        expect(links).to_have_count(100)

        room.page.get_by_label("Find or create a room").fill("zebra")

        expect(links).to_have_count(1)
        expect(links).to_contain_text("the oldest")
        room.page.get_by_label("Find or create a room").fill("zebra-none")
        expect(room.rooms.get_by_role("button", name="Create room zebra-none")).to_be_visible()


def test_the_open_room_is_listed_before_its_first_message(page: Page, tmp_path: Path) -> None:
    with serve_deployed(tmp_path) as server:
        room = RoomPage(page, EN, name="Ada", at=server.url)
        room.enter("order-1")

        expect(room.rooms.get_by_role("link", name="order-1")).to_have_attribute("aria-current", "page")
        expect(room.rooms.get_by_text("No rooms yet")).to_have_count(0)


def test_a_right_to_left_name_does_not_reorder_the_text_around_it(room: RoomPage, base_url: str, item: str) -> None:
    name = "\u202eevil"
    post(base_url, item, "hello", name=name)
    room.enter(f"{item}-b")

    last = room.rooms.get_by_role("link", name=re.compile(f"^{item} "))
    expect(last).to_contain_text("\u2068evil\u2069: hello")
    room.enter(item)
    expect(room.messages.locator("bdi")).to_have_text(name)


def test_h2_a_name_of_zero_width_characters_is_refused(
    page: Page, base_url: str, item: str, page_problems: PageProblems
) -> None:
    page_problems.expect("response 422|Failed to load resource")
    room = RoomPage(page, EN, name="\u200b\u2060", at=base_url)

    room.visit(item)

    expect(room.status).to_contain_text("No access")


def test_a_day_carries_the_date_of_the_readers_calendar(page: Page, room: RoomPage, base_url: str, item: str) -> None:
    # At every moment one of these zones has another date than UTC.
    zone = "Pacific/Kiritimati" if datetime.now(UTC).hour >= 10 else "Pacific/Pago_Pago"
    page.context.new_cdp_session(page).send("Emulation.setTimezoneOverride", {"timezoneId": zone})
    post(base_url, item, "hello")
    room.enter(item)

    local = datetime.now(ZoneInfo(zone)).date().isoformat()
    assert local != datetime.now(UTC).date().isoformat()

    expect(room.log.locator("time").first).to_have_attribute("datetime", local)


@pytest.mark.parametrize(("button", "ending"), [("As text", "txt"), ("As JSON", "json")])
def test_a_conversation_is_saved_whole(room: RoomPage, base_url: str, item: str, button: str, ending: str) -> None:
    post(base_url, item, *[f"line {n}" for n in range(60)])
    post(base_url, item, *[f"line {n}" for n in range(60, 120)], name="Another shop")
    room.enter(item)
    room.open_details()

    with room.page.expect_download() as started:
        room.page.get_by_role("button", name=button).click()

    assert started.value.suggested_filename == f"{item}.{ending}"
    content = started.value.path().read_text()
    found = [entry["body"] for entry in json.loads(content)] if ending == "json" else content.splitlines()
    assert len(found) == 120
    assert found[0].endswith("line 0")
    assert found[-1].endswith("line 119")


def test_only_the_page_is_cached_as_the_page(room: RoomPage, item: str, page_problems: PageProblems) -> None:
    page_problems.expect("404")  # a browser looks for an icon of what is no document
    room.enter(item)
    room.wait_until_offline_ready()

    room.page.goto("/favicon.svg")
    room.page.goto("/sw.js")
    room.visit(item)
    room.wait_until_live()

    shell = room.page.evaluate("caches.match('/').then((kept) => kept.text())")
    assert '<div id="root">' in shell


@pytest.mark.browser_context_args(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
def test_a_phone_counts_what_is_unread_in_other_rooms(page: Page, tmp_path: Path) -> None:
    with serve_deployed(tmp_path) as server:
        post(server.url, "order-2", "one", "two")
        post(server.url, "order-3", "three")
        room = RoomPage(page, EN, name="Ada", at=server.url)
        room.enter("order-1")
        expect(room.rooms_button).to_have_accessible_name("Rooms, 3 unread messages")
        expect(room.rooms_button.locator("xpath=following-sibling::*")).to_have_text("3")

        room.rooms_button.click()
        room.rooms.get_by_role("link", name=re.compile("^order-2 ")).click()

        expect(room.rooms_button).to_have_accessible_name("Rooms, 1 unread message")
