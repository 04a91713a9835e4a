"""Page object of what all pages share: the account menu, and the keyboard."""

from playwright.sync_api import Locator, Page

from pages.words import Words

#: A function of JavaScript that measures in every frame, and returns what was the same in three after it.
UNTIL_STILL = """async (measure) => {
    for (let still = 0, last = ""; still < 3; ) {
        await new Promise((next) => requestAnimationFrame(next));
        const now = JSON.stringify(measure());
        still = now === last ? still + 1 : 0;
        last = now;
    }
    return measure();
}"""


class Site:
    """A page of Alcove in one language; `path` is its path."""

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
    def account_button(self) -> Locator:
        return self.page.get_by_role("button", name=self.words.account)

    @property
    def dark(self) -> Locator:
        """The radio button for the dark theme in the account menu."""
        return self.page.get_by_role("radio", name=self.words.dark)

    @property
    def other_language(self) -> Locator:
        return self.page.get_by_role("radio", name=self.words.other_language)

    def open_account(self) -> None:
        """Open the account menu."""
        self.account_button.click()
        self.dark.wait_for()

    def choose_other_language(self) -> None:
        self.open_account()
        self.other_language.click()

    def link_to(self, name: str) -> Locator:
        """Return the locator of the link to one of the tutorial's pages in the account menu."""
        return self.page.get_by_role("navigation").get_by_role("link", name=name, exact=True)

    def go_to(self, name: str) -> None:
        """Follow a link in the account menu."""
        self.open_account()
        self.link_to(name).click()

    def open(self) -> None:
        self.page.goto(self.path)

    def tab_to(self, target: Locator, *, at_most: int = 30) -> None:
        """Press Tab until the target has the focus, with a maximum number of presses."""
        for _ in range(at_most):
            self.page.keyboard.press("Tab")
            if target.evaluate("element => element === document.activeElement"):
                return

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than its window, once that has settled."""
        width: int = self.page.evaluate(
            f"() => ({UNTIL_STILL})(() => document.documentElement.scrollWidth - window.innerWidth)"
        )
        return width

    def background(self) -> str:
        """Return the background color of the page."""
        colour: str = self.page.evaluate("getComputedStyle(document.body).backgroundColor")
        return colour
