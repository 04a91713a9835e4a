"""Iterate over themes and window widths, and run axe-core in each."""

from collections.abc import Iterator

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Frame, Page

#: Widths in pixels, from the narrowest that is served to the widest.
WIDTHS = (320, 390, 768, 1280, 2560)


def widths(page: Page, of: tuple[int, ...] = WIDTHS) -> Iterator[int]:
    """Set the window to one width after another, with the height of a phone or a screen."""
    for width in of:
        page.set_viewport_size({"width": width, "height": 700})
        yield width


def themes(page: Page) -> Iterator[str]:
    """Emulate a system that prefers light, then one that prefers dark."""
    page.emulate_media(color_scheme="light")
    yield "light"
    page.emulate_media(color_scheme="dark")
    yield "dark"


#: The rules of axe whose verdict depends on the theme.
COLOR_RULES = ["color-contrast", "link-in-text-block"]
#: Rules for a whole page, which a frame within it need not follow.
OF_PAGES = ("landmark-one-main", "page-has-heading-one")
#: The browser reports an error because axe-core looks for its own instance in frames of other origins.
AXE_IN_FRAMES = "Failed to execute 'postMessage'.*The target origin provided"


def violations(page: Page | Frame, rules: list[str] | None = None) -> list[str]:
    """Run axe-core on the page or one of its frames; return each violated rule and its place."""
    options: dict[str, object] = {"resultTypes": ["violations"]}
    if rules is not None:
        options["runOnly"] = {"type": "rule", "values": rules}
    elif isinstance(page, Frame) and page.parent_frame is not None:
        options["rules"] = {rule: {"enabled": False} for rule in OF_PAGES}
    found = Axe().run(page, options=options).response["violations"]
    return [f"{rule['id']}: {node['html']}" for rule in found for node in rule["nodes"]]


def faults(page: Page, of: tuple[int, ...] = (320, 1280)) -> list[str]:
    """Run axe-core in each width and theme; in the dark theme only the rules about colors."""
    return [
        f"{width} px, {theme}: {fault}"
        for width in widths(page, of)
        for theme in themes(page)
        for fault in violations(page, COLOR_RULES if theme == "dark" else None)
    ]
