"""Origins of web pages: how they are compared (A5; RFC 6454, section 5)."""

from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class Origin(NamedTuple):
    """Scheme, host and port, in the one form in which two equal origins are equal."""

    scheme: str
    host: str
    #: None for a scheme without a default port, as in `capacitor://localhost`.
    port: int | None

    @classmethod
    def parse(cls, text: str) -> "Origin":
        """Read `scheme://host` or `scheme://host:port`. Raises ValueError for anything else, such as `null`."""
        parts = urlsplit(text)
        scheme, host = parts.scheme.lower(), (parts.hostname or "").rstrip(".")
        if not host or parts.path or "?" in text or "#" in text or "@" in parts.netloc or not text.isascii():
            raise ValueError(f"expected an origin, as https://app.example, got {text!r}")
        if not all(char.isalnum() or char in ".-_:" for char in host):
            raise ValueError(f"expected a host name, got {host!r}")
        return cls(scheme, host, parts.port or _DEFAULT_PORTS.get(scheme))

    def __str__(self) -> str:
        """Return the origin as browsers send it: without a default port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _DEFAULT_PORTS.get(self.scheme) else f":{self.port}"
        return f"{self.scheme}://{host}{port}"


class Origins:
    """Knows which pages are the server's own, and which others are configured."""

    def __init__(self, configured: Iterable[str] = ()) -> None:
        """Raises ValueError for what is no origin."""
        self._configured = frozenset(Origin.parse(origin) for origin in configured)

    def allow(self, origin: str | None, host: str | None, *, secure: bool) -> bool:
        """Return whether a cookie counts for a page of `origin` at a server that is called `host` (the header).

        No `Origin` means no browser. Over TLS (`secure`) a page that came without it is another origin, because an
        attacker on the network may have written it. The other way round it is our own page, behind a proxy that
        does not forward the scheme.
        """
        if origin is None:
            return True
        try:
            page = Origin.parse(origin)
        except ValueError:
            return False
        if page in self._configured:
            return True
        if not host or page.scheme not in ({"https"} if secure else {"http", "https"}):
            return False
        try:
            return page == Origin.parse(f"{page.scheme}://{host}")
        except ValueError:
            return False
