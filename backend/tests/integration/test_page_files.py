"""Test the page's files on a real server: content codings, validators, ranges, and the document for every path."""

import gzip
import http.client
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import uvicorn
from fastapi import FastAPI

from alcove.api.headers import SecurityHeaders
from alcove.api.page_files import PageRoute, accepted_codings
from tests.support.servers import TIMEOUT_S

SCRIPT = b"console.log('alcove');" * 50
DOCUMENT = b'<!DOCTYPE html>\n<script src="/assets/index-1a2b.js"></script>'
EMBED = b"<!DOCTYPE html>\n<title>Room</title>"
#: The compressed files beside the script, which the server sends unchanged.
BROTLI = b"in Brotli"
GZIP = gzip.compress(SCRIPT, mtime=0)
IMMUTABLE = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Response:
    """A response: status, headers in lower case, and the body as it was sent."""

    status: int
    headers: dict[str, str]
    body: bytes


class Site:
    """A client of a server that serves one folder."""

    def __init__(self, port: int) -> None:
        self._port = port

    def get(self, path: str, *, method: str = "GET", **headers: str) -> Response:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_S)
        try:
            connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return Response(
                response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
            )
        finally:
            connection.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("dist")
    (folder / "assets").mkdir()
    files = {
        "index.html": DOCUMENT,
        "embed.html": EMBED,
        "embed.js": b"(() => {})();",
        "favicon.svg": b"<svg/>",
        "assets/index-1a2b.js": SCRIPT,
        "assets/index-1a2b.js.br": BROTLI,
        "assets/index-1a2b.js.gz": GZIP,
        "assets/inter-3c4d.woff2": b"wOF2",
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    app = FastAPI()
    app.add_middleware(SecurityHeaders, frame_ancestors="'none'")
    app.router.routes.append(PageRoute(folder))
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield Site(listener.getsockname()[1])
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.mark.parametrize(
    ("accept_encoding", "coding", "body"),
    [
        ("gzip, deflate, br, zstd", "br", BROTLI),
        ("gzip, deflate", "gzip", GZIP),
        ("br;q=0, gzip;q=0.5", "gzip", GZIP),
        ("*", "br", BROTLI),
        ("identity", None, SCRIPT),
        ("", None, SCRIPT),
    ],
)
def test_file_is_sent_in_the_best_accepted_coding(
    site: Site, accept_encoding: str, coding: str | None, body: bytes
) -> None:
    response = site.get("/assets/index-1a2b.js", Accept_Encoding=accept_encoding)

    assert (response.status, response.headers.get("content-encoding")) == (200, coding)
    assert int(response.headers["content-length"]) == len(body)
    assert response.body == body
    assert response.headers["content-type"] == "text/javascript; charset=utf-8"
    assert response.headers["vary"] == "Accept-Encoding"
    assert response.headers["cache-control"] == IMMUTABLE


def test_each_coding_is_revalidated_by_a_separate_etag(site: Site) -> None:
    plain = site.get("/assets/index-1a2b.js")
    compressed = site.get("/assets/index-1a2b.js", Accept_Encoding="br")
    assert plain.headers["etag"] != compressed.headers["etag"]

    revalidated = site.get("/assets/index-1a2b.js", Accept_Encoding="br", If_None_Match=compressed.headers["etag"])
    mismatched = site.get("/assets/index-1a2b.js", Accept_Encoding="br", If_None_Match=plain.headers["etag"])

    assert (revalidated.status, revalidated.body) == (304, b"")
    assert (revalidated.headers["vary"], revalidated.headers["cache-control"]) == ("Accept-Encoding", IMMUTABLE)
    assert (mismatched.status, mismatched.body) == (200, BROTLI)


def test_range_request_returns_a_part_of_the_uncompressed_file(site: Site) -> None:
    response = site.get("/assets/index-1a2b.js", Accept_Encoding="br", Range="bytes=2-9")

    assert (response.status, response.body) == (206, SCRIPT[2:10])
    assert response.headers["content-range"] == f"bytes 2-9/{len(SCRIPT)}"
    assert "content-encoding" not in response.headers


def test_file_without_compressed_versions_is_sent_unchanged(site: Site) -> None:
    response = site.get("/assets/inter-3c4d.woff2", Accept_Encoding="br, gzip")

    assert (response.body, response.headers["content-type"]) == (b"wOF2", "font/woff2")
    assert response.headers["cache-control"] == IMMUTABLE
    assert "content-encoding" not in response.headers


@pytest.mark.parametrize("path", ["/", "/items/order-7", "/no/such/page"])
def test_page_paths_return_the_document(site: Site, path: str) -> None:
    response = site.get(path, Accept="text/html,application/xhtml+xml,*/*;q=0.8")

    assert (response.status, response.body) == (200, DOCUMENT)
    assert response.headers["cache-control"] == "no-cache"
    assert site.get(path, Accept="text/html", If_None_Match=response.headers["etag"]).status == 304


@pytest.mark.parametrize("path", ["/embed/order-7", "/embed/%C3%A9"])
def test_embed_paths_return_the_embed_document(site: Site, path: str) -> None:
    response = site.get(path, Accept="text/html,*/*;q=0.8")

    assert (response.status, response.body) == (200, EMBED)
    assert site.get(path, Accept="text/html", If_None_Match=response.headers["etag"]).status == 304


def test_embed_script_is_revalidated_by_its_etag(site: Site) -> None:
    response = site.get("/embed.js")
    assert (response.status, response.headers["cache-control"]) == (200, "no-cache")
    assert response.headers["content-type"].startswith("text/javascript")
    assert site.get("/embed.js", If_None_Match=response.headers["etag"]).status == 304


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/assets/gone-5e6f.js", 404),
        ("GET", "/../secret", 404),
        ("GET", "/" + "a" * 4000, 404),
        ("GET", "/%00", 404),
        ("POST", "/no/such/page", 404),
        ("POST", "/favicon.svg", 405),
        ("HEAD", "/favicon.svg", 200),
    ],
)
def test_other_paths_and_methods_get_the_expected_status(site: Site, method: str, path: str, status: int) -> None:
    assert site.get(path, method=method, Accept="*/*").status == status


def test_accepted_codings_are_limited_to_those_of_the_build() -> None:
    assert list(accepted_codings("zstd, deflate")) == []
    assert list(accepted_codings("GZIP ; q=1.0 , br; q=0.000")) == [("gzip", ".gz")]
