"""Light and dark follow the system, and a switch."""

from uuid import uuid4

import pytest
from playwright.sync_api import expect

from looks import themes
from pages.item import ItemPage
from pages.room import RoomPage


def test_the_page_is_light_or_dark_as_the_system_is(item: ItemPage) -> None:
    item.open()
    light = item.background()
    expect(item.dark_switch).to_have_attribute("aria-pressed", "false")

    item.page.emulate_media(color_scheme="dark")

    expect(item.dark_switch).to_have_attribute("aria-pressed", "true")
    assert item.background() != light


@pytest.mark.browser_context_args(color_scheme="dark")
def test_the_switch_outlives_a_reload(item: ItemPage) -> None:
    item.open()
    dark = item.background()
    expect(item.dark_switch).to_have_attribute("aria-pressed", "true")

    item.dark_switch.click()
    expect(item.dark_switch).to_have_attribute("aria-pressed", "false")
    light = item.background()
    item.page.reload()

    expect(item.dark_switch).to_have_attribute("aria-pressed", "false")
    assert item.background() == light != dark


def test_a_room_follows_the_theme(room: RoomPage) -> None:
    room.enter(f"order-{uuid4().hex[:8]}")
    room.message.fill("ready to be sent")

    filled = {
        room.send_button.evaluate("button => getComputedStyle(button).backgroundColor") for _ in themes(room.page)
    }

    assert len(filled) == 2
    assert "rgba(0, 0, 0, 0)" not in filled
