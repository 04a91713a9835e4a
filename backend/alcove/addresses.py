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
