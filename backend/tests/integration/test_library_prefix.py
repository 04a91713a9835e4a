"""Test that an embedded Alcove serves everything below any prefix, pages included (B1)."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import unquote

import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from alcove import Alcove, Member, routes
from tests.support.http import blocking_http, http
from tests.support.room_client import RoomClient
from tests.support.running_host import CARRIERS, Host, run_host

#: Where the application mounts Alcove, and the prefix below which browsers reach it.
MOUNT_PREFIXES = {
    "/rooms": "/rooms",  # a router with a prefix
    "/of/a%20%22%3Cb%3E/items": "/of/a%20%22%3Cb%3E/items",  # with a parameter of any text
    "/chat": "/chat",  # mounted
    "/other": "/outside/other",  # mounted, with the setting
}


async def admit(item_id: str) -> Member:
    """Admit everyone as Ada."""
    return Member("ada", "Ada", "rw", items={"*": "rw"} if item_id == "*" else {})


class StrippedApp:
    """An application behind a proxy that removes its prefix; `root_path` names the prefix."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application with its `root_path`."""
        await self._app({**scope, "root_path": self._prefix} if "path" in scope else scope, receive, send)


@pytest.fixture(scope="module", autouse=True)
def built_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Replace the built page by a folder of small files."""
    folder = tmp_path_factory.mktemp("dist")
    (folder / "assets").mkdir()
    head = '<!DOCTYPE html>\n<meta name="alcove-base" content="/" /><script src="/assets/index-1a2b.js"></script>'
    for name, content in {
        "index.html": head,
        "embed.html": f"{head}<title>Room</title>",
        "embed.js": "0;",
        "assets/index-1a2b.js": "1;",
    }.items():
        (folder / name).write_text(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(routes, "PAGE_FOLDER", folder)
        yield


def create_host_app(folder: Path) -> FastAPI:
    """Create an application that serves Alcove below each prefix of `MOUNT_PREFIXES`."""
    alcove = Alcove(f"sqlite:///{folder}/alcove.db", frame_ancestors="'self'")
    second = Alcove(f"sqlite:///{folder}/other.db", frame_ancestors="'self'", base_path="/outside/other")

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with alcove, second:
            yield

    app = FastAPI(lifespan=lifespan)
    app.include_router(alcove.router(admit, page=True), prefix="/rooms")
    app.include_router(alcove.router(admit, page=True), prefix="/of/{tenant}/items")
    app.mount("/chat", alcove.app(admit, page=True))
    app.mount("/other", second.app(admit, page=True))
    return app


@pytest.fixture(scope="module", params=CARRIERS)
def host(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with run_host(create_host_app(tmp_path_factory.mktemp("host")), request.param) as host:
        yield host


def assert_page_is_served(host: Host, prefix: str) -> None:
    """Assert that documents, files and the API are served, with addresses below the prefix that browsers use."""
    head = f'<meta name="alcove-base" content="{prefix}/" /><script src="{prefix}/assets/index-1a2b.js"></script>'
    with blocking_http(host) as client:
        page, room, embed = [
            client.get(path, headers={"Accept": "text/html"}) for path in ("/", "/items/foo", "/embed/foo")
        ]
        for document in (page, room):
            assert (document.status_code, document.text) == (200, f"<!DOCTYPE html>\n{head}")
        assert embed.text == f"<!DOCTYPE html>\n{head}<title>Room</title>"
        assert [
            document.headers["content-security-policy"].split("frame-ancestors ")[1] for document in (page, embed)
        ] == ["'none'", "'self'"]
        script = client.get("/assets/index-1a2b.js")
        assert (script.text, "immutable" in script.headers["cache-control"]) == ("1;", True)
        assert client.get("/embed.js").headers["cross-origin-resource-policy"] == "cross-origin"
        assert client.get("/api/mode").json() == {"open": False, "application": True}
        assert client.get("/openapi.json").json()["servers"] == [{"url": unquote(prefix)}]
        assert [item["item"] for item in client.get("/api/items").json()["items"]] == ["order-1"]
        assert client.get("/api/nothing", headers={"Accept": "text/html"}).status_code == 404
        assert "access-control-allow-origin" in client.get("/api/mode", headers={"Origin": "https://a.example"}).headers


@pytest.mark.parametrize("mount_path", MOUNT_PREFIXES)
async def test_b1_page_and_embed_page_are_served_below_every_prefix(host: Host, mount_path: str) -> None:
    page_host = host.at_prefix(mount_path)
    async with await RoomClient.join(page_host, "order-1") as room:
        await room.send_messages("hello")
    assert_page_is_served(page_host, MOUNT_PREFIXES[mount_path])


async def test_b1_proxy_may_remove_the_prefix_of_the_host_application(tmp_path: Path) -> None:
    with run_host(StrippedApp(create_host_app(tmp_path), "/shop")) as host:
        for mount_path in ("/rooms", "/shop/rooms"):  # the prefix is removed, or kept
            page_host = host.at_prefix(mount_path)
            async with await RoomClient.join(page_host, "order-1") as room:
                await room.send_messages("hello")
            assert_page_is_served(page_host, "/shop/rooms")
        # A room below another mount is not mistaken for a path that still has its prefix.
        async with await RoomClient.join(host.at_prefix("/of/a/items"), "order-1") as room:
            assert room.hello["item"] == "order-1"


async def test_b1_prefix_without_a_trailing_slash_leads_to_the_page(host: Host) -> None:
    async with http(host) as client:
        response = await client.get("/rooms", headers={"Accept": "text/html"}, follow_redirects=True)

    assert response.text.startswith("<!DOCTYPE html>")
