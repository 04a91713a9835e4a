"""Test that the picture and the role in a token's claims are shown to other members (A9)."""

from typing import Any

import httpx
import pytest

from tests.support import endpoints
from tests.support.credentials import token
from tests.support.endpoints import bearer, query
from tests.support.http import http
from tests.support.room_client import RoomClient, read_page
from tests.support.servers import ON_ONE_CARRIER, Server, Start

PICTURE = "https://pictures.example/ada.png?size=64"
ADA = {"id": "ada", "name": "Ada", "picture": PICTURE, "role": "Support"}


def sign_token(item: str, rights: str = "rw") -> str:
    """Sign a token of Ada with a picture and a role."""
    return token(name="Ada", picture=PICTURE, role="Support", items={item: rights})


async def test_a9_picture_and_role_are_shown_wherever_a_member_is_named(secured_server: Server, item: str) -> None:
    async with (
        await RoomClient.join(secured_server, item, token=token(sub="bob", items={item: "rw"})) as bob,
        await RoomClient.join(secured_server, item, token=sign_token(item)) as room,
    ):
        assert room.hello["you"] == ADA | {"can": ["read", "write"]}
        assert ADA in room.hello["members"]
        assert {"id": "bob", "name": "bob"} in room.hello["members"]
        joined = (await bob.wait_for("presence"))["joined"]
        assert ADA in joined
        await room.send_lines({"type": "typing"})
        assert (await bob.wait_for("typing"))["by"] == ADA
        await room.send_messages("hello")
        assert (await bob.wait_for("entry"))["by"] == ADA


async def test_a9_stored_entries_have_the_picture_and_role_of_their_author(secured_server: Server, item: str) -> None:
    headers = bearer(sign_token(item, "rwm")).headers
    async with http(secured_server) as client:
        client.headers.update(headers)
        message = (await client.post(f"/api/items/{item}/entries", json={"body": 1})).json()
        edited = (await client.patch(f"/api/items/{item}/entries/1", json={"body": 2})).json()
        entries = (await read_page(client, item))["entries"]
        rooms = (await client.get("/api/items", params={"prefix": item})).json()["items"]
        session = (await client.get("/api/session")).json()

    assert [line["by"] for line in (message, edited, *entries, rooms[0]["last"])] == [ADA] * 5
    assert session["you"] == ADA


@ON_ONE_CARRIER
@pytest.mark.parametrize(
    ("claims", "claim"),
    [
        ({"picture": "http://pictures.example/a.png"}, "picture"),
        ({"picture": "javascript:alert(1)"}, "picture"),
        ({"picture": "https://"}, "picture"),
        ({"picture": 'https://pictures.example/"><script>'}, "picture"),
        ({"picture": "https://pictures.example/a b"}, "picture"),
        ({"picture": "https://pictures.example/" + "a" * 2048}, "picture"),
        ({"picture": 7}, "picture"),
        ({"role": ""}, "role"),
        ({"role": "a" * 33}, "role"),
        ({"role": "\u200b"}, "role"),
        ({"role": ["admin"]}, "role"),
    ],
)
async def test_a9_a3_refusal_of_an_invalid_claim_names_the_claim(
    secured_server: Server, claims: dict[str, Any], claim: str
) -> None:
    outcome = await endpoints.history(secured_server, query(token(**claims)))

    assert outcome.code == 401
    assert f"`{claim}`" in outcome.reason


@ON_ONE_CARRIER
async def test_a9_null_claims_mean_no_picture_and_no_role(secured_server: Server, item: str) -> None:
    async with await RoomClient.join(
        secured_server, item, token=token(picture=None, role=None, items={item: "r"})
    ) as room:
        assert room.hello["you"] == {"id": "ada", "name": "ada", "can": ["read"]}


@ON_ONE_CARRIER
async def test_a9_page_allows_images_of_configured_origins_only(serve: Start, server: Server) -> None:
    configured_server = serve(ALCOVE_PICTURE_ORIGINS="https://pictures.example, https://cdn.example:8443")

    def image_sources(response: httpx.Response) -> str:
        parts = response.headers["content-security-policy"].split("; ")
        return next(part for part in parts if part.startswith("img-src"))

    async with http(configured_server) as client, http(server) as default_client:
        expected = "img-src 'self' data: https://pictures.example https://cdn.example:8443"
        assert image_sources(await client.get("/")) == expected
        assert image_sources(await default_client.get("/")) == "img-src 'self' data:"
