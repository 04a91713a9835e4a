"""Test that rooms without connections leave memory."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from alcove.app import create_app
from alcove.item_ranges import ALL_ITEMS
from alcove.protocol import Member, Person, raw
from alcove.rooms.cursor import Cursor
from alcove.rooms.hub import Hub
from alcove.rooms.presence import RoomPresence
from alcove.rooms.room import Room
from alcove.rooms.session import Session
from alcove.rooms.start_position import StartPosition
from alcove.rooms.tail import Tail
from alcove.settings import Settings
from alcove.storage.base import Draft
from tests.support.clients import abort, eventually, pause_briefly
from tests.support.fake_connection import FakeConnection
from tests.support.http import http
from tests.support.room_client import RoomClient
from tests.support.servers import Server
from tests.support.storm import depth, storm

ADA = Member(Person("ada", "Ada"), frozenset({"read", "write"}))
#: The number of rooms that the test visits.
ROOM_COUNT = depth(2_000, 20_000)
#: The types of the objects that a visit creates.
TRACKED_TYPES = (Room, Tail, RoomPresence, Cursor, Session, FakeConnection)


@asynccontextmanager
async def run_hub(folder: Path) -> AsyncIterator[Hub]:
    """Run an application in this process; yield its hub."""
    app = create_app(Settings(database_url=f"sqlite:///{folder}/alcove.db"))
    async with app.router.lifespan_context(app):
        yield app.state.hub


def count_objects() -> dict[str, int]:
    """Return the number of objects of each tracked type in memory."""
    gc.collect()
    types = [type(candidate) for candidate in gc.get_objects()]
    return {type_.__name__: types.count(type_) for type_ in TRACKED_TYPES}


@storm
async def test_thousands_of_rooms_visited_once_remain_only_in_the_log(tmp_path: Path) -> None:
    async def visit(hub: Hub, number: int) -> None:
        socket = FakeConnection()
        session = await hub.join(f"item-{number}", socket, ADA, StartPosition())
        await hub.store_draft(Draft(f"item-{number}", "message", "a", ADA.person, hub.now_ms(), raw(number)))
        session.on_text('{"type":"read","seq":1}')
        assert any(f'"body":{number}'.encode() in frame for frame in socket.frames)
        session.on_close(1000)

    async with run_hub(tmp_path) as hub:
        await visit(hub, 0)
        before, rooms, kept_before = count_objects(), set(hub._rooms.items()), hub._rooms._kept.copy()
        for start in range(1, ROOM_COUNT + 1, 500):
            await asyncio.gather(*(visit(hub, number) for number in range(start, start + 500)))

        assert set(hub._rooms.items()) == rooms
        assert hub.connections == 0
        assert hub._rooms._kept == kept_before
        assert not hub._rooms._opening
        await eventually(lambda: not len(hub._tasks))
        assert count_objects() == before
        states = await hub.queries._log.room_states([f"item-{number}" for number in range(ROOM_COUNT + 1)])
        assert {(state.head, state.reads["ada"]) for state in states.values()} == {(1, 1)}


async def test_joining_a_room_does_not_add_it_to_the_log(tmp_path: Path) -> None:
    async with run_hub(tmp_path) as hub:
        session = await hub.join("looked-at", FakeConnection(), ADA, StartPosition())
        session.on_close(1000)

        assert "looked-at" not in hub._rooms.items()
        assert await hub.queries.list_rooms([ALL_ITEMS], "ada", limit=10) == []


async def disconnect_by_close(room: RoomClient) -> None:
    await room.socket.close()


async def disconnect_by_reset(room: RoomClient) -> None:
    await abort(room.socket)


@pytest.mark.parametrize("leave", [disconnect_by_close, disconnect_by_reset])
async def test_w8_member_who_left_is_not_listed_as_connected(
    unlimited_server: Server, item: str, leave: Callable[[RoomClient], Awaitable[None]]
) -> None:
    for number in range(50):
        room = await RoomClient.join(unlimited_server, f"{item}-{number}")
        await room.send_lines({"type": "typing"}, {"type": "ping"})
        await leave(room)
    async with http(unlimited_server) as client:
        for number in range(50):
            while (await client.get(f"/api/items/{item}-{number}/connections")).json()["connections"]:
                await pause_briefly()
