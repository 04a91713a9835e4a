"""Test which methods the paths of the API allow, and that none of them serves the page (W6)."""

import pytest

from tests.support.http import http
from tests.support.servers import ON_ONE_CARRIER, Server


@ON_ONE_CARRIER
@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/api/items/foo/entries", {"GET", "POST"}),
        ("/api/session", {"GET", "POST", "DELETE"}),
        ("/api/revoke", {"POST"}),
        ("/healthz", {"GET", "HEAD"}),
    ],
)
async def test_w_allow_lists_every_method_of_the_path(server: Server, path: str, methods: set[str]) -> None:
    async with http(server) as client:
        for method in ("PUT", "TRACE"):
            response = await client.request(method, path)
            assert response.status_code == 405
            assert methods <= set(response.headers["allow"].split(", "))
            assert "PUT" not in response.headers["allow"]


@ON_ONE_CARRIER
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/revoke", 405),
        ("HEAD", "/api/revoke", 405),
        ("HEAD", "/api/items", 405),
        ("HEAD", "/api/items/foo/events", 405),
        ("GET", "/api/nothing", 404),
        ("HEAD", "/api/nothing", 404),
        ("GET", "/api/", 404),
        ("GET", "/api", 404),
    ],
)
@pytest.mark.parametrize("accept", ["*/*", "text/html"])
async def test_w_unknown_paths_of_the_api_do_not_return_the_page(
    server: Server, method: str, path: str, status: int, accept: str
) -> None:
    async with http(server, headers={"Accept": accept}) as client:
        response = await client.request(method, path)

    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    assert ("allow" in response.headers) == (status == 405)


@ON_ONE_CARRIER
async def test_w6_value_that_breaks_several_rules_is_reported_once(server: Server) -> None:
    async with http(server) as client:
        problem = (await client.get("/api/items/a b/entries")).json()

    assert [fault["where"] for fault in problem["errors"]] == ["path.item_id"]
    assert problem["detail"].count("path.item_id") == 1
