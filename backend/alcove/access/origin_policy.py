"""Decide by the origin of the page that sent a request whether a login cookie may authenticate it (A5)."""

from collections.abc import Iterable

from alcove.origins import Origin


class OriginPolicy:
    """Accepts login cookies in requests from the server's own pages and from configured origins."""

    def __init__(self, configured: Iterable[str] = ()) -> None:
        """Parse the configured origins.

        Args:
            configured: Origins besides the server's own whose pages may use the cookie, such as `https://app.example`.

        Raises:
            ValueError: A text in `configured` is not an origin.

        """
        self._configured = frozenset(Origin.parse(origin) for origin in configured)

    def allows_cookie(self, origin: str | None, host: str | None, *, secure: bool) -> bool:
        """Return whether a cookie may authenticate a request.

        A request without `Origin` does not come from a script of another origin's page. If the request came over TLS, a
        page that was loaded without TLS counts as another origin, because an attacker on the network may have changed
        it. A page loaded over TLS may send a request without TLS: a proxy may end TLS and not forward the scheme.

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
