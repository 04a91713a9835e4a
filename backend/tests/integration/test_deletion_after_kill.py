"""Test that deleting a room (W11) and erasing a member (W14) complete after the server is killed, on both engines."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from signal import SIGKILL

import httpx

from alcove.storage.open import open_log
from tests.support.clients import TIMEOUT_S, pause_briefly
from tests.support.credentials import SECRET, token
from tests.support.drafts import append, message
from tests.support.http import http
from tests.support.servers import ON_ONE_CARRIER, Server, Start
from tests.support.storage import count_rows, execute
from tests.support.storage_search import wait_until_erased

ADMIN = token(sub="admin", items={"*": "rwm"})
LARGE_ROOM_ENTRIES = 40_000
#: Messages of the erased member in the large room; the small room has one more.
ERASED_MESSAGES = 1500


async def fill(url: str, count: int) -> None:
    """Store `count` messages by Ada in the room `large`, and one in the room `small`."""
    log = await open_log(url)
    await append(log, message("m1", item="large"), message("m1", item="small"))
    await log.close()
    numbers = f"generate_series(2, {count}) i"
    if url.startswith("sqlite"):
        numbers = (
            f"(WITH RECURSIVE n (i) AS (VALUES (2) UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n)"  # noqa: S608
        )
    room = "(SELECT room FROM alcove.rooms WHERE item = 'large')"
    values = f"{room}, i, 'message', 'm' || i, 'ada', 'Ada', 1000, '\"large body\"'"
    columns = "room, seq, kind, id, by_id, by_name, at, body"
    await execute(
        url,
        f"INSERT INTO alcove.entries ({columns}) SELECT {values} FROM {numbers}",  # noqa: S608
        f"UPDATE alcove.rooms SET head = {count} WHERE item = 'large'",  # noqa: S608
    )
    if url.startswith("postgresql"):
        await execute(url, "INSERT INTO alcove.ids SELECT room, by_id, id, seq, at FROM alcove.entries WHERE seq > 1")


async def wait_for_row_count(url: str, table: str, min_rows: int, max_rows: int) -> None:
    """Wait until the table has fewer than `max_rows` rows; fail if it then has no more than `min_rows`."""
    async with asyncio.timeout(TIMEOUT_S):
        while (count := await count_rows(url, table)) >= max_rows:
            await pause_briefly()
    assert count > min_rows, f"expected more than {min_rows} rows, got {count}: the operation ended before the kill"


async def kill_during(
    server: Server, request: Coroutine[object, object, httpx.Response], url: str, table: str, max_rows: int
) -> None:
    """Send the request, and kill the server once it has removed a part of the rows (see `wait_for_row_count`)."""
    task = asyncio.create_task(request)
    await wait_for_row_count(url, table, 1, max_rows)
    # Kill without another step in between: it could take long enough for the removal to finish.
    await asyncio.to_thread(server.end, SIGKILL)
    with suppress(httpx.TransportError):
        await task


@ON_ONE_CARRIER
async def test_w11_removal_of_a_large_room_survives_two_kills(serve: Start, storage: str) -> None:
    await fill(storage, LARGE_ROOM_ENTRIES)
    env = {"ALCOVE_SECRET": SECRET, "ALCOVE_DATABASE_URL": storage}
    server = await asyncio.to_thread(serve, **env)
    async with http(server, ADMIN) as client:
        await kill_during(server, client.delete("/api/items/large"), storage, "entries", LARGE_ROOM_ENTRIES)
    remaining = await count_rows(storage, "entries")
    assert remaining > 1
    restarted = await asyncio.to_thread(serve, **env)
    await wait_for_row_count(storage, "entries", 1, remaining)
    await asyncio.to_thread(restarted.end, SIGKILL)
    async with http(await asyncio.to_thread(serve, **env), ADMIN) as client:
        assert (await client.get("/api/items/large/entries")).json()["entries"] == []
        assert (await client.post("/api/items/small/entries", json={"body": "meanwhile"})).status_code == 201
        assert [item["item"] for item in (await client.get("/api/items")).json()["items"]] == ["small"]
        assert (await client.post("/api/items/large/entries", json={"body": "new"})).json()["seq"] == 1
        await wait_until_erased(storage, ["large body", "!deleted"])
    assert await count_rows(storage, "entries") == 3
    # Internal rooms, whose items begin with `!`, may exist as well.
    assert await count_rows(storage, "rooms") == 2 + (await count_rows(storage, "rooms WHERE item LIKE '!%'"))


@ON_ONE_CARRIER
async def test_w14_repeated_request_finishes_an_interrupted_erasure(serve: Start, storage: str) -> None:
    await fill(storage, ERASED_MESSAGES)
    env = {"ALCOVE_SECRET": SECRET, "ALCOVE_DATABASE_URL": storage}
    server = await asyncio.to_thread(serve, **env)
    async with http(server, ADMIN) as client:
        messages = "entries WHERE deleted IS NULL AND kind = 'message'"
        await kill_during(server, client.delete("/api/members/ada"), storage, messages, ERASED_MESSAGES + 1)
    async with http(await asyncio.to_thread(serve, **env), ADMIN) as client:
        assert (await client.delete("/api/members/ada")).status_code == 204
        await wait_until_erased(storage, ["large body", "Ada"])
        # The erasure adds a `delete` entry for each message.
        assert (await client.get("/api/items/large/entries")).json()["head"] == 2 * ERASED_MESSAGES
