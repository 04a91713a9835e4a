"""Open mode: the server has no keys and accepts every caller under the name that they give (A2, W5)."""

import base64
import binascii
import ipaddress
from hashlib import sha256

from alcove.protocol import Person, Right

OPEN_RIGHTS: frozenset[Right] = frozenset({"read", "write"})
#: The name of a caller who gives none.
DEFAULT_NAME = "Guest"
_COOKIE_PREFIX = "open."
#: Characters of a name at most (H2).
_NAME_CHARS = 64


def open_person(credential: str, name: str | None = None) -> Person:
    """Return the person of a caller in open mode; the id is a hash of credential and name (A2).

    Args:
        credential: Any text; a cookie of `open_cookie` also gives the name.
        name: The name that the caller asks for; it wins over the cookie's.

    """
    name = name or open_name(credential) or DEFAULT_NAME
    id_ = sha256(f"{credential}\0{name}".encode(errors="surrogatepass")).hexdigest()[:16]
    return Person(id_, name)


def open_cookie(name: str, salt: str) -> str:
    """Return the login cookie of open mode: a name, and a salt that keeps two people of one name apart (W5)."""
    return f"{_COOKIE_PREFIX}{base64.urlsafe_b64encode(name.encode()).decode().rstrip('=')}.{salt}"


def open_name(cookie: str) -> str | None:
    """Return the name in a login cookie of open mode; None if the text is another credential."""
    if not cookie.startswith(_COOKIE_PREFIX) or cookie.count(".") != 2:
        return None
    name = cookie.split(".")[1]
    try:
        decoded = base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode()
    except (binascii.Error, ValueError):
        return None
    return decoded.replace("\0", "")[:_NAME_CHARS] or None


def is_loopback(host: str) -> bool:
    """Return whether an address or host name is reached from this machine only."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
