"""Parse and compare origins of web pages (A5; RFC 6454, section 5)."""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

#: Printable ASCII without `,` and `;`, which would begin another policy or directive (CSP, section 2.2).
_SOURCES = re.compile(r"[!-+\--:<-~ ]+")
#: Scheme → the port that an origin without a port has.
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class Origin(NamedTuple):
    """The origin of a web page: scheme, host and port in normal form, so that equal origins compare equal."""

    scheme: str
    host: str
    #: None for a scheme without a default port, as in `capacitor://localhost`.
    port: int | None

    @classmethod
    def parse(cls, text: str) -> "Origin":
        """Parse `scheme://host` or `scheme://host:port`; a missing port becomes the scheme's default.

        Raises:
            ValueError: The text does not have this form, such as `null` or a URL with a path.

        """
        parts = urlsplit(text)
        scheme, host = parts.scheme.lower(), (parts.hostname or "").rstrip(".")
        if not host or parts.path or "?" in text or "#" in text or "@" in parts.netloc or not text.isascii():
            raise ValueError(f"expected an origin, as https://app.example, got {text!r}")
        if not all(char.isalnum() or char in ".-_:" for char in host):
            raise ValueError(f"expected a host name, got {host!r}")
        return cls(scheme, host, parts.port or _DEFAULT_PORTS.get(scheme))

    def __str__(self) -> str:
        """Format the origin as browsers send it: without the scheme's default port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _DEFAULT_PORTS.get(self.scheme) else f":{self.port}"
        return f"{self.scheme}://{host}{port}"


def check_frame_ancestors(sources: str) -> str:
    """Return the sources of CSP `frame-ancestors` unchanged, if they contain only characters of sources.

    Raises:
        ValueError: They contain another character, such as a comma, or are empty.

    """
    if not _SOURCES.fullmatch(sources):
        raise ValueError(
            "expected origins separated by spaces, as https://app.example https://*.example, or 'none'"
            " (CSP `frame-ancestors`)"
        )
    return sources
