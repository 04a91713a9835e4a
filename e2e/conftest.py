"""Provide the fixtures of all end-to-end tests: server, browser, page objects, and a check for page errors."""

from collections.abc import Callable, Generator, Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

from browser import launch_options
from host import PAGE, Host, hosting, sign
from page_problems import PageProblems
from pages.chat import ChatPage
from pages.echo import EchoPage
from pages.embedded import EmbeddedRoom
from pages.item import ItemPage
from pages.missing import MissingPage
from pages.room import RoomPage
from pages.words import EN
from seed import UNLIMITED
from stack import serve_deployed
from tests.support.credentials import SECRET, leaked_credentials, register_credential
from tests.support.servers import Process, Server


@pytest.fixture(scope="session", autouse=True)
def assert_no_credential_was_printed() -> Iterator[None]:
    """Check after all tests that no server printed a credential that a test used (A6)."""
    register_credential("some-key-token")  # the token of the tutorial, which most tests use
    yield
    assert leaked_credentials("\n".join(server.output for server in Server.started)) == set()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    return {**browser_type_launch_args, **launch_options()}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, object]) -> dict[str, object]:
    return browser_context_args | {"locale": "en-GB", "color_scheme": "light", "reduced_motion": "reduce"}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start the server that most tests share, without rate limits, because tests fill rooms fast."""
    with serve_deployed(tmp_path_factory.mktemp("server"), env=UNLIMITED) as running:
        yield running


@pytest.fixture(scope="session")
def base_url(server: Server) -> str:
    """Return the URL that relative paths of `page.goto` refer to."""
    return server.url


#: Timeout of every expectation, in ms; it is long because two browsers share two cores.
TIMEOUT_MS = 60_000
expect.set_options(timeout=TIMEOUT_MS)


@pytest.fixture(autouse=True)
def patience(context: BrowserContext) -> None:
    """Set generous timeouts for slow machines."""
    context.set_default_timeout(TIMEOUT_MS)


@pytest.fixture(autouse=True)
def page_problems(context: BrowserContext) -> Iterator[PageProblems]:
    """Fail a test whose pages have problems that it does not expect."""
    heard = PageProblems(context)
    yield heard
    assert heard.unexpected == []


@pytest.fixture
def item(page: Page) -> ItemPage:
    return ItemPage(page, EN)


@pytest.fixture
def echo(page: Page) -> EchoPage:
    return EchoPage(page, EN)


@pytest.fixture
def chat(page: Page) -> ChatPage:
    return ChatPage(page, EN)


@pytest.fixture
def missing(page: Page) -> MissingPage:
    return MissingPage(page, EN)


@pytest.fixture
def room(page: Page) -> RoomPage:
    """Open the first page as Ada."""
    return RoomPage(page, EN, name="Ada")


@pytest.fixture
def visitor(browser: Browser, base_url: str) -> Iterator[Callable[[str], RoomPage]]:
    """Return a function that opens the page as another member, in a separate browser context."""
    contexts: list[tuple[BrowserContext, PageProblems]] = []

    def open_as(name: str) -> RoomPage:
        context = browser.new_context(base_url=base_url, locale="en-GB", color_scheme="light", reduced_motion="reduce")
        context.set_default_timeout(TIMEOUT_MS)
        contexts.append((context, PageProblems(context)))
        return RoomPage(context.new_page(), EN, name=name)

    yield open_as
    heard = [complaint for _, page_problems in contexts for complaint in page_problems.unexpected]
    for context, _ in contexts:
        context.close()
    assert heard == []


@pytest.fixture
def another_tab(context: BrowserContext) -> Callable[[], Page]:
    """Return a function that opens one more tab of the same browser."""
    return context.new_page


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the output of a failed test's servers, and what its pages show, to its report."""
    report = yield
    if report.failed:
        for name, value in getattr(item, "funcargs", {}).items():
            if isinstance(value, Process):
                report.sections.append((f"what {name} printed", "\n".join(value.lines[-30:])))
            elif isinstance(value, Browser):
                report.sections += [(f"what {page.url} shows", text_of(page)) for page in pages_of(value)]
    return report


def pages_of(browser: Browser) -> list[Page]:
    """Return the pages that are open."""
    return [page for context in browser.contexts for page in context.pages]


def text_of(page: Page) -> str:
    """Return roles, names and texts of the page and of the room that it frames."""
    try:
        return "\n".join(frame.locator("body").aria_snapshot(timeout=5_000) for frame in page.frames)
    except Error as error:
        return str(error)


@pytest.fixture(scope="module")
def embedding_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """Run a host application, and a server with a key whose rooms the host's pages may frame, at either address."""
    with hosting() as running:
        env = {"ALCOVE_SECRET": SECRET, "ALCOVE_FRAME_ANCESTORS": f"{running.url} {running.other_site}"}
        with serve_deployed(tmp_path_factory.mktemp("embed"), env=env) as server:
            running.server = server.url
            yield running


@pytest.fixture
def host(embedding_host: Host) -> Host:
    """Return the host application, with a new room in its usual page, and a token for each user."""
    embedding_host.item = f"order-{uuid4().hex[:8]}"
    embedding_host.page, embedding_host.headers = PAGE, {}
    embedding_host.sign = sign
    return embedding_host


@pytest.fixture
def embedded(page: Page, host: Host) -> EmbeddedRoom:
    """Return the page object of Ada's browser, in which she is signed in at the host."""
    page.context.add_cookies([{"name": "session", "value": "ada", "url": host.url}])
    return EmbeddedRoom(page)
