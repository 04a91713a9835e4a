"""Test the page's documents below a base path: their addresses and ETags, without a compressed copy (B1)."""

from pathlib import Path

import pytest
from starlette.responses import Response

from alcove.api.page_files import PageFiles

DOCUMENT = """<!DOCTYPE html>
<meta name="alcove-base" content="/" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<link rel="icon" href="/favicon.svg" />
<link rel="stylesheet" crossorigin href="/assets/index-1a2b.css">
<script type="module" crossorigin src="/assets/index-3c4d.js"></script>
<a href="//other.example/">and <a href="https://other.example/"> and <a href="#content"></a> 1/2 \\1 ñ"""
DOCUMENT_BELOW_PREFIX = """<!DOCTYPE html>
<meta name="alcove-base" content="/chat/" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<link rel="icon" href="/chat/favicon.svg" />
<link rel="stylesheet" crossorigin href="/chat/assets/index-1a2b.css">
<script type="module" crossorigin src="/chat/assets/index-3c4d.js"></script>
<a href="//other.example/">and <a href="https://other.example/"> and <a href="#content"></a> 1/2 \\1 ñ"""


@pytest.fixture
def files(tmp_path: Path) -> PageFiles:
    """Write a built page with its compressed copies, and return its files."""
    for name in ("index.html", "embed.html"):
        (tmp_path / name).write_text(DOCUMENT)
        for suffix in (".br", ".gz"):
            (tmp_path / f"{name}{suffix}").write_bytes(b"compressed, without a prefix")
    return PageFiles(directory=tmp_path)


async def get_document(files: PageFiles, path: str, prefix: str, **headers: str) -> Response:
    """Return the response for a navigation to the path below the prefix."""
    request_headers = {"accept": "text/html", "accept-encoding": "br, gzip", **headers}
    return await files.get_response(
        path,
        {
            "type": "http",
            "method": "GET",
            "path": f"{prefix}/{path}",
            "root_path": prefix,
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in request_headers.items()],
        },
    )


@pytest.mark.parametrize("path", [".", "index.html", "items/foo", "embed/foo", "embed.html"])
async def test_b1_addresses_in_a_document_have_the_prefix(files: PageFiles, path: str) -> None:
    response = await get_document(files, path, "/chat")

    assert bytes(response.body).decode() == DOCUMENT_BELOW_PREFIX
    assert "content-encoding" not in response.headers
    assert response.headers["content-type"] == "text/html; charset=utf-8"


async def test_b1_without_a_prefix_the_compressed_copy_is_sent(files: PageFiles) -> None:
    assert (await get_document(files, "items/foo", "")).headers["content-encoding"] == "br"


async def test_b1_each_prefix_has_its_own_etag(files: PageFiles) -> None:
    chat_etag, other_etag = [(await get_document(files, ".", prefix)).headers["etag"] for prefix in ("/chat", "/other")]
    matching, other = [await get_document(files, ".", "/chat", if_none_match=etag) for etag in (chat_etag, other_etag)]

    assert chat_etag != other_etag
    assert (matching.status_code, matching.body, matching.headers["etag"]) == (304, b"", chat_etag)
    assert other.status_code == 200


async def test_b1_a_prefix_is_escaped_in_attributes(files: PageFiles) -> None:
    response = await get_document(files, ".", '/a"><script>&')

    assert b'content="/a%22%3E%3Cscript%3E%26/"' in response.body
