"""Send webhooks over HTTP, with respect for the receiver (K1, K3): bounded in time and bytes, without redirects."""

import asyncio
from hashlib import sha256
from typing import TYPE_CHECKING, Self

from alcove.errors import SettingsError
from alcove.urls import redact_url
from alcove.version import VERSION
from alcove.webhooks.signature import Signer, utc_now
from alcove.webhooks.targets import Delivered, Failed, Gone, Outcome

if TYPE_CHECKING:
    import httpx

#: Bytes of a response that are read, so that its connection can be used again; a longer one ends the connection.
_RESPONSE_BYTES = 16 * 1024
#: Seconds that an idle connection is kept.
_KEEP_ALIVE_S = 30
_GONE = 410


class Endpoint:
    """The address of the application that takes webhooks."""

    def __init__(self, url: str, secrets: str, *, timeout_s: float, connections: int) -> None:
        """Create an endpoint without connecting.

        Args:
            url: The address. The operator chose it, so it may be in a private network, as that of a key set may.
            secrets: ALCOVE_WEBHOOK_SECRET.
            timeout_s: Seconds that one request may take.
            connections: Connections at most.

        Raises:
            SettingsError: A secret has another form, or httpx is not installed.

        """
        try:
            import httpx  # noqa: PLC0415 - an optional extra
        except ModuleNotFoundError:
            raise SettingsError(
                "ALCOVE_WEBHOOK_URL needs httpx, which is not installed: install alcove[webhooks]"
            ) from None
        self._url = url
        self._signer = Signer(secrets)
        self._timeout_s = timeout_s
        limits = httpx.Limits(
            max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=_KEEP_ALIVE_S
        )
        self._http = httpx.AsyncClient(
            timeout=timeout_s,
            follow_redirects=False,
            limits=limits,
            headers={"user-agent": f"Alcove/{VERSION}", "content-type": "application/json"},
        )

    def __repr__(self) -> str:
        return f"<Endpoint {redact_url(self._url)!r}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    @property
    def digest(self) -> str:
        """Identifies the address, without showing it."""
        return sha256(self._url.encode()).hexdigest()[:16]

    async def post(self, id: str, body: bytes) -> Outcome:
        """Send one webhook; any response other than 2xx and 410 is a failure."""
        import httpx  # noqa: PLC0415 - an optional extra

        try:
            async with asyncio.timeout(self._timeout_s):
                headers = self._signer.headers(id, body, utc_now())
                async with self._http.stream("POST", self._url, content=body, headers=headers) as response:
                    await _read(response)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return Failed(type(error).__name__, unreachable=True)
        except (TimeoutError, httpx.TimeoutException):
            return Failed("timeout")
        except httpx.HTTPError as error:
            return Failed(type(error).__name__)
        if response.is_success:
            return Delivered()
        if response.status_code == _GONE:
            return Gone()
        wait = response.headers.get("retry-after", "")
        return Failed(f"HTTP {response.status_code}", wait_ms=int(wait) * 1000 if wait.isdecimal() else 0)


async def _read(response: "httpx.Response") -> None:
    """Read a response up to a bound. Its content does not count."""
    size = 0
    async for part in response.aiter_raw():
        size += len(part)
        if size > _RESPONSE_BYTES:
            return
