"""Addresses among the settings: whether they are any, and how they are shown, for they may hold a password (A6)."""

import re
from urllib.parse import unquote_to_bytes, urlsplit

#: Schemes whose addresses may list hosts: `postgresql://one:5432,two:5432/database`.
_LISTING = {"postgresql", "postgres"}


def check_address(url: str) -> str:
    """The address itself. Raises ValueError for what begins as one and is none."""
    try:
        parts = urlsplit(url)
        user, at, hosts = parts.netloc.rpartition("@")
        for host in hosts.split(",") if parts.scheme in _LISTING else [hosts]:
            # To look is to check: only so does urlsplit say that a port is no number.
            _ = urlsplit(f"{parts.scheme}://{user}{at}{host}").port
    except ValueError:
        raise ValueError("expected an address, as scheme://host:port/path") from None
    if "://" in url and re.search(r"\s", url):
        raise ValueError("expected an address without spaces")
    return url


_SQLITE = "sqlite:///"


def sqlite_path(url: str) -> str | None:
    """Return the path that `sqlite:///path` names, character for character; None for an address of another kind.

    Raises:
        ValueError: the address names no file, or likely another file than was meant.

    """
    if not url.lower().startswith("sqlite:"):
        return None
    path = url[len(_SQLITE) :]
    if not url.startswith(_SQLITE) or not path:
        raise ValueError("expected sqlite:///relative/path or sqlite:////absolute/path")
    if path.startswith(":memory:"):
        raise ValueError("expected a file: a log in memory would be lost with the process")
    if "?" in path or "\0" in path:
        raise ValueError("expected a path and nothing behind it: parameters do not count here")
    if unquote_to_bytes(path) != path.encode():
        raise ValueError("expected the path as it is, not percent-encoded")
    if path.endswith(("/", "/.", "/..")):
        raise ValueError("expected a file, not a folder")
    return path


def shown(url: str) -> str:
    """Return the address without user, password and query, for messages and logs (A6).

    Where an `@` follows a `?`, either may belong to a password that is not quoted: then only the scheme is shown.
    """
    scheme, separator, rest = url.partition("://") if "://" in url else ("", "", url)
    address, has_query, query = rest.partition("?")
    if "@" in query:
        return f"{scheme}{separator}***"
    user, _, place = address.rpartition("@")
    # Without a scheme it is a path, unless something in it looks like a password.
    if user and (separator or ":" in user):
        address = f"***@{place}"
    return f"{scheme}{separator}{address}{'?***' if has_query else ''}"


def place(url: str) -> str:
    """Return the scheme, hosts and path of an address, for messages and logs; no user, password or query (A6)."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
