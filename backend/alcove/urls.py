"""Check the addresses in settings, and remove passwords from them for messages and logs (A6)."""

import re
from urllib.parse import unquote_to_bytes, urlsplit

#: Schemes whose addresses may have several hosts: `postgresql://one:5432,two:5432/database`.
_MULTI_HOST_SCHEMES = {"postgresql", "postgres"}
#: Schemes that require `://`: `redis:db` would be an address without a host, and would lead to this machine.
_HOST_SCHEMES = {*_MULTI_HOST_SCHEMES, "redis", "rediss", "http", "https"}
_EXPECTED = "expected an address, such as scheme://host:port/path"
_SQLITE = "sqlite:///"


def check_url(url: str) -> str:
    """Check that an address can be parsed, with a valid port, and return it unchanged.

    Raises:
        ValueError: The address cannot be parsed, has an invalid port, lacks `://`, or contains spaces.

    """
    try:
        parts = urlsplit(url)
        user, at, hosts = parts.netloc.rpartition("@")
        for host in hosts.split(",") if parts.scheme in _MULTI_HOST_SCHEMES else [hosts]:
            # urlsplit checks the port only when it is read.
            _ = urlsplit(f"{parts.scheme}://{user}{at}{host}").port
    except ValueError:
        raise ValueError(_EXPECTED) from None
    if parts.scheme in _HOST_SCHEMES and "://" not in url:
        raise ValueError(_EXPECTED)
    if "://" in url and re.search(r"\s", url):
        raise ValueError("expected an address without spaces")
    return url


def sqlite_path(url: str) -> str | None:
    """Return the path in `sqlite:///path`, character for character; None for an address with another scheme.

    Raises:
        ValueError: The address names no file, or has a form that is probably a mistake, such as parameters.

    """
    if not url.lower().startswith("sqlite:"):
        return None
    path = url[len(_SQLITE) :]
    if not url.startswith(_SQLITE) or not path:
        raise ValueError("expected sqlite:///relative/path or sqlite:////absolute/path")
    if path.startswith(":memory:"):
        raise ValueError("expected a file: a log in memory would be lost with the process")
    if "?" in path or "\0" in path:
        raise ValueError("expected a path without parameters")
    if unquote_to_bytes(path) != path.encode():
        raise ValueError("expected the path as it is, not percent-encoded")
    if path.endswith(("/", "/.", "/..")):
        raise ValueError("expected a file, not a folder")
    return path


def redact_url(url: str) -> str:
    """Replace user, password and query of an address by `***`, for messages and logs (A6).

    If an `@` follows a `?`, both may be part of a password that is not percent-encoded: only the scheme is kept then.
    """
    scheme, separator, rest = url.partition("://") if "://" in url else ("", "", url)
    address, has_query, query = rest.partition("?")
    if "@" in query:
        return f"{scheme}{separator}***"
    user, _, location = address.rpartition("@")
    # An address without a scheme is a path with an `@`, unless it contains what looks like a password.
    if user and (separator or ":" in user):
        address = f"***@{location}"
    return f"{scheme}{separator}{address}{'?***' if has_query else ''}"


def url_location(url: str) -> str:
    """Return scheme, hosts and path of an address, without user, password and query (A6)."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def split_commas(text: str) -> list[str]:
    """Split a text at commas, strip spaces, and drop empty parts."""
    return [part.strip() for part in text.split(",") if part.strip()]
