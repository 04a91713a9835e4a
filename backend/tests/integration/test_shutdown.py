"""Test that a server which stops or reloads closes its sockets, and that no client delays that (C)."""

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.clients import abort, connect, stop_reading, wait_for_close_code
from tests.support.servers import Server, start_alcove, start_fastapi_dev, wait_until_listening

PATHS = ["/ws", "/ws/1", "/items/foo/ws?token=t"]


@pytest.mark.parametrize("stop_signal", [signal.SIGTERM, signal.SIGINT])
async def test_c_stopping_server_closes_its_sockets_with_1012(
    serve: Callable[..., Server], stop_signal: signal.Signals
) -> None:
    server = serve()
    clients = [await connect(server, path) for path in PATHS * 20]

    await asyncio.to_thread(server.end, stop_signal)

    assert [await wait_for_close_code(client) for client in clients] == [1012] * len(clients)


async def test_server_stops_although_a_client_reads_nothing(tmp_path: Path, carrier: str) -> None:
    server = start_alcove(cwd=tmp_path, env={"ALCOVE_CARRIER": carrier})
    stuck = await connect(server, "/ws", receive_buffer=4096)
    stop_reading(stuck)
    for _ in range(20):
        await stuck.send("x" * 256 * 1024)

    await asyncio.to_thread(server.end)

    await abort(stuck)
    assert "Traceback" not in server.output


async def test_fastapi_dev_reloads_with_sockets_open(tmp_path: Path) -> None:
    app = tmp_path / "main.py"
    app.write_text("from alcove.main import app as app\n")
    server = start_fastapi_dev(tmp_path, app.name)
    try:
        clients = [await connect(server, path) for path in PATHS]
        line_count = len(server.lines)

        app.write_text("from alcove.main import app as app\n\nCHANGED = True\n")
        codes = [await wait_for_close_code(client) for client in clients]
        await asyncio.to_thread(server.wait_for_line, "Finished server process", since=line_count)
        await asyncio.to_thread(server.wait_for_line, "Application startup complete", since=line_count)
        await asyncio.to_thread(wait_until_listening, server.port)
        async with await connect(server, "/ws") as client:
            await client.send("hello again")
            assert await client.recv() == "Message text was: hello again"
    finally:
        await asyncio.to_thread(server.end)

    assert codes == [1012] * len(PATHS)
    assert server.problems == [], server.output
