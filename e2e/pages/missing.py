"""Page object of the page for unknown paths."""

from playwright.sync_api import Locator

from pages.site import Site


class MissingPage(Site):
    """A page at a path that does not exist."""

    path = "/no/such/page"

    @property
    def way_home(self) -> Locator:
        return self.page.get_by_role("link", name=self.words.home)
