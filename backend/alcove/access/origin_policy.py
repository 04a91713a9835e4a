"""Decide from which web pages a login cookie counts (A5)."""

from collections.abc import Iterable

from alcove.origins import Origin


class OriginPolicy:
    """Accepts cookies from the server's own pages and from configured origins."""

    def __init__(self, configured: Iterable[str] = ()) -> None:
        """Initialize the policy.

        Args:
            configured: Other origins whose pages may use the cookie, as in `https://app.example`.

        Raises:
            ValueError: One of them is not an origin.

        """
        self._configured = frozenset(Origin.parse(origin) for origin in configured)

    def allow(self, origin: str | None, host: str | None, *, secure: bool) -> bool:
        """Return whether a cookie counts for a request.

        Without `Origin` the request does not come from a script of another page. Over TLS, a page that was loaded
        without TLS is another origin, because an attacker on the network may have written it. The reverse is our own
        page, behind a proxy that does not forward the scheme.

        Args:
            origin: The header `Origin`: which page sends the request.
            host: The header `Host`: which server the browser believes it talks to.
            secure: Whether the request came over TLS.

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
