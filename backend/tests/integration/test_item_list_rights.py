"""Test that the item list shows only items that the caller may read (W4, A3, A7)."""

from typing import Any

import httpx

from tests.support.credentials import SECRET, token
from tests.support.http import http
from tests.support.servers import ON_ONE_CARRIER, Server, Start


async def list_items(client: httpx.AsyncClient, items: dict[str, str], **query: Any) -> httpx.Response:
    """Request the list with a token that gives these rights."""
    headers = {"Authorization": f"Bearer {token(sub='lister', items=items)}"}
    return await client.get("/api/items", params=query, headers=headers)


async def list_ids(client: httpx.AsyncClient, items: dict[str, str], **query: Any) -> list[str]:
    """Return the ids of the listed items."""
    return [item["item"] for item in (await list_items(client, items, **query)).raise_for_status().json()["items"]]


async def send_to(client: httpx.AsyncClient, *items: str) -> None:
    """Send a message to each item, in order."""
    headers = {"Authorization": f"Bearer {token(items={'*': 'rwm'})}"}
    for item in items:
        (await client.post(f"/api/items/{item}/entries", json={"body": "hello"}, headers=headers)).raise_for_status()


@ON_ONE_CARRIER
async def test_w4_a3_unreadable_items_do_not_count_against_the_limit(secured_server: Server) -> None:
    async with http(secured_server) as client:
        await send_to(client, "shown-1", "shown-2", *(f"shown-hidden-{n}" for n in range(30)))
        rights = {"shown-*": "r", "shown-hidden-*": "", "shown-hidden-7": "r", "shown-2": "w"}

        assert await list_ids(client, rights, limit=5) == ["shown-hidden-7", "shown-1"]
        assert await list_ids(client, rights, limit=1) == ["shown-hidden-7"]
        assert await list_ids(client, rights, limit=5, prefix="shown-1") == ["shown-1"]


@ON_ONE_CARRIER
async def test_w4_a7_revoked_items_do_not_count_against_the_limit(secured_server: Server) -> None:
    async with http(secured_server) as client:
        await send_to(client, "taken-1", *(f"taken-away-{n}" for n in range(5)))
        admin = {"Authorization": f"Bearer {token(items={'*': 'rwm'})}"}
        reader_headers = {"Authorization": f"Bearer {token(sub='lister', items={'taken-*': 'r'})}"}
        for n in range(5):
            revocation = {"sub": "lister", "item": f"taken-away-{n}"}
            (await client.post("/api/revoke", json=revocation, headers=admin)).raise_for_status()

        rooms = (await client.get("/api/items", params={"limit": 1}, headers=reader_headers)).json()["items"]
        assert [room["item"] for room in rooms] == ["taken-1"]


@ON_ONE_CARRIER
async def test_w4_list_over_the_time_limit_is_refused_with_503(serve: Start) -> None:
    server = serve(ALCOVE_SECRET=SECRET, ALCOVE_LIST_S="0.001", ALCOVE_SENDS_PER_S="0")
    async with http(server) as client:
        await send_to(client, *(f"room-{n}" for n in range(300)))
        response = await list_items(client, {f"room-{n}": "r" for n in range(300)}, limit=500)

        assert (response.status_code, response.json()["code"]) == (503, "overloaded")
        assert "longer than 0.001 s; ask for fewer items" in response.json()["detail"]
        assert "retry-after" in response.headers
        metrics = (await client.get("/metrics")).text
        assert 'alcove_limits_reached_total{limit="list_seconds"} 1.0' in metrics
