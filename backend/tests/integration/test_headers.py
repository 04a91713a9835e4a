"""Test the response headers for browsers: content security policy, framing, caching and CORS (A5)."""

import re

import pytest

from tests.support.credentials import token
from tests.support.http import http
from tests.support.servers import ON_ONE_CARRIER, Server, Start

PATHS_OF_EVERY_KIND = [
    "/",
    "/items/foo",
    "/embed/foo",
    "/nowhere.js",
    "/api/items",
    "/api/items/%20/entries",
    "/healthz",
    "/openapi.json",
]


@ON_ONE_CARRIER
@pytest.mark.parametrize("path", PATHS_OF_EVERY_KIND)
async def test_every_response_has_a_content_security_policy(server: Server, path: str) -> None:
    async with http(server) as client:
        headers = (await client.get(path)).headers

    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert "'self'" == policy["script-src"] == policy["style-src"] == policy["connect-src"]
    assert policy["frame-src"] == "'self'"
    assert policy["base-uri"] == "'none'"
    assert policy["frame-ancestors"] == ("'self'" if path == "/embed/foo" else "'none'")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "camera=()" in headers["permissions-policy"]
    assert "same-origin" == headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"]
    assert "server" not in headers


@ON_ONE_CARRIER
async def test_page_has_no_inline_scripts_or_styles(server: Server) -> None:
    async with http(server) as client:
        page = (await client.get("/")).text

    assert not re.findall(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=|javascript:", page, re.IGNORECASE)


@ON_ONE_CARRIER
async def test_frame_ancestors_apply_only_to_the_embedded_room(serve: Start) -> None:
    server = serve(ALCOVE_FRAME_ANCESTORS="'self' https://app.example")
    async with http(server) as client:
        policies = {
            path: (await client.get(path, headers={"Accept": "text/html"})).headers["content-security-policy"]
            for path in ("/embed/foo", "/", "/items/foo", "/embed", "/embed.html", "/api/items")
        }

    assert policies.pop("/embed/foo").endswith("frame-ancestors 'self' https://app.example")
    assert all(policy.endswith("frame-ancestors 'none'") for policy in policies.values())


@ON_ONE_CARRIER
@pytest.mark.parametrize("ancestor", ["'none'", "'self'", "https://app.example"])
async def test_home_page_may_frame_a_room_with_any_frame_ancestors(serve: Start, ancestor: str) -> None:
    async with http(serve(ALCOVE_FRAME_ANCESTORS=ancestor)) as client:
        policy = (await client.get("/embed/foo", headers={"Accept": "text/html"})).headers["content-security-policy"]

    ancestors = policy.rpartition("frame-ancestors ")[2].split()
    assert ancestors == ["'self'", *({ancestor} - {"'none'", "'self'"})]


@ON_ONE_CARRIER
async def test_only_the_embed_script_may_be_loaded_by_other_sites(server: Server) -> None:
    async with http(server) as client:
        responses = {path: await client.get(path) for path in ("/embed.js", "/embed/foo", "/sw.js", "/")}

    assert responses.pop("/embed.js").headers["cross-origin-resource-policy"] == "cross-origin"
    assert {response.headers["cross-origin-resource-policy"] for response in responses.values()} == {"same-origin"}


@ON_ONE_CARRIER
@pytest.mark.parametrize(
    ("path", "cache_control"),
    [
        ("/", "no-cache"),
        ("/items/foo", "no-cache"),
        ("/assets/nowhere.js", "no-store"),
        ("/api/items", "no-store"),
        ("/api/session", "no-store"),
        ("/healthz", "no-store"),
        ("/api/items/foo/nowhere", "no-store"),
    ],
)
async def test_cache_control_depends_on_the_path(server: Server, path: str, cache_control: str) -> None:
    async with http(server) as client:
        # Only a request that accepts HTML gets the page.
        accept = "text/html" if cache_control == "no-cache" else "*/*"
        response = await client.get(path, headers={"Accept": accept})

    assert response.headers["cache-control"] == cache_control


@ON_ONE_CARRIER
async def test_file_with_a_content_hash_in_its_name_is_cached_forever(server: Server) -> None:
    """Check every file that the page names; the placeholder of a page that is not built names none."""
    async with http(server) as client:
        for path in re.findall(r'(?:src|href)="(/assets/[^"]+)"', (await client.get("/")).text):
            response = await client.get(path)
            assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
            revalidation = await client.get(path, headers={"If-None-Match": response.headers["etag"]})
            assert revalidation.status_code == 304


@ON_ONE_CARRIER
async def test_a5_pages_of_configured_origins_may_call_the_api(secured_server: Server) -> None:
    async with http(secured_server, token=None) as client:
        for origin, allowed in (
            ("https://app.example", True),
            ("https://other.example:8443", True),
            ("https://evil.example", False),
            ("http://app.example", False),
            ("https://app.example.evil.example", False),
        ):
            preflight_headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
            preflight = await client.options("/api/items/foo/entries", headers=preflight_headers)
            token_response = await client.get(
                "/api/items", headers={"Origin": origin, "Authorization": f"Bearer {token()}"}
            )
            anonymous_response = await client.get("/api/items", headers={"Origin": origin})

            for response in (preflight, token_response, anonymous_response):
                assert response.headers.get("access-control-allow-origin") == (origin if allowed else "*")
                # Only a configured origin may bring the cookie.
                assert response.headers.get("access-control-allow-credentials") == ("true" if allowed else None)
            assert [response.status_code for response in (preflight, token_response, anonymous_response)] == [
                200,
                200,
                401,
            ]


@ON_ONE_CARRIER
@pytest.mark.parametrize("origin", ["https://app.example", "null", "capacitor://localhost", "http://localhost:8081"])
async def test_a5_token_is_accepted_from_any_origin_without_cors_credentials(
    server: Server, item: str, origin: str
) -> None:
    path = f"/api/items/{item}/entries"
    bearer = {"Origin": origin, "Authorization": "Bearer t"}
    preflight_headers = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    async with http(server, token=None) as client:
        preflight = await client.options(path, headers={"Origin": origin} | preflight_headers)
        write = await client.post(path, json={"body": "hello"}, headers=bearer)
        async with client.stream("GET", f"/api/items/{item}/events?token=t", headers={"Origin": origin}) as events:
            pass

    assert [response.status_code for response in (preflight, write, events)] == [200, 201, 200]
    for response in (preflight, write, events):
        assert response.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in response.headers


@ON_ONE_CARRIER
async def test_a5_every_method_of_the_api_is_allowed_from_any_origin(server: Server) -> None:
    async with http(server, token=None) as client:
        paths = (await client.get("/openapi.json")).json()["paths"]
        methods = {method.upper() for operations in paths.values() for method in operations}
        statuses = {
            method: (
                await client.options(
                    "/api/items/foo/entries",
                    headers={
                        "Origin": "https://app.example",
                        "Access-Control-Request-Method": method,
                        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
                    },
                )
            ).status_code
            for method in methods - {"HEAD"}
        }

    assert statuses == dict.fromkeys({"GET", "POST", "PUT", "PATCH", "DELETE"}, 200)


@ON_ONE_CARRIER
async def test_a5_other_origins_may_call_only_the_api(server: Server) -> None:
    async with http(server, token=None) as client:
        for path in ("/metrics", "/readyz", "/"):
            response = await client.get(path, headers={"Origin": "https://app.example"})
            assert "access-control-allow-origin" not in response.headers
