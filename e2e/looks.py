"""How a page can look: in either theme, and in windows from a small phone's to a wall's."""

from collections.abc import Iterator

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

#: Widths in pixels, from the narrowest that is served to the widest.
WIDTHS = (320, 390, 768, 1280, 2560)


def widths(page: Page, of: tuple[int, ...] = WIDTHS) -> Iterator[int]:
    """Give the window one width after the other, its height in proportion to a phone's or a screen's."""
    for width in of:
        page.set_viewport_size({"width": width, "height": 700})
        yield width


def themes(page: Page) -> Iterator[str]:
    """Let the system prefer light, then dark."""
    page.emulate_media(color_scheme="light")
    yield "light"
    page.emulate_media(color_scheme="dark")
    yield "dark"


def violations(page: Page) -> list[str]:
    """What axe-core finds on the page as it stands: the rule, and where."""
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['html']}" for rule in found for node in rule["nodes"]]


def faults(page: Page, of: tuple[int, ...] = (320, 1280)) -> list[str]:
    """What axe-core finds in either theme and in each width."""
    return [
        f"{width} px, {theme}: {fault}"
        for width in widths(page, of)
        for theme in themes(page)
        for fault in violations(page)
    ]
