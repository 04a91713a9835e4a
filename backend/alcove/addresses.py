"""Addresses among the settings: whether they are any, and how they are shown, for they may hold a password (A6)."""

import re
from urllib.parse import urlsplit


def check_address(url: str) -> str:
    """The address itself. Raises ValueError for what begins as one and is none."""
    try:
        # To look is to check: only so does urlsplit say that a port is no number.
        _ = urlsplit(url).port
    except ValueError:
        raise ValueError("expected an address, as scheme://host:port/path") from None
    if "://" in url and re.search(r"\s", url):
        raise ValueError("expected an address without spaces")
    return url


def shown(url: str) -> str:
    """The address without what only its reader needs to know: user, password and query."""
    address = url.partition("?")[0]
    scheme, slashes, rest = address.partition("//")
    if "@" in rest:
        address = f"{scheme}{slashes}***@{rest.rpartition('@')[2]}"
    return address if "?" not in url else f"{address}?***"
