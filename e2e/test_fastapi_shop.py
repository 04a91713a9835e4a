"""Test the FastAPI shop with Alcove inside, on SQLite and PostgreSQL: users in a browser, each with a session."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from deploy.engines import Postgres
from page_problems import PageProblems
from pages.order import OrderPage
from stack import ROOT
from tests.support.servers import BIN, Server, without_problems

ORDER = "order-1"
READ_ONLY = "You can read this room, but you can't write in it."


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """Run the example with uvicorn, in its own folder."""
    shutil.copy(ROOT / "backend/examples/fastapi_shop/main.py", tmp_path)
    with ExitStack() as running:
        env = {}
        if request.param == "postgresql":
            env = {"DATABASE_URL": running.enter_context(Postgres(synced=False)).url}
        command: list[str | Path] = [BIN / "uvicorn", "main:app", "--port", "0"]
        yield running.enter_context(without_problems(Server(command, cwd=tmp_path, env=env)))


@pytest.fixture
def user(browser: Browser, shop: Server) -> Iterator[Callable[[str], OrderPage]]:
    """Open the room of the order in a browser context of its own, as a user who is signed in to the shop."""
    contexts: list[tuple[BrowserContext, PageProblems]] = []

    def open_as(name: str) -> OrderPage:
        context = browser.new_context(base_url=shop.url, locale="en-GB", reduced_motion="reduce")
        contexts.append((context, PageProblems(context)))
        expect(context.request.post("/login", data={"user": name})).to_be_ok()
        order = OrderPage(context.new_page(), shop.url, framed=False)
        order.page.goto(f"/rooms/embed/{ORDER}")
        return order

    yield open_as
    unexpected = [complaint for _, heard in contexts for complaint in heard.unexpected]
    for context, _ in contexts:
        context.close()
    assert unexpected == []


def test_users_of_the_shop_have_their_rights_on_an_order_hear_of_an_event_and_are_out_after_their_logout(
    user: Callable[[str], OrderPage],
) -> None:
    ada, sam, cid = [user(name) for name in ("ada", "sam", "cid")]
    for order in (ada, sam, cid):
        order.wait_until_live()
    ada.send("Where is my order?")
    expect(sam.message_with("Where is my order?")).to_be_visible()
    sam.send("It leaves today.")
    expect(ada.message_with("It leaves today.")).to_be_visible()

    expect(cid.message_with("It leaves today.")).to_be_visible()
    expect(cid.page.get_by_text(READ_ONLY)).to_be_visible()
    expect(cid.message).to_have_count(0)
    bob = user("bob")
    expect(bob.status).to_contain_text("No access")
    expect(bob.message_with("It leaves today.")).to_have_count(0)

    assert ada.page.request.post(f"/orders/{ORDER}/ship").status == 403
    for _ in range(2):
        expect(sam.page.request.post(f"/orders/{ORDER}/ship")).to_be_ok()
    for order in (ada, sam, cid):
        expect(order.log.get_by_text("Shipped", exact=True)).to_have_count(1)

    expect(ada.page.request.post("/logout")).to_be_ok()
    expect(ada.status).to_contain_text("revoked")
    expect(ada.message).to_have_count(0)
    ada.page.reload()
    expect(ada.status).to_contain_text("No access")
    sam.send("Ada has left.")
    expect(cid.message_with("Ada has left.")).to_be_visible()
    expect(ada.message_with("Ada has left.")).to_have_count(0)
