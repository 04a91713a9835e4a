"""Test the pages of the item list (W4) and unread counts (W10)."""

from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from tests.support.http import http
from tests.support.list_clients import post_message, reader_token
from tests.support.servers import ON_ONE_CARRIER, Server


async def get_unread(client: httpx.AsyncClient, headers: dict[str, str], items: Sequence[str]) -> httpx.Response:
    """Request unread counts."""
    return await client.get("/api/unread", params={"item": list(items)}, headers=headers)


async def test_w10_unread_counts_are_in_the_order_of_the_request(secured_server: Server, item: str) -> None:
    headers = {"Authorization": f"Bearer {reader_token({f'{item}*': 'r'}, sub=item)}"}
    async with http(secured_server) as client:
        await post_message(client, f"{item}-a")
        await post_message(client, f"{item}-a")
        await post_message(client, f"{item}-b")

        requested = [f"{item}-b", f"{item}-none", f"{item}-a", f"{item}-b"]
        assert (await get_unread(client, headers, requested)).json() == {
            "items": [
                {"item": f"{item}-b", "head": 1, "unread": 1},
                {"item": f"{item}-none", "head": 0, "unread": 0},
                {"item": f"{item}-a", "head": 2, "unread": 2},
            ]
        }
        assert len((await get_unread(client, headers, [f"{item}-{n}" for n in range(500)])).json()["items"]) == 500


async def test_w10_unread_request_for_an_unreadable_item_is_refused(secured_server: Server, item: str) -> None:
    headers = {"Authorization": f"Bearer {reader_token({item: 'r'})}"}
    async with http(secured_server) as client:
        response = await get_unread(client, headers, [item, f"{item}-x", f"{item}-y"])
        assert (response.status_code, response.json()["detail"]) == (403, f"this requires the right to read {item}-x")


@pytest.mark.parametrize("items", [[], ["a b"], [f"item-{n}" for n in range(501)]], ids=["none", "no id", "501"])
async def test_w10_malformed_unread_request_is_refused_with_422(server: Server, items: list[str]) -> None:
    async with http(server) as client:
        assert (await get_unread(client, {}, items)).status_code == 422


@ON_ONE_CARRIER
async def test_w4_pages_list_every_readable_room_once(secured_server: Server, item: str) -> None:
    rights = {f"{item}-*": "r", f"{item}-3": ""}
    headers = {"Authorization": f"Bearer {reader_token(rights)}"}
    async with http(secured_server) as client:
        for n in range(8):
            await post_message(client, f"{item}-{n}")
        pages: list[list[str]] = []
        query: dict[str, Any] = {"limit": 3}
        while page := (await client.get("/api/items", params=query, headers=headers)).json()["items"]:
            pages.append([room["item"] for room in page])
            query["before"] = page[-1]["item"]

        assert [[int(name.rpartition("-")[2]) for name in page] for page in pages] == [[7, 6, 5], [4, 2, 1], [0]]


@ON_ONE_CARRIER
@pytest.mark.parametrize(("before", "status"), [("secret", 403), ("never", 422), ("a b", 422)])
async def test_w4_page_before_an_unlisted_room_is_refused(
    secured_server: Server, item: str, before: str, status: int
) -> None:
    headers = {"Authorization": f"Bearer {reader_token({f'{item}-*': 'r', f'{item}-secret': ''})}"}
    async with http(secured_server) as client:
        await post_message(client, f"{item}-secret")
        response = await client.get("/api/items", params={"before": f"{item}-{before}"}, headers=headers)
        assert response.status_code == status
