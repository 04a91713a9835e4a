"""What all pages have: the head with its way and switches, and a keyboard."""

from playwright.sync_api import Locator, Page

from pages.words import Words


class Site:
    """A page of Alcove in one language; `path` is its address."""

    path = "/"

    def __init__(self, page: Page, words: Words) -> None:
        self.page = page
        self.words = words

    @property
    def heading(self) -> Locator:
        return self.page.get_by_role("heading", level=1)

    @property
    def skip_link(self) -> Locator:
        return self.page.get_by_role("link", name=self.words.skip)

    @property
    def main(self) -> Locator:
        return self.page.get_by_role("main")

    @property
    def dark_switch(self) -> Locator:
        return self.page.get_by_role("button", name=self.words.dark)

    @property
    def language_switch(self) -> Locator:
        return self.page.get_by_role("button", name=self.words.other_language)

    def link_to(self, name: str) -> Locator:
        return self.page.get_by_role("navigation").get_by_role("link", name=name, exact=True)

    def open(self) -> None:
        self.page.goto(self.path)

    def tab_to(self, target: Locator) -> None:
        """Press Tab until the target has the focus; at most as often as a page has stops."""
        for _ in range(30):
            self.page.keyboard.press("Tab")
            if target.evaluate("element => element === document.activeElement"):
                return

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        width: int = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        return width

    def background(self) -> str:
        """The colour behind everything."""
        colour: str = self.page.evaluate("getComputedStyle(document.body).backgroundColor")
        return colour
