"""Serve the built page: its files, and its HTML document at every other path that a browser navigates to."""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from mimetypes import guess_type
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Match
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Receive, Scope, Send

from alcove.api.base_path import route_path, url_prefix

#: The HTML document of the page.
_DOCUMENT = "index.html"
#: The document of `/embed/{item}`, which other sites show in a frame.
_EMBED_DOCUMENT = "embed.html"
_EMBED = "embed/"
_API = "/api/"
#: Content codings in the order of preference, and the suffixes of the files that the build compressed with them.
_CODINGS = (("br", ".br"), ("gzip", ".gz"))
#: An address in a document that begins at the root of the host. One such address is the content of the `meta` element
#: `alcove-base`, from which the page reads its prefix.
_ADDRESS = re.compile(r'(\b(?:src|href|content)=")/(?!/)')


class PageFiles(StaticFiles):
    """Serves the files of a folder, compressed if the build made a compressed copy and the client accepts its coding.

    Starlette's middleware would compress at every request, and give all codings of a file the same `ETag`. A compressed
    copy has its own `ETag`. The response to a range request is a part of the uncompressed file.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file at the path; if there is none and a browser navigates, return the HTML document.

        Raises:
            HTTPException: 404 if there is no file and no browser navigates; 405 if the file exists and the
                method is neither GET nor HEAD.

        """
        full_path, status = await run_in_threadpool(self._look_up, path)
        if status is not None:
            if scope["method"] not in {"GET", "HEAD"}:
                raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        elif scope["method"] in {"GET", "HEAD"} and _is_navigation(Headers(scope=scope)):
            document = _EMBED_DOCUMENT if path.startswith(_EMBED) else _DOCUMENT
            full_path, status = await run_in_threadpool(self._look_up, document)
        if status is None:
            raise HTTPException(404)
        return await run_in_threadpool(self.file_response, full_path, status, scope)

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Create the response with a file, in the preferred coding that the client accepts and that the build made.

        Reads the disk, so call it in a thread.
        """
        request_headers = Headers(scope=scope)
        kind = guess_type(full_path)[0] or "application/octet-stream"
        if kind == "text/html" and (prefix := url_prefix(scope)):
            return self._document_below(prefix, Path(full_path), request_headers)
        headers = {"vary": "Accept-Encoding"}
        if "range" not in request_headers:
            for coding, suffix in accepted_codings(request_headers.get("accept-encoding", "")):
                compressed = Path(f"{os.fspath(full_path)}{suffix}")
                with suppress(OSError):
                    full_path, stat_result = compressed, compressed.stat()
                    headers["content-encoding"] = coding
                    break
        response = FileResponse(full_path, status_code, headers, media_type=kind, stat_result=stat_result)
        if self.is_not_modified(response.headers, request_headers):
            return NotModifiedResponse(response.headers)
        return response

    def _document_below(self, prefix: str, file: Path, request_headers: Headers) -> Response:
        """Return a document with the prefix in its addresses (B1), uncompressed, because the copies have no prefix."""
        body = _ADDRESS.sub(rf"\g<1>{prefix}/", file.read_text(encoding="utf-8")).encode()
        response = Response(body, headers={"etag": f'"{sha256(body).hexdigest()[:32]}"'}, media_type="text/html")
        if self.is_not_modified(response.headers, request_headers):
            return NotModifiedResponse(response.headers)
        return response

    def _look_up(self, path: str) -> tuple[str, os.stat_result | None]:
        """Return the full path and the status of a file; of a folder, those of its `index.html`.

        The status is None if there is no such file.
        """
        try:
            full_path, status = self.lookup_path(path)
            if status is not None and stat.S_ISDIR(status.st_mode):
                full_path, status = self.lookup_path(f"{path}/{_DOCUMENT}")
        except (OSError, ValueError):  # the name is too long or has a null byte, so there is no such file
            return "", None
        return full_path, status if status is not None and stat.S_ISREG(status.st_mode) else None


class PageRoute(BaseRoute):
    """A route to the page for every path outside the API.

    It must be the last route, so that others can answer 405 first.
    """

    def __init__(self, folder: Path, only: tuple[str, ...] | None = None) -> None:
        """Serve the files of a folder.

        Args:
            folder: The folder with the built page.
            only: The texts with which the served paths begin; None: all paths are served.

        """
        self._files = PageFiles(directory=folder)
        self._only = only

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match every path that is served: fully for GET and HEAD, partially for other methods (405).

        A path below `/api/` never matches: a missing method of the API is answered with 405, not with the page.
        """
        if scope["type"] != "http":
            return Match.NONE, {}
        path = route_path(scope)
        if f"{path}/".startswith(_API):
            return Match.NONE, {}
        if self._only is not None and not path.startswith(self._only):
            return Match.NONE, {}
        return Match.FULL if scope["method"] in {"GET", "HEAD"} else Match.PARTIAL, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond with a file or the HTML document (ASGI)."""
        await self._files(scope, receive, send)


def accepted_codings(accept: str) -> Iterator[tuple[str, str]]:
    """Yield the codings that `Accept-Encoding` allows, in the server's order of preference (RFC 9110, section 12.5.3).

    A weight of the client counts only if it is 0, which excludes the coding.

    Args:
        accept: The value of the header.

    Yields:
        Pairs: a coding, and the suffix of the files that the build compressed with it.

    """
    allowed: dict[str, bool] = {}
    for part in accept.lower().split(","):
        name, _, parameter = part.partition(";")
        weight = parameter.replace(" ", "").removeprefix("q=") or "1"
        allowed[name.strip()] = weight.strip("0.") != ""
    for coding, suffix in _CODINGS:
        if allowed.get(coding, allowed.get("*", False)):
            yield coding, suffix


def _is_navigation(headers: Headers) -> bool:
    """Return whether a browser navigates, judged by `Accept`: it requests a document, not a script or a picture."""
    return "text/html" in headers.get("accept", "")
