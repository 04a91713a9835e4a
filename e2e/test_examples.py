"""Test the host applications of backend/examples: by script tag, with React 18, with React 19."""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from browser_storage import DENY_STORAGE, NOT_SAVED, READ_STORAGE
from looks import AXE_IN_FRAMES, violations
from page_problems import PageProblems
from pages.order import OrderPage
from room_log import bodies
from seed import UNLIMITED
from shops import NAMES, REACT, Shop, build, point, shops
from stack import ROOT, serve_deployed
from tests.support.credentials import SECRET, token
from tests.support.servers import Server
from tests.support.storm import depth, storm
from token_attempts import MAX_ATTEMPTS, MEASURED_MS, record_attempts, run_clock


@pytest.fixture(scope="session")
def opened() -> Iterator[dict[str, Shop]]:
    with shops() as running:
        yield running


@pytest.fixture(scope="session")
def token_server(tmp_path_factory: pytest.TempPathFactory, opened: dict[str, Shop]) -> Iterator[Server]:
    """Start a server with a key, for the pages of all shops."""
    env = UNLIMITED | {
        "ALCOVE_SECRET": SECRET,
        "ALCOVE_LEEWAY_S": "0",
        "ALCOVE_FRAME_ANCESTORS": " ".join(shop.url for shop in opened.values()),
    }
    with serve_deployed(tmp_path_factory.mktemp("examples"), env=env) as running:
        yield running


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all processes of this test run share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


#: A room in use is tested with one version of React; its start (StrictMode) with both.
in_one_react = pytest.mark.parametrize("shop", depth(("flask_shop", "react19"), NAMES), indirect=True)


