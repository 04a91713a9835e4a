"""Test the lifespan of an embedded Alcove: start, mounting, and the close of its connections (Z1, X7, W7)."""

import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from alcove import Alcove, AlcoveError, Member, NotStartedError
from alcove.storage.sqlite import lock as sqlite_lock
from tests.support.http import http
from tests.support.room_client import RoomClient
from tests.support.running_host import CARRIERS, run_host

with warnings.catch_warnings():  # the import recommends a package that the tests do not install
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

#: The carrier is the implementation of WebSockets: `detached` or `asgi`.
FOR_EACH_CARRIER = pytest.mark.parametrize("carrier", CARRIERS)
ADA = Member("ada", "Ada", "rw")


async def admit(item_id: str) -> Member:
    """Admit everyone as Ada."""
    return Member("ada", "Ada", "rw", items={item_id: "r"} if item_id != "*" else {"*": "r"})


def create_host_app(alcove: Alcove) -> FastAPI:
    """Create an application that serves Alcove below `/rooms`."""
    app = FastAPI(lifespan=alcove.lifespan)
    app.include_router(alcove.router(admit), prefix="/rooms")
    return app


@FOR_EACH_CARRIER
async def test_z1_end_of_the_lifespan_closes_all_connections_with_1012(carrier: str, tmp_path: Path) -> None:
    alcove = Alcove(f"sqlite:///{tmp_path}/alcove.db", drain_s=0.1)
    with run_host(create_host_app(alcove), carrier, "/rooms") as address:
        rooms = [await RoomClient.join(address, f"order-{n}") for n in range(3)]
        assert address.server is not None
        # Stop without a signal, because uvicorn closes the connections that it knows before it ends the lifespan.
        address.server.should_exit = True
        codes = [await room.wait_for_close() for room in rooms]

    assert codes == [1012] * 3
    assert ([True] * 3 if carrier == "detached" else [False] * 3) == [
        room.received[-1]["type"] == "bye" for room in rooms
    ]
    assert not alcove.started


@FOR_EACH_CARRIER
async def test_z1_stopping_one_of_two_alcoves_closes_only_its_connections(carrier: str, tmp_path: Path) -> None:
    first, second = [Alcove(f"sqlite:///{tmp_path}/{name}.db", drain_s=0.1) for name in ("first", "second")]

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with second:
            await first.__aenter__()
            try:
                yield
            finally:
                if first.started:
                    await first.__aexit__(None, None, None)

    app = FastAPI(lifespan=lifespan)
    app.include_router(first.router(admit), prefix="/first")
    app.include_router(second.router(admit), prefix="/second")

    @app.post("/end")
    async def end() -> None:
        await first.__aexit__(None, None, None)

    with run_host(app, carrier) as address:
        first_room = await RoomClient.join(address.at_prefix("/first"), "order-1")
        second_room = await RoomClient.join(address.at_prefix("/second"), "order-1")
        await second_room.send_messages("of the second")
        async with http(address) as client:
            assert (await client.post("/end")).status_code == 200

        assert (await first_room.wait_for("bye"))["reason"] == "restart"
        assert await first_room.wait_for_close() == 1012
        assert await second_room.send_messages("still here") == [2]
        await second_room.socket.close()


def test_lifespan_can_be_repeated_with_a_test_client(tmp_path: Path) -> None:
    alcove = Alcove(f"sqlite:///{tmp_path}/alcove.db")
    app = create_host_app(alcove)
    for seq in (1, 2):
        with TestClient(app) as client:
            with client.websocket_connect("/rooms/items/order-1/ws?tail=0", subprotocols=["alcove.v1"]) as socket:
                assert socket.receive_json()["type"] == "hello"
                socket.send_json({"type": "send", "id": str(seq), "body": "hello"})
                assert seq == socket.receive_json()["seq"]
            assert seq == client.get("/rooms/api/items/order-1/entries").json()["head"]
        assert not alcove.started


async def test_starting_a_running_alcove_raises(tmp_path: Path) -> None:
    alcove = Alcove(f"sqlite:///{tmp_path}/alcove.db")
    async with alcove:
        with pytest.raises(AlcoveError, match="started already"):
            await alcove.__aenter__()
        await alcove.send("order-1", "hello", by=ADA)


async def test_x7_second_alcove_on_the_same_log_fails_to_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_lock, "_WAIT_S", 0.05)
    async with Alcove(f"sqlite:///{tmp_path}/alcove.db"):
        with pytest.raises(AlcoveError, match=r"in use.*set database_url=postgresql://… and bus_url=") as error:
            await Alcove(f"sqlite:///{tmp_path}/alcove.db").__aenter__()
    # A server ends its output with this line, and shows no frame of Alcove before it.
    assert "\n" not in str(error.value)
    assert [frame.name for frame in error.traceback][1:] == ["__aenter__"]


def test_request_without_the_lifespan_raises_a_helpful_error(tmp_path: Path) -> None:
    app = Starlette(routes=[Mount("/chat", app=Alcove(f"sqlite:///{tmp_path}/alcove.db").app(admit))])

    with TestClient(app) as client, pytest.raises(NotStartedError, match="async with alcove"):
        client.get("/chat/api/items/order-1/entries")


async def test_mounted_alcove_runs_in_the_lifespan_of_its_host(tmp_path: Path) -> None:
    alcove = Alcove(f"sqlite:///{tmp_path}/alcove.db")
    app = Starlette(routes=[Mount("/chat", app=alcove.app(admit))], lifespan=alcove.lifespan)
    with run_host(app, "asgi", "/chat") as address:
        async with await RoomClient.join(address, "order-1") as room:
            assert await room.send_messages("hello") == [1]


async def test_alcove_app_handles_forwarded_lifespan_events(tmp_path: Path) -> None:
    inner = Alcove(f"sqlite:///{tmp_path}/alcove.db").app(admit)

    async def forwarding_app(scope: Scope, receive: Receive, send: Send) -> None:
        """Forward everything to Alcove, as an ASGI application with other routing does."""
        app: ASGIApp = inner
        await app(scope, receive, send)

    with run_host(forwarding_app) as address:
        async with await RoomClient.join(address, "order-1") as room:
            assert await room.send_messages("hello") == [1]


async def test_w7_each_alcove_has_separate_metrics(tmp_path: Path) -> None:
    async with Alcove(f"sqlite:///{tmp_path}/one.db") as first, Alcove(f"sqlite:///{tmp_path}/two.db") as second:
        for n in range(3):
            await first.send("order-1", n, by=ADA)
        first_metrics, second_metrics = [(await alcove.metrics()).decode() for alcove in (first, second)]

    assert 'alcove_sends_total{outcome="stored"} 3.0' in first_metrics
    assert 'alcove_sends_total{outcome="stored"} 0.0' in second_metrics
    for metrics in (first_metrics, second_metrics):
        assert metrics.count("# TYPE alcove_limits_reached_total") == 1
