"""Test that writes continue after a failover of the database, and that lost entries are detected (X4, X8, R5)."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg  # type: ignore[import-untyped] # it ships no types
import httpx
import pytest

from deploy.engines import Postgres, database
from tests.support.http import http
from tests.support.room_client import RoomClient, new_id, send
from tests.support.servers import TIMEOUT_S, Server, start_alcove
from tests.support.standby import Standby, SwitchableProxy
from tests.support.storage import execute


@pytest.fixture(scope="module")
def primary() -> Iterator[Postgres]:
    """Start a database server for these tests alone, because they stop it."""
    engine = Postgres()
    engine.start()
    yield engine
    engine.remove()


@pytest.fixture
def standby(primary: Postgres) -> Iterator[Standby]:
    """Start a hot standby that follows the primary."""
    engine = Standby(primary)
    engine.start()
    yield engine
    engine.remove()


@pytest.fixture
def url(primary: Postgres) -> Iterator[str]:
    """Create a database for one test."""
    with database(primary.url) as url:
        yield url


def url_at_port(url: str, port: int, query: str = "") -> str:
    """Return the URL of the same database at another port."""
    return urlsplit(url)._replace(netloc=f"alcove@127.0.0.1:{port}", query=query).geturl()


@asynccontextmanager
async def run_processes(url: str, folder: Path, count: int = 1) -> AsyncIterator[list[Server]]:
    """Run processes that share a database, which is also their bus.

    They are started and ended in threads, because this event loop runs the proxy to their database.
    """
    env = {"ALCOVE_DATABASE_URL": url, "ALCOVE_BUS_URL": url, "ALCOVE_SENDS_PER_S": "0"}
    with ExitStack() as stack:
        servers = []
        for _ in range(count):
            server = await asyncio.to_thread(start_alcove, cwd=folder, env=env)
            stack.callback(server.end)
            servers.append(server)
        yield servers
        await asyncio.gather(*(asyncio.to_thread(server.end) for server in servers))


async def wait_for_readyz(client: httpx.AsyncClient, status: int) -> dict[str, Any]:
    """Poll `/readyz` until its status is `status`; return the response."""
    async with asyncio.timeout(TIMEOUT_S):
        while (response := await client.get("/readyz")).status_code != status:
            pass
    result: dict[str, Any] = response.json()
    return result


async def send_until_stored(room: RoomClient, body: object) -> int:
    """Send a message, and repeat it while storage does not answer (S7); return its seq."""
    line = send(body, new_id())
    async with asyncio.timeout(TIMEOUT_S):
        while (outcome := await room.request(line))["type"] == "error":
            assert outcome["code"] == "unavailable"
    return int(outcome["seq"])


@pytest.mark.parametrize("cut", [True, False], ids=["connections cut", "connections kept"])
async def test_x4_x8_server_recovers_from_briefly_reaching_a_standby(
    primary: Postgres,
    standby: Standby,
    url: str,
    tmp_path: Path,
    cut: bool,  # noqa: FBT001 - a case
) -> None:
    item = f"item-{uuid4().hex}"
    async with (
        SwitchableProxy(primary.port) as address,
        run_processes(url_at_port(url, address.port), tmp_path) as (server,),
        await RoomClient.join(server, item) as ada,
        http(server) as client,
    ):
        await ada.send_messages("before")
        await standby.catch_up()
        address.move(standby.port)
        assert not (await wait_for_readyz(client, 503))["storage"]
        assert (await ada.request(send("at the standby", "a")))["code"] == "unavailable"
        address.move(primary.port, cut=cut)

        assert await send_until_stored(ada, "after") == 2
        assert await wait_for_readyz(client, 200) == {"status": "ready", "storage": True, "bus": True}
        # The processes receive notifications of the database again, too (X5).
        await execute(url, f"SELECT alcove_send('{item}', 'sql', 'host', 'Host', 'by SQL'::text)")
        assert [entry["body"] for entry in await ada.wait_for_seq(3)] == ["before", "after", "by SQL"]


async def test_x8_readyz_is_503_while_the_primary_is_read_only(primary: Postgres, url: str, tmp_path: Path) -> None:
    async with (
        run_processes(url, tmp_path) as (server,),
        await RoomClient.join(server, "foo") as ada,
        http(server) as client,
    ):
        await ada.send_messages("before")
        await execute(primary.url, "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
        try:
            assert not (await wait_for_readyz(client, 503))["storage"]
            assert (await ada.request(send("meanwhile", "a")))["code"] == "unavailable"
            # Clients can still read.
            async with await RoomClient.join(server, "foo", name="Bob") as bob:
                assert [entry["body"] for entry in await bob.wait_for_seq(1)] == ["before"]
        finally:
            await execute(
                primary.url,
                "SET default_transaction_read_only = off",
                "ALTER SYSTEM RESET default_transaction_read_only",
                "SELECT pg_reload_conf()",
            )
        assert await send_until_stored(ada, "after") == 2
        await wait_for_readyz(client, 200)


async def test_x8_r5_failover_that_loses_entries_starts_a_new_history(
    primary: Postgres, standby: Standby, url: str, tmp_path: Path
) -> None:
    item = f"item-{uuid4().hex}"
    async with (
        SwitchableProxy(primary.port) as address,
        run_processes(url_at_port(url, address.port), tmp_path, 2) as (first_server, second_server),
    ):
        ada = await RoomClient.join(first_server, item, name="Ada")
        bob = await RoomClient.join(second_server, item, name="Bob")
        await ada.send_messages("a", "b")
        await bob.wait_for_seq(2)
        await standby.catch_up()
        await standby.pause()
        await ada.send_messages("lost", "lost, too")
        await bob.wait_for_seq(4)
        await standby.promote()
        address.move(standby.port)
        async with http(first_server) as client:
            await post_until_stored(client, item, "new")

        assert [await ada.wait_for_close(), await bob.wait_for_close()] == [1012, 1012]
        hellos = []
        for server in (first_server, second_server):
            async with await RoomClient.join(server, item, after=4, log=ada.hello["log"], name="again") as rejoined:
                entries = await rejoined.wait_for_seq(3)
                hellos.append(rejoined.hello)
                assert [entry["body"] for entry in entries] == ["a", "b", "new"]
        assert [hello["reset"] for hello in hellos] == [True, True]
        assert len({hello["log"] for hello in hellos}) == 1
        assert hellos[0]["log"] != ada.hello["log"]
        for room in (ada, bob):
            await room.socket.close()


async def test_x8_r5_failover_resets_a_room_that_no_process_has_open(
    primary: Postgres, standby: Standby, url: str, tmp_path: Path
) -> None:
    """The process that had the room open detects the loss; clients may resume on another process."""
    item = f"item-{uuid4().hex}"
    async with (
        SwitchableProxy(primary.port) as address,
        run_processes(url_at_port(url, address.port), tmp_path, 2) as (first_server, second_server),
    ):
        async with await RoomClient.join(first_server, item, name="Ada") as ada:
            await ada.send_messages("a", "b")
            await standby.catch_up()
            await standby.pause()
            await ada.send_messages("lost", "lost, too")
        await standby.promote()
        writable = url_at_port(url, standby.port)
        await wait_until_writable(writable)
        for n in range(2):
            await execute(writable, f"SELECT alcove_send('{item}', 'sql-{n}', 'host', 'Host', 'new'::text)")
        address.move(standby.port)

        async with asyncio.timeout(TIMEOUT_S):
            while True:
                room = await RoomClient.open(second_server, item, after=4, log=ada.hello["log"], name="again")
                async with room as rejoined:
                    line = await rejoined.read_line()
                    if line["type"] == "hello" and line["reset"]:
                        assert line["log"] != ada.hello["log"]
                        assert [entry["body"] for entry in await rejoined.wait_for_seq(4)] == ["a", "b", "new", "new"]
                        return
                    assert line["type"] == "hello" or line["code"] == "unavailable", line


async def wait_until_writable(url: str) -> None:
    """Wait until a promoted standby accepts writes."""
    connection = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(TIMEOUT_S):
            while await connection.fetchval("SELECT pg_is_in_recovery()"):
                pass
    finally:
        await connection.close()


async def post_until_stored(client: httpx.AsyncClient, item: str, body: str) -> None:
    """Send a message over HTTP until it is stored (W2)."""
    async with asyncio.timeout(TIMEOUT_S):
        while True:
            response = await client.post(
                f"/api/items/{item}/entries", json={"body": body, "id": body}, headers={"authorization": "Bearer x"}
            )
            if response.is_success:
                return
            assert response.status_code == 503, response.text


async def test_x4_server_uses_the_writable_host_of_a_url_with_several(
    primary: Postgres, standby: Standby, url: str, tmp_path: Path
) -> None:
    await standby.catch_up()  # so that the standby has the database of the test
    url_with_two_hosts = (
        urlsplit(url)._replace(netloc=f"alcove@127.0.0.1:{standby.port},127.0.0.1:{primary.port}").geturl()
    )
    for address in (url_with_two_hosts, f"{url_with_two_hosts}?target_session_attrs=read-write"):
        async with (
            run_processes(address, tmp_path) as (server,),
            await RoomClient.join(server, f"item-{uuid4().hex}") as ada,
        ):
            assert await ada.send_messages("stored") == [1]
