"""Check the path below which browsers reach Alcove, and remove it from the path of a request (B1)."""

import re
from urllib.parse import quote

#: The first segments of Alcove's own paths. Below one of them, a request whose prefix a proxy has removed looks like
#: one that still has its prefix.
OWN_SEGMENTS = frozenset(
    {
        *("api", "assets", "embed", "items", "ws"),
        *("asyncapi.json", "embed.html", "embed.js", "favicon.svg", "index.html", "openapi.json", "sw.js"),
        *("healthz", "metrics", "readyz"),
    }
)
#: One or more segments, each with a slash before it.
_FORM = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
_MAX_CHARS = 200
#: Characters that need no encoding in a URL, an attribute of HTML, or the `Path` of a cookie.
_SAFE = "/:@-._~!$*+="


def check_base_path(path: str) -> str:
    """Return `path` unchanged if it can be a base path, or is empty, which means that there is no base path.

    Raises:
        ValueError: The path does not have this form, or is one of Alcove's own paths.

    """
    if not path:
        return path
    segments = path.split("/")
    if len(path) > _MAX_CHARS or not _FORM.fullmatch(path) or {".", ".."} & set(segments):
        raise ValueError(
            "expected a path such as /chat or /apps/chat, of letters, digits and - . _ ~,"
            f" with a slash before each part and none at the end, up to {_MAX_CHARS} characters;"
            " leave it empty where Alcove has the host for itself"
        )
    if segments[1] in OWN_SEGMENTS:
        raise ValueError(f"expected another first part than {segments[1]}: /{segments[1]} is a path of Alcove itself")
    return path


def without_prefix(path: str, prefix: str) -> str:
    """Return the part of `path` below the prefix; it begins with a slash. A path that is not below it is unchanged.

    The prefix matches with or without the slash at its end.
    """
    for start in (prefix, prefix.rstrip("/")):
        if start and f"{path}/".startswith(f"{start}/"):
            return path[len(start) :] or "/"
    return path


def split_path(path: str, root_path: str, base_path: str) -> tuple[str, str]:
    """Return the prefix below which browsers reach the server, and the path below that.

    A proxy removes the prefix or passes it on. A server that is configured with the prefix puts it before the path
    (uvicorn) or does not (hypercorn). `root_path` and then the prefix are removed if they are there. A path that is
    equal to the prefix may also be a path below it whose prefix was removed, such as the page `/chat/chat`. Both are
    addresses of the page.

    Args:
        path: The path of the request.
        root_path: The prefix that the server was configured with (ASGI).
        base_path: The setting; if it is not empty, it is the prefix.

    """
    prefix = base_path or root_path.rstrip("/")
    return prefix, without_prefix(without_prefix(path, root_path), prefix)


def url_path(prefix: str) -> str:
    """Encode a prefix for a URL, an attribute of HTML, or the `Path` of a cookie."""
    return quote(prefix, safe=_SAFE)
