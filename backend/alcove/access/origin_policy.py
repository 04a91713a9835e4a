"""Decide whether a login cookie may authenticate a request, by the page that sent the request (A5)."""

from collections.abc import Iterable

from alcove.origins import Origin


class OriginPolicy:
    """Accepts login cookies in requests from the server's own pages and from configured origins."""

    def __init__(self, configured: Iterable[str] = ()) -> None:
        """Parse the configured origins.

        Args:
            configured: Other origins whose pages may use the cookie, such as `https://app.example`.

        Raises:
            ValueError: One of them is not an origin.

        """
        self._configured = frozenset(Origin.parse(origin) for origin in configured)

    def allow(self, origin: str | None, host: str | None, *, secure: bool) -> bool:
        """Return whether a cookie may authenticate a request.

        A request without `Origin` does not come from a script of another page. Over TLS, a page loaded without TLS
        counts as another origin, because an attacker on the network may have written it. The reverse is allowed: our
        own page behind a proxy that ends TLS and does not forward the scheme.

        Args:
            origin: The header `Origin`: the page that sends the request; None if absent.
            host: The header `Host`: the server that the browser addresses; None if absent.
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
