"""Test that light and dark follow the system, or a choice."""

from uuid import uuid4

import pytest
from playwright.sync_api import expect

from looks import themes
from pages.item import ItemPage
from pages.room import RoomPage


def test_the_page_is_light_or_dark_as_the_system_is(item: ItemPage) -> None:
    item.open()
    expect(item.item_id).to_be_visible()
    light = item.background()

    item.page.emulate_media(color_scheme="dark")

    assert item.background() != light


@pytest.mark.browser_context_args(color_scheme="dark")
def test_a_chosen_theme_outlives_a_reload(item: ItemPage) -> None:
    item.open()
    item.open_account()
    dark = item.background()

    item.page.get_by_role("radio", name="Light").click()
    light = item.background()
    item.page.reload()
    item.open_account()

    expect(item.page.get_by_role("radio", name="Light")).to_be_checked()
    assert item.background() == light != dark


def test_a_room_follows_the_theme(room: RoomPage) -> None:
    room.enter(f"order-{uuid4().hex[:8]}")
    room.message.fill("ready to be sent")

    filled = {
        room.send_button.evaluate("button => getComputedStyle(button).backgroundColor") for _ in themes(room.page)
    }

    assert len(filled) == 2
    assert "rgba(0, 0, 0, 0)" not in filled
