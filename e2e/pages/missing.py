"""What stands where there is nothing."""

from playwright.sync_api import Locator

from pages.site import Site


class MissingPage(Site):
    """An address that leads nowhere."""

    path = "/no/such/page"

    @property
    def way_home(self) -> Locator:
        return self.page.get_by_role("link", name=self.words.home)