@pytest.fixture(params=NAMES)
def shop(
    request: pytest.FixtureRequest,
    opened: dict[str, Shop],
    token_server: Server,
    shared: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Shop:
    """Run one of the host applications, with the key of the server."""
    name: str = request.param
    shop = opened[name]
    shop.app.config.update(ALCOVE_URL=token_server.url, ALCOVE_SECRET=SECRET, TOKEN_S=600)
    if name in REACT and shop.app.config["PAGE"] is None:
        page = tmp_path_factory.mktemp(name) / "page"
        point(build(name, shared), page, token_server.url)
        shop.app.config["PAGE"] = str(page)
    return shop


@pytest.fixture
def number() -> str:
    """Return the number of an order that no other test uses."""
    return uuid4().hex[:8]


@pytest.fixture
def order(page: Page, shop: Shop) -> OrderPage:
    return OrderPage(page, shop.url, framed=shop.is_framed)


def log_bodies(server: Server, number: str) -> list[object]:
    """Return the bodies in the log of the order's room."""
    return bodies(server, f"order-{number}", token(sub="reader", items={"*": "r"}))


def test_a_first_message_over_one_socket_and_nothing_for_axe(
    order: OrderPage, token_server: Server, number: str, page_problems: PageProblems
) -> None:
    page_problems.expect(AXE_IN_FRAMES)
    sockets: list[str] = []
    order.page.on("websocket", lambda socket: sockets.append(socket.url))
    order.sign_in("ada", number)  # by way of the shop's first page, which has another order's room
    order.wait_until_live()
    order.send("where is my order?")
    order.wait_until_sent("where is my order?")

    assert log_bodies(token_server, number) == ["where is my order?"]
    assert [number in url for url in sockets].count(True) == 1  # StrictMode joins the room twice
    height = order.log.evaluate("(log) => log.closest('section').getBoundingClientRect().height")
    assert height == pytest.approx(600, abs=1)
    for frame in order.page.frames:
        assert violations(frame) == []


def test_a_reload_in_the_middle_of_a_send_loses_and_doubles_nothing(
    order: OrderPage, token_server: Server, number: str
) -> None:
    order.sign_in("ada", number)
    order.wait_until_live()
    order.message.fill("sent once")
    order.message.evaluate(
        """(field) => {
            window.isOld = true;
            field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
            location.reload();
        }"""
    )
    order.document.wait_for_function("() => !window.isOld")
    order.wait_until_live()

    expect(order.message_with("sent once")).to_have_count(1)
    expect(order.sending_label).to_have_count(0)
    assert log_bodies(token_server, number) == ["sent once"]


@storm
@in_one_react
def test_a_token_that_expires_while_the_page_is_open_is_replaced(
    order: OrderPage, shop: Shop, token_server: Server, number: str
) -> None:
    shop.app.config["TOKEN_S"] = 400
    order.page.clock.install()
    order.sign_in("ada", number)
    order.wait_until_live()
    with order.page.expect_response("**/alcove-token"):
        order.page.clock.fast_forward(380_000)
    order.wait_until_live()
    order.send("still here")

    order.wait_until_sent("still here")
    assert log_bodies(token_server, number) == ["still here"]


@storm
@in_one_react
def test_a_logout_ends_every_tab_and_leaves_nothing_behind(
    order: OrderPage, shop: Shop, context: BrowserContext, number: str
) -> None:
    order.sign_in("ada", number)
    order.wait_until_live()
    other = OrderPage(context.new_page(), shop.url, framed=shop.is_framed)
    other.open(number)
    other.wait_until_live()
    other.send("from the other tab")
    other.wait_until_sent("from the other tab")
    expect(order.message_with("from the other tab")).to_be_visible()

    order.sign_out()

    order.page.wait_for_url("**/login")
    expect(other.status).to_contain_text("Not signed in")
    expect(other.message_with("from the other tab")).to_have_count(0)
    kept = other.document.evaluate(READ_STORAGE)
    assert "from the other tab" not in kept
    assert "eyJ" not in kept  # a token
    order.open(number)
    expect(order.status).to_contain_text("Not signed in")


@storm
@in_one_react
def test_a4_a_wrong_key_is_said_and_costs_five_attempts_a_minute(
    order: OrderPage, shop: Shop, number: str, page_problems: PageProblems
) -> None:
    page_problems.expect("401|WebSocket connection to")
    shop.app.config["ALCOVE_SECRET"] = "k" * 40
    attempts = record_attempts(order.page)
    order.page.clock.install()
    order.sign_in("ada", number)
    end_ms = order.page.evaluate("Date.now()") + MEASURED_MS
    expect(order.status).to_contain_text("The token is signed with another key.")

    run_clock(order.page, end_ms, order.room.get_by_text("Next attempt in"))

    # The first page of the shop shows order 42, and makes attempts as well.
    attempts_of_order = [url for url in attempts if "order-42" not in url]
    assert 2 <= len(attempts_of_order) <= MAX_ATTEMPTS


@storm
@in_one_react
def test_sending_works_where_nothing_can_be_stored(
    order: OrderPage, token_server: Server, number: str, page_problems: PageProblems
) -> None:
    page_problems.expect("SecurityError")
    order.page.add_init_script(DENY_STORAGE)
    order.sign_in("ada", number)
    expect(order.status).to_have_text(f"Live · {NOT_SAVED}")
    order.send("said all the same")

    order.wait_until_sent("said all the same")
    assert log_bodies(token_server, number) == ["said all the same"]


def lines(file: str) -> list[str]:
    """Return the lines of an example that are not blank."""
    return [line for line in (ROOT / "backend/examples" / file).read_text().splitlines() if line.strip()]


@pytest.mark.parametrize("name", REACT)
def test_a_room_takes_at_most_fifteen_lines_of_react(name: str) -> None:
    assert len(lines(f"{name}/src/OrderRoom.jsx")) <= 15


def test_a_room_takes_at_most_eight_lines_of_html_and_eight_of_python() -> None:
    html = [line for line in lines("flask_shop/templates/order.html") if "alcove" in line]
    shop = lines("flask_shop/shop.py")
    start = next(n for n, line in enumerate(shop) if "/alcove-token" in line)
    length = next(n for n, line in enumerate(shop[start:], 1) if "jwt.encode" in line)

    assert len(html) <= 8
    assert length <= 8
