"""Test that disconnecting and stuck clients of the chat do not affect the others (T3, T4)."""

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection

from alcove.app import create_app
from alcove.settings import Settings
from alcove.tutorial.chat import MAX_UNSENT_BYTES, Chat, ChatClient
from alcove.wire import asgi
from alcove.wire.asgi import AsgiConnection
from tests.support.clients import Listener, abort, connect, eventually, stop_reading
from tests.support.servers import Address, Server
from tests.support.storm import depth, storm

STAYING_CLIENTS = depth(10, 20)
LEAVING_CLIENTS = depth(60, 200)
Leave = Callable[[ClientConnection], Awaitable[None]]


async def disconnect_by_close(client: ClientConnection) -> None:
    await client.close()


async def disconnect_by_abort(client: ClientConnection) -> None:
    await abort(client)


async def disconnect_by_silence(client: ClientConnection) -> None:
    stop_reading(client)


async def connect_and_disconnect(server: Address, leave: Leave, stack: AsyncExitStack) -> list[Listener]:
    """Connect many clients, disconnect most of them, and wait until the others were told; return the others."""
    listeners = [
        await stack.enter_async_context(Listener(await connect(server, f"/ws/{n}"))) for n in range(STAYING_CLIENTS)
    ]
    leaving_clients = [await connect(server, f"/ws/{1000 + n}") for n in range(LEAVING_CLIENTS)]
    for client in leaving_clients:
        stack.push_async_callback(abort, client)

    await asyncio.gather(*(leave(client) for client in leaving_clients))
    for listener in listeners:
        await listener.wait_for_count(LEAVING_CLIENTS)
    return listeners


@storm
@pytest.mark.parametrize("leave", [disconnect_by_close, disconnect_by_abort, disconnect_by_silence])
async def test_t3_t4_others_get_one_line_for_each_of_many_disconnects(
    serve: Callable[..., Server], leave: Leave
) -> None:
    # A connected client must answer pings on a busy machine, too, so the timeout is long.
    server = serve(ALCOVE_PING_S="1", ALCOVE_PONG_S="2")
    async with AsyncExitStack() as stack:
        listeners = await connect_and_disconnect(server, leave, stack)
        # This line arrives after every line about the disconnections.
        await listeners[0].client.send("who is left?")
        for listener in listeners:
            await listener.wait_for_line("Client #0 says: who is left?")

        leave_lines = Counter(f"Client #{1000 + n} left the chat" for n in range(LEAVING_CLIENTS))
        for listener in listeners:
            received = Counter(listener.lines)
            received.subtract(["Client #0 says: who is left?"])
            assert +received - Counter(["You wrote: who is left?"]) == leave_lines
    assert server.problems == []


@asynccontextmanager
async def run_app(folder: Path) -> AsyncIterator[tuple[Address, uvicorn.Server, Chat]]:
    """Run the application in this process, so that its memory can be inspected; yield address, server and chat."""
    app = create_app(Settings(database_url=f"sqlite:///{folder}/alcove.db"))
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, ws="websockets-sansio", ws_ping_interval=1, ws_ping_timeout=2, log_config=None)
    )
    task = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    try:
        yield Address(server.servers[0].sockets[0].getsockname()[1]), server, app.state.chat
    finally:
        server.should_exit = True
        await task


def count_objects(type_: type) -> int:
    """Return the number of objects of this type in memory."""
    gc.collect()
    return sum(type(candidate) is type_ for candidate in gc.get_objects())


@storm
@pytest.mark.parametrize("leave", [disconnect_by_close, disconnect_by_abort, disconnect_by_silence])
async def test_t4_disconnected_clients_are_removed_from_memory(leave: Leave, tmp_path: Path) -> None:
    async with run_app(tmp_path) as (address, server, chat), AsyncExitStack() as stack:
        await connect_and_disconnect(address, leave, stack)

        await eventually(lambda: len(server.server_state.tasks) == STAYING_CLIENTS)
        assert len(chat) == STAYING_CLIENTS
        assert count_objects(ChatClient) == STAYING_CLIENTS
        assert count_objects(AsgiConnection) == STAYING_CLIENTS
        assert len(server.server_state.connections) == STAYING_CLIENTS
    assert len(chat) == 0


async def test_t4_stuck_reader_does_not_delay_others_and_is_disconnected(serve: Callable[..., Server]) -> None:
    server = serve()
    stuck = await connect(server, "/ws/7", receive_buffer=4096)
    stop_reading(stuck)
    async with Listener(await connect(server, "/ws/1")) as first, Listener(await connect(server, "/ws/2")) as second:
        for number in range(100):
            await first.client.send(f"{number}: {'x' * 256 * 1024}")
            await second.wait_for_count(number + 1)
        await first.wait_for_line("Client #7 left the chat")
        await second.wait_for_line("Client #7 left the chat")

    await abort(stuck)


async def test_t4_buffer_of_a_stuck_reader_is_bounded(tmp_path: Path) -> None:
    line = "x" * 256 * 1024
    async with run_app(tmp_path) as (address, _server, chat):
        stuck = await connect(address, "/ws/7", receive_buffer=4096)
        stop_reading(stuck)
        max_buffered = 0
        async with Listener(await connect(address, "/ws/1")) as listener:
            for number in range(100):
                await listener.client.send(line)
                await listener.wait_for_count(2 * (number + 1))
                max_buffered = max([max_buffered, *(member.connection.buffered_bytes() for member in chat._clients)])
            await listener.wait_for_line("Client #7 left the chat")
            assert len(chat) == 1
        await abort(stuck)

    assert MAX_UNSENT_BYTES < max_buffered <= MAX_UNSENT_BYTES + 2 * len(line)


async def test_t4_client_that_sends_and_never_reads_is_disconnected(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(asgi, "_STALL_S", 0.2)
    async with run_app(tmp_path) as (address, server, _chat):
        stuck = await connect(address, "/ws", receive_buffer=4096)
        stop_reading(stuck)
        for _ in range(20):
            await stuck.send("x" * 256 * 1024)

        await eventually(lambda: not server.server_state.tasks)
        assert count_objects(AsgiConnection) == 0
        await abort(stuck)
