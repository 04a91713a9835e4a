"""Test the example shop with every server that FastAPI supports: rights, an event, a sign-out, and a stop (Z1)."""

import asyncio
import os
import re
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import aclosing
from pathlib import Path

import asyncpg  # type: ignore[import-untyped] # it ships no types
import httpx
import pytest

from deploy.ports import free_port
from tests.support.clients import eventually
from tests.support.http import http
from tests.support.room_client import RoomClient, expect_refusal
from tests.support.running_host import Host
from tests.support.servers import BIN, Process, Server, start_fastapi_dev

EXAMPLE = Path(__file__).parents[2] / "examples/fastapi_shop/main.py"
PROTOCOLS = ("--http", "alcove.server.websocket:UpgradeHttp", "--ws", "alcove.server.websocket:DetachableWebSocket")
_READY_PATTERN = r"https?://127\.0\.0\.1:(?P<port>\d+)"


def start_shop(kind: str, folder: Path, *options: str, env: Mapping[str, str] | None = None) -> Server:
    """Start the example with this kind of server, in a folder that has its file."""
    match kind:
        case "uvicorn":
            return Server([BIN / "uvicorn", "main:app", "--port", "0"], cwd=folder)
        case "uvicorn with alcove's protocols":
            return Server([BIN / "uvicorn", "main:app", "--port", "0", *PROTOCOLS], cwd=folder)
        case "gunicorn":
            bind = ("-b", "127.0.0.1:0", "--no-control-socket")
            command: list[str | Path] = [
                BIN / "gunicorn",
                "main:app",
                "-k",
                "uvicorn_worker.UvicornWorker",
                *bind,
                *options,
            ]
            server = Server(command, ready=f"Listening at: {_READY_PATTERN}", cwd=folder, env=env)
            server.wait_for_line("Application startup complete")
            return server
        case "hypercorn":
            port = free_port()
            return Server([BIN / "hypercorn", "main:app", "-b", f"127.0.0.1:{port}"], ready=_READY_PATTERN, cwd=folder)
        case "fastapi run":
            command = [BIN / "fastapi", "run", "main.py", "--host", "127.0.0.1", "--port", str(free_port())]
            return Server(command, cwd=folder)
    return start_fastapi_dev(folder, "main.py")


KINDS = ["uvicorn", "uvicorn with alcove's protocols", "gunicorn", "hypercorn", "fastapi dev", "fastapi run"]


@pytest.fixture(params=KINDS)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """Start the example with each kind of server."""
    shutil.copy(EXAMPLE, tmp_path)
    server = start_shop(request.param, tmp_path)
    yield server
    server.end(signal.SIGKILL)


async def login(shop: Server, user: str) -> httpx.AsyncClient:
    """Sign a user in as a browser does; return the browser."""
    browser = http(shop, token=None)
    assert (await browser.post("/login", json={"user": user})).status_code == 200
    return browser


def cookies(client: httpx.AsyncClient) -> dict[str, str]:
    """Return the cookie header that a browser sends with a handshake."""
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in client.cookies.items())}


async def test_users_chat_by_their_rights_and_the_shop_sends_an_event(shop: Server) -> None:
    rooms = Host(shop.port, "/rooms")
    ada, bob, cid, sam = [await login(shop, user) for user in ("ada", "bob", "cid", "sam")]
    buyer, courier = [await RoomClient.join(rooms, "order-1", token=None, headers=cookies(user)) for user in (ada, cid)]
    await buyer.send_messages("Where is my order?")
    await asyncio.to_thread(shop.wait_for_line, r"mail to sam: Ada wrote 'Where is my order\?' about order-1")
    seller = await RoomClient.join(rooms, "order-1", token=None, headers=cookies(sam))
    assert [room.hello["you"]["can"] for room in (buyer, courier, seller)] == [
        ["read", "write"],
        ["read"],
        ["moderate", "read", "write"],
    ]
    assert (await seller.wait_for("entry"))["body"] == "Where is my order?"

    assert (await expect_refusal(rooms, "order-1", token=None, headers=cookies(bob)))[1] == 4403
    assert (await expect_refusal(rooms, "order-1", token=None))[1] == 4401
    assert (await bob.get("/rooms/api/items/order-1/entries")).status_code == 404
    assert (await ada.post("/orders/order-1/ship")).status_code == 403
    for _ in range(2):
        assert (await sam.post("/orders/order-1/ship")).status_code == 200
    event = await courier.wait_for("entry", seq=2)
    assert (event["kind"], event["by"]["name"], event["body"]) == ("event", "The shop", {"text": "Shipped"})
    assert (await ada.get("/rooms/api/items/order-1/entries")).json()["head"] == 2

    await ada.post("/logout")
    assert await buyer.wait_for_close() == 4403
    assert (await expect_refusal(rooms, "order-1", token=None, headers=cookies(ada)))[1] == 4401

    os.kill(shop.pid, signal.SIGTERM)
    assert (await seller.wait_for("bye"))["reason"] == "restart"
    assert await seller.wait_for_close() == 1012
    await asyncio.to_thread(shop.wait_for_exit)
    for client in (ada, bob, cid, sam):
        await client.aclose()
    assert "alcove/" not in shop.output


