"""Test when an embedded Alcove runs, where it is mounted, and how its connections end (Z1)."""

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
from tests.support.running_host import CARRIERS, running

with warnings.catch_warnings():  # it prefers a package that the tests do not have
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

each_carrier = pytest.mark.parametrize("carrier", CARRIERS)
ADA = Member("ada", "Ada", "rw")


async def member(item_id: str) -> Member:
    """Admit everyone as Ada."""
    return Member("ada", "Ada", "rw", items={item_id: "r"} if item_id != "*" else {"*": "r"})


def host(alcove: Alcove) -> FastAPI:
    app = FastAPI(lifespan=alcove.lifespan)
    app.include_router(alcove.router(member), prefix="/rooms")
    return app


@each_carrier
async def test_z1_the_end_of_the_lifespan_closes_all_connections_with_1012_also_detached_ones(
    carrier: str, tmp_path: Path
) -> None:
    alcove = Alcove(f"sqlite:///{tmp_path}/alcove.db", drain_s=0.1)
    with running(host(alcove), carrier, "/rooms") as address:
        rooms = [await RoomClient.join(address, f"order-{n}") for n in range(3)]
        assert address.server is not None
        # Not by a signal: uvicorn closes the connections that it knows before it ends the lifespan.
        address.server.should_exit = True
        codes = [await room.wait_for_close() for room in rooms]

    assert codes == [1012] * 3
    assert ([True] * 3 if carrier == "detached" else [False] * 3) == [
        room.received[-1]["type"] == "bye" for room in rooms
    ]
    assert not alcove.started


@each_carrier
async def test_z1_an_embedded_alcove_that_ends_first_closes_only_its_own_connections(
    carrier: str, tmp_path: Path
) -> None:
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
    app.include_router(first.router(member), prefix="/first")
    app.include_router(second.router(member), prefix="/second")

    @app.post("/end")
    async def end() -> None:
        await first.__aexit__(None, None, None)

    with running(app, carrier) as address:
        ending = await RoomClient.join(address.below("/first"), "order-1")
        staying = await RoomClient.join(address.below("/second"), "order-1")
        await staying.send_messages("of the second")
        async with http(address) as client:
            assert (await client.post("/end")).status_code == 200

        assert (await ending.wait_for("bye"))["reason"] == "restart"
        assert await ending.wait_for_close() == 1012
        assert await staying.send_messages("still here") == [2]
        await staying.socket.close()


def test_several_lifespans_after_one_another_and_a_test_client_work(tmp_path: Path) -> None:
    alcove = Alcove(f"sqlite:///{tmp_path}/alcove.db")
    app = host(alcove)
    for seq in (1, 2):
        with TestClient(app) as client:
            with client.websocket_connect("/rooms/items/order-1/ws?tail=0", subprotocols=["alcove.v1"]) as socket:
                assert socket.receive_json()["type"] == "hello"
                socket.send_json({"type": "send", "id": str(seq), "body": "hello"})
                assert seq == socket.receive_json()["seq"]
            assert seq == client.get("/rooms/api/items/order-1/entries").json()["head"]
        assert not alcove.started


async def test_an_alcove_that_runs_is_not_started_a_second_time(tmp_path: Path) -> None:
    alcove = Alcove(f"sqlite:///{tmp_path}/alcove.db")
    async with alcove:
        with pytest.raises(AlcoveError, match="started already"):
            await alcove.__aenter__()
        await alcove.send("order-1", "hello", by=ADA)


async def test_x7_two_alcoves_on_one_log_do_not_run_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_lock, "_WAIT_S", 0.05)
    async with Alcove(f"sqlite:///{tmp_path}/alcove.db"):
        with pytest.raises(AlcoveError, match=r"in use.*set database_url=postgresql://… and bus_url=") as error:
            await Alcove(f"sqlite:///{tmp_path}/alcove.db").__aenter__()
    # What a server prints of a failed start ends with this line, and nothing of ours is above it.
    assert "\n" not in str(error.value)
    assert [frame.name for frame in error.traceback][1:] == ["__aenter__"]


def test_a_request_without_the_lifespan_fails_with_what_to_write(tmp_path: Path) -> None:
    app = Starlette(routes=[Mount("/chat", app=Alcove(f"sqlite:///{tmp_path}/alcove.db").app(member))])

    with TestClient(app) as client, pytest.raises(NotStartedError, match="async with alcove"):
        client.get("/chat/api/items/order-1/entries")


async def test_a_mounted_alcove_works_with_the_lifespan_of_its_host(tmp_path: Path) -> None:
    alcove = Alcove(f"sqlite:///{tmp_path}/alcove.db")
    app = Starlette(routes=[Mount("/chat", app=alcove.app(member))], lifespan=alcove.lifespan)
    with running(app, "asgi", "/chat") as address:
        async with await RoomClient.join(address, "order-1") as room:
            assert await room.send_messages("hello") == [1]


async def test_an_alcove_that_is_served_by_itself_or_gets_the_lifespan_runs_it(tmp_path: Path) -> None:
    inner = Alcove(f"sqlite:///{tmp_path}/alcove.db").app(member)

    async def django_like(scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, as an ASGI application that routes by itself does."""
        app: ASGIApp = inner
        await app(scope, receive, send)

    with running(django_like) as address:
        async with await RoomClient.join(address, "order-1") as room:
            assert await room.send_messages("hello") == [1]


async def test_w7_each_alcove_counts_by_itself(tmp_path: Path) -> None:
    async with Alcove(f"sqlite:///{tmp_path}/one.db") as first, Alcove(f"sqlite:///{tmp_path}/two.db") as second:
        for n in range(3):
            await first.send("order-1", n, by=ADA)
        texts = [(await alcove.metrics()).decode() for alcove in (first, second)]

    assert [
        f'alcove_sends_total{{outcome="stored"}} {n}' in text for n, text in zip((3.0, 0.0), texts, strict=True)
    ] == [
        True,
        True,
    ]
    assert all(text.count("# TYPE alcove_limits_reached_total") == 1 for text in texts)
