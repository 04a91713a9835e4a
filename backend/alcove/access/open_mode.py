"""Identify callers in open mode, where the server has no keys and every caller chooses a name (A2, W5)."""

import base64
import binascii
import ipaddress
from hashlib import sha256

from alcove.protocol import Person, Right

#: The rights of every caller on every item.
OPEN_RIGHTS: frozenset[Right] = frozenset({"read", "write"})
#: The name of a caller who gives none.
DEFAULT_NAME = "Guest"
#: The beginning of a login cookie of open mode.
_COOKIE_PREFIX = "open."
#: Maximum characters of a name (H2).
_MAX_NAME_CHARS = 64


def open_person(credential: str, name: str | None = None) -> Person:
    """Derive a person from a credential and a name; the id is a hash of both (A2).

    Args:
        credential: Any text. If it is a cookie made by `open_cookie`, it also provides the name.
        name: The name that the caller chooses; it takes precedence over the cookie's name. Without either name, the
            person gets `DEFAULT_NAME`.

    """
    name = name or open_name(credential) or DEFAULT_NAME
    id_ = sha256(f"{credential}\0{name}".encode(errors="surrogatepass")).hexdigest()[:16]
    return Person(id_, name)


def open_cookie(name: str, salt: str) -> str:
    """Build the value of the login cookie of open mode (W5).

    Args:
        name: The name that the caller chose; it is encoded as base64url.
        salt: Random text that gives two people with the same name different ids.

    """
    return f"{_COOKIE_PREFIX}{base64.urlsafe_b64encode(name.encode()).decode().rstrip('=')}.{salt}"


def open_name(cookie: str) -> str | None:
    """Decode the name in a login cookie of open mode; return None if `cookie` is not a login cookie of open mode."""
    if not cookie.startswith(_COOKIE_PREFIX) or cookie.count(".") != 2:
        return None
    name = cookie.split(".")[1]
    try:
        decoded = base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode()
    except (binascii.Error, ValueError):
        return None
    return decoded.replace("\0", "")[:_MAX_NAME_CHARS] or None


def is_loopback(host: str) -> bool:
    """Return whether `host` is `localhost` or a loopback address, which only this machine can reach."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
