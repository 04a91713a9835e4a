"""The example shop under every server that FastAPI runs on: rights by order, an announcement, sign-out, a stop (Z1)."""

import asyncio
import os
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deploy.ports import free_port
from tests.support.http import http
from tests.support.room_client import RoomClient, turned_away
from tests.support.running_host import Host
from tests.support.servers import BIN, Server, fastapi_dev

EXAMPLE = Path(__file__).parents[2] / "examples/fastapi_shop/main.py"
PROTOCOLS = ("--http", "alcove.server.websocket:UpgradeHttp", "--ws", "alcove.server.websocket:DetachableWebSocket")
_READY = r"https?://127\.0\.0\.1:(?P<port>\d+)"


def start(kind: str, folder: Path) -> Server:
    """Serve the example in a folder."""
    match kind:
        case "uvicorn":
            return Server([BIN / "uvicorn", "main:app", "--port", "0"], cwd=folder)
        case "uvicorn with alcove's protocols":
            return Server([BIN / "uvicorn", "main:app", "--port", "0", *PROTOCOLS], cwd=folder)
        case "gunicorn":
            bind = ("-b", "127.0.0.1:0", "--no-control-socket")
            command: list[str | Path] = [BIN / "gunicorn", "main:app", "-k", "uvicorn_worker.UvicornWorker", *bind]
            server = Server(command, ready=f"Listening at: {_READY}", cwd=folder)
            server.line("Application startup complete")
            return server
        case "hypercorn":
            port = free_port()
            return Server([BIN / "hypercorn", "main:app", "-b", f"127.0.0.1:{port}"], ready=_READY, cwd=folder)
    return fastapi_dev(folder, "main.py")


KINDS = ["uvicorn", "uvicorn with alcove's protocols", "gunicorn", "hypercorn", "fastapi dev"]


@pytest.fixture(params=KINDS)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    shutil.copy(EXAMPLE, tmp_path)
    server = start(request.param, tmp_path)
    with sqlite3.connect(tmp_path / "shop.db") as db:
        db.executemany("INSERT INTO \"order\" VALUES (?, ?, 'paid')", [("order-1", "ada"), ("order-2", "bob")])
    db.close()
    yield server
    server.end(signal.SIGKILL)


async def login(shop: Server, user: str) -> httpx.AsyncClient:
    """Sign a user in, as a browser does."""
    browser = http(shop, token=None)
    assert (await browser.post("/login", json={"user": user})).status_code == 200
    return browser


def cookies(client: httpx.AsyncClient) -> dict[str, str]:
    """Return the header that a browser sends with a handshake."""
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in client.cookies.items())}


async def test_two_users_talk_about_an_order_and_the_shop_announces_a_change(shop: Server) -> None:
    rooms = Host(shop.port, "/rooms")
    ada, bob, sam = [await login(shop, user) for user in ("ada", "bob", "sam")]
    buyer = await RoomClient.join(rooms, "order-1", token=None, headers=cookies(ada))
    seller = await RoomClient.join(rooms, "order-1", token=None, headers=cookies(sam))
    assert (buyer.hello["you"]["can"], seller.hello["you"]["can"]) == (
        ["read", "write"],
        ["moderate", "read", "write"],
    )
    await buyer.say("Where is my order?")
    assert (await seller.until("entry"))["body"] == "Where is my order?"

    assert (await turned_away(rooms, "order-1", token=None, headers=cookies(bob)))[1] == 4403
    assert (await turned_away(rooms, "order-1", token=None))[1] == 4401
    assert (await bob.get("/rooms/api/items/order-1/entries")).status_code == 404
    assert (await ada.post("/orders/order-1/ship")).status_code == 403
    for _ in range(2):
        assert (await sam.post("/orders/order-1/ship")).status_code == 200
    assert (await buyer.until("entry", seq=2))["body"] == "Your order is on its way."
    assert (await ada.get("/rooms/api/items/order-1/entries")).json()["head"] == 2

    await ada.post("/logout")
    assert await buyer.closed() == 4403
    assert (await turned_away(rooms, "order-1", token=None, headers=cookies(ada)))[1] == 4401

    os.kill(shop.pid, signal.SIGTERM)
    assert (await seller.until("bye"))["reason"] == "restart"
    assert await seller.closed() == 1012
    await asyncio.to_thread(shop.exit_code)
    for client in (ada, bob, sam):
        await client.aclose()
    assert "alcove/" not in shop.output


def test_the_example_has_at_most_60_lines() -> None:
    assert len(EXAMPLE.read_text().splitlines()) <= 60