def test_example_has_at_most_60_lines() -> None:
    assert len(EXAMPLE.read_text().splitlines()) <= 60


#: The state `shipped` is refused when a transaction commits, until the table of states has it.
_STATES_TABLE = """
    CREATE TABLE orders (id text PRIMARY KEY, buyer text, state text);
    CREATE TABLE states (name text PRIMARY KEY);
    INSERT INTO states VALUES ('paid');
    ALTER TABLE orders ADD FOREIGN KEY (state) REFERENCES states DEFERRABLE INITIALLY DEFERRED;
"""


async def test_x5_s14_event_commits_with_the_order_and_reaches_every_worker(tmp_path: Path, postgres_url: str) -> None:
    shutil.copy(EXAMPLE, tmp_path)
    database = await asyncpg.connect(postgres_url)
    await database.execute(_STATES_TABLE)
    server = start_shop("gunicorn", tmp_path, "-w", "2", env={"DATABASE_URL": postgres_url})
    await eventually(lambda: server.output.count("Application startup complete") == 2)
    rooms = Host(server.port, "/rooms")
    try:
        async with aclosing(await login(server, "ada")) as ada, aclosing(await login(server, "sam")) as sam:
            buyers = []
            for pid in re.findall(r"Booting worker with pid: (\d+)", server.output):
                os.kill(int(pid), signal.SIGSTOP)  # so that the other worker accepts the connection
                buyers.append(await RoomClient.join(rooms, "order-1", token=None, headers=cookies(ada)))
                os.kill(int(pid), signal.SIGCONT)
            assert len(await connected_processes(sam)) == 2

            assert (await sam.post("/orders/order-1/ship")).status_code == 500
            await buyers[0].send_messages("Where is my order?")
            await database.execute("INSERT INTO states VALUES ('shipped')")
            assert (await sam.post("/orders/order-1/ship")).status_code == 200

            for buyer in buyers:
                await buyer.wait_for_seq(2)
                assert buyer.bodies == ["Where is my order?", {"text": "Shipped"}]
            await ada.post("/logout")
            assert {await buyer.wait_for_close() for buyer in buyers} == {4403}
    finally:
        server.end()
        await database.close()


async def connected_processes(moderator: httpx.AsyncClient) -> set[str]:
    """Return the server processes that have a connection to the order's room (W8)."""
    response = await moderator.get("/rooms/api/items/order-1/connections")
    return {connection["process"] for connection in response.json()["connections"]}


def test_x7_several_workers_on_sqlite_stop_with_one_line(tmp_path: Path) -> None:
    shutil.copy(EXAMPLE, tmp_path)
    options = ("-k", "uvicorn_worker.UvicornWorker", "-w", "2", "-b", "127.0.0.1:0", "--no-control-socket")
    workers = Process([BIN / "gunicorn", "main:app", *options], cwd=tmp_path)
    try:
        assert workers.wait_for_exit() == 3
    finally:
        workers.end(signal.SIGKILL)

    (line,) = [line for line in workers.lines if "in use by another Alcove process" in line]
    assert "set database_url=postgresql://… and bus_url=redis://… or postgresql://…" in line
    assert "sqlite/lock.py" not in workers.output
